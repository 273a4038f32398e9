// A connection by Deno's own means: TLS, and every system but Linux. Times are those at which this process has the bytes.
import { messageOf, type Rest, type Socket, type Take } from "./socket.ts";

const READ_BYTES = 16 * 1024;

export class DenoSocket implements Socket {
  readonly #conn: Deno.Conn;
  readonly #buffer = new Uint8Array(READ_BYTES);
  #open = true;
  #waiting: Uint8Array[] = [];
  #broken: string | null = null;
  #writing: Promise<void> | null = null;

  /** `conn` is this socket's from now on. */
  constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  /** The system has the bytes when this returns, if it takes them at once. */
  send(bytes: Uint8Array): void {
    if (this.#broken !== null) return;
    this.#waiting.push(bytes);
    this.#writing ??= this.#writeAll();
  }

  get broken(): boolean {
    return this.#broken !== null;
  }

  async flush(): Promise<string | null> {
    await this.#writing;
    return this.#broken;
  }

  async receive(take: Take): Promise<Rest> {
    for (;;) {
      let count: number | null;
      try {
        count = await this.#conn.read(this.#buffer);
      } catch (error) {
        return { broken: messageOf(error) };
      }
      const at = performance.now();
      if (count === null) return "closed";
      if (!take(this.#buffer.subarray(0, count), at)) return "enough";
    }
  }

  [Symbol.dispose](): void {
    if (this.#open) this.#conn.close();
    this.#open = false;
  }

  async #writeAll(): Promise<void> {
    try {
      for (let bytes = this.#waiting.shift(); bytes !== undefined; bytes = this.#waiting.shift()) {
        while (bytes.length > 0) bytes = bytes.subarray(await this.#conn.write(bytes));
      }
    } catch (error) {
      this.#broken = messageOf(error);
      this.#waiting = [];
    }
    this.#writing = null;
  }
}
