// PURE. Text that comes in pieces, cut into lines; of a line that is too long only the beginning is told.

/** No program prints a longer line that is meant to be read. */
const LONGEST = 64 * 1024;

export class LineSplitter {
  #parts: string[] = [];
  #length = 0;

  /** `longest`: characters of a line; what goes beyond is left out. */
  constructor(readonly longest: number = LONGEST) {}

  /** The lines that this piece ends, without their line breaks. */
  push(text: string): string[] {
    const lines: string[] = [];
    let from = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
      this.#keep(text, from, end);
      lines.push(this.#take());
      from = end + 1;
    }
    this.#keep(text, from, text.length);
    return lines;
  }

  /** What follows the last line break; null when nothing does. */
  rest(): string | null {
    return this.#length === 0 ? null : this.#take();
  }

  #keep(text: string, from: number, to: number): void {
    const part = text.slice(from, Math.min(to, from + this.longest - this.#length));
    if (part === "") return;
    this.#parts.push(part);
    this.#length += part.length;
  }

  #take(): string {
    const line = this.#parts.join("").replace(/\r$/, "");
    this.#parts = [];
    this.#length = 0;
    return line.toWellFormed();
  }
}
