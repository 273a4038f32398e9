// A new file that is written line by line, many lines at once.
import { writeAll } from "./files.ts";

const HELD_BYTES = 2 ** 20;
const LF = Uint8Array.of(0x0a);

export class LineWriter implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #held = new Uint8Array(HELD_BYTES);
  #size = 0;

  /** What was at `path` is replaced. */
  constructor(path: string) {
    this.#file = Deno.openSync(path, { write: true, create: true, truncate: true });
  }

  /** Without `complete` the line is left without its line break. */
  add(line: Uint8Array, complete = true): void {
    this.#hold(line);
    if (complete) this.#hold(LF);
  }

  /** Brings what is still held into the file. */
  end(): void {
    writeAll(this.#file, this.#held.subarray(0, this.#size));
    this.#size = 0;
  }

  #hold(bytes: Uint8Array): void {
    if (this.#size + bytes.length > HELD_BYTES) this.end();
    if (bytes.length > HELD_BYTES) return writeAll(this.#file, bytes);
    this.#held.set(bytes, this.#size);
    this.#size += bytes.length;
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}
