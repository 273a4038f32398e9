// Writes to one connection in order. While a write is under way, what comes next waits and goes out as one.

export class Outbox {
  readonly #conn: Deno.Conn;
  #busy = false;
  #waiting: Uint8Array[] = [];
  #broken = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  /** True when the other side has gone; what is sent then is dropped. */
  get broken(): boolean {
    return this.#broken;
  }

  /** Hands the bytes to the system at once when it takes them. */
  send(bytes: Uint8Array): void {
    if (this.#broken) return;
    if (this.#busy) this.#waiting.push(bytes);
    else this.#write(bytes);
  }

  #write(bytes: Uint8Array): void {
    this.#busy = true;
    this.#writing = this.#conn.write(bytes).then((written) => {
      this.#busy = false;
      if (written < bytes.length) this.#waiting.unshift(bytes.subarray(written));
      if (this.#waiting.length > 0) this.#write(joined(this.#waiting.splice(0)));
    }, () => {
      this.#broken = true;
      this.#waiting = [];
    });
  }

  /** Resolves when everything has been written, or the other side has gone. */
  async flush(): Promise<void> {
    while (this.#busy && !this.#broken) await this.#writing;
  }
}

/** The parts as one piece; a single one as it is. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
