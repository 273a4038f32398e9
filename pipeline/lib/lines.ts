// A text file line by line, at any size, with what a cut-off last line needs to be known. What is no text, or too long, is told by line.

export interface FileLine {
  /** From 1. */
  readonly number: number;
  /** Empty where there is a fault. */
  readonly text: string;
  /** False for a last line that no line break ends. */
  readonly complete: boolean;
  /** Why the line cannot be read; null when it can. */
  readonly fault: string | null;
}

export interface RawLine extends Pick<FileLine, "number" | "complete"> {
  /** Without the line break; null for a line longer than LONGEST_LINE_BYTES. */
  readonly bytes: Uint8Array | null;
}

/** Bytes. The chunk times of the longest answer take 1.5 MB. */
export const LONGEST_LINE_BYTES = 4 * 2 ** 20;
const TOO_LONG = `it is longer than ${LONGEST_LINE_BYTES / 2 ** 20} MiB`;
/** Stands in a copy for a line that is. */
export const STUMP = `(a line of more than ${LONGEST_LINE_BYTES / 2 ** 20} MiB)`;
const READ_BYTES = 2 ** 18;
const LF = 0x0a;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The lines of a UTF-8 file, without LF or CRLF and without a byte order mark. */
export async function* fileLines(path: string): AsyncGenerator<FileLine> {
  let number = 0;
  for await (const block of blocks(path)) {
    for (const { text, fault } of textsOf(block)) {
      number += 1;
      const plain = number === 1 ? text.replace(/^\uFEFF/, "") : text;
      yield { number, text: plain.replace(/\r$/, ""), complete: block.complete, fault };
    }
  }
}

/** The same lines as bytes, as they stand in the file. */
export async function* rawLines(path: string): AsyncGenerator<RawLine> {
  let number = 0;
  for await (const { bytes, complete } of blocks(path)) {
    for (const line of bytes === null ? [null] : linesIn(bytes)) {
      yield { number: ++number, bytes: line, complete };
    }
  }
}

/** Whole lines, many at once, the line break of the last one left out; `bytes` is null for one that is too long to be held. */
interface Block {
  readonly bytes: Uint8Array | null;
  readonly complete: boolean;
}

async function* blocks(path: string): AsyncGenerator<Block> {
  using file = await Deno.open(path);
  const held = new HeldLine();
  for (;;) {
    const buffer = new Uint8Array(READ_BYTES);
    const count = await file.read(buffer);
    if (count === null) break;
    const read = buffer.subarray(0, count);
    const first = read.indexOf(LF);
    if (first === -1) {
      held.add(read);
      continue;
    }
    held.add(read.subarray(0, first));
    yield { bytes: held.take(), complete: true };
    const last = read.lastIndexOf(LF);
    if (last > first) yield { bytes: read.subarray(first + 1, last), complete: true };
    held.add(read.subarray(last + 1));
  }
  if (held.size > 0) yield { bytes: held.take(), complete: false };
}

/** The line that is being read, until its end has come. */
class HeldLine {
  #parts: Uint8Array[] = [];
  size = 0;

  /** What is beyond the longest line is not kept. */
  add(part: Uint8Array): void {
    this.size += part.length;
    if (this.size > LONGEST_LINE_BYTES) this.#parts = [];
    else if (part.length > 0) this.#parts.push(part);
  }

  take(): Uint8Array | null {
    const [first, ...others] = this.#parts;
    const bytes = this.size > LONGEST_LINE_BYTES
      ? null
      : others.length === 0
      ? first
      : joined(this.#parts, this.size);
    this.#parts = [];
    this.size = 0;
    return bytes === undefined ? new Uint8Array() : bytes;
  }
}

function joined(parts: readonly Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let end = 0;
  for (const part of parts) {
    bytes.set(part, end);
    end += part.length;
  }
  return bytes;
}

/** The lines of a block; decoded at once, or one by one when one of them is no UTF-8. */
function textsOf({ bytes }: Block): Pick<FileLine, "text" | "fault">[] {
  if (bytes === null) return [{ text: "", fault: TOO_LONG }];
  const text = decoded(bytes);
  if (text !== null) return text.split("\n").map(lineOf);
  return linesIn(bytes).map((line) => {
    const words = decoded(line);
    return words === null ? { text: "", fault: "it is not UTF-8" } : lineOf(words);
  });
}

function lineOf(text: string): Pick<FileLine, "text" | "fault"> {
  return text === STUMP ? { text: "", fault: TOO_LONG } : { text, fault: null };
}

function linesIn(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  let start = 0;
  for (let end = bytes.indexOf(LF); end !== -1; end = bytes.indexOf(LF, start)) {
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  lines.push(bytes.subarray(start));
  return lines;
}

/** Null when the bytes are no UTF-8. */
function decoded(bytes: Uint8Array): string | null {
  try {
    return UTF8.decode(bytes);
  } catch {
    return null;
  }
}
