// A file of lines that never grows beyond its bound: a line that does not fit ends it.

export class BoundedFile implements Disposable {
  readonly #file: Deno.FsFile;
  #left: number;
  #full = false;

  /** Begins the file anew. */
  constructor(path: string, readonly most_bytes: number) {
    this.#file = Deno.openSync(path, { write: true, create: true, truncate: true });
    this.#left = most_bytes;
  }

  /** Bytes that may still be written; none once a line did not fit. */
  get left(): number {
    return this.#full ? 0 : this.#left;
  }

  /** Writes whole lines, which are in the file when this returns; false when they do not fit, and nothing will any more. */
  write(lines: string): boolean {
    const bytes = new TextEncoder().encode(lines);
    this.#full ||= bytes.length > this.#left;
    if (this.#full) return false;
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(this.#file.writeSync(rest));
    this.#left -= bytes.length;
    return true;
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}
