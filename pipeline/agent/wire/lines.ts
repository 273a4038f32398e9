// Bytes to lines, whatever the cuts: inside a character, between CR and LF, before the last line break.
import { Bytes } from "../bytes.ts";
import { Failure } from "../failure.ts";

export interface LineReader {
  push(bytes: Uint8Array): string[];
  /** The last line when no line break ended it. */
  end(): string[];
  /** True when nothing of what came is held back. */
  isEmpty(): boolean;
}

/** The longest line that is read, bytes. */
export const MOST_LINE_BYTES = 8 * 1024 * 1024;

const [LF, CR] = [10, 13];
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A reader for one stream of UTF-8 lines that end in LF, CR LF or CR. A Failure of class in_stream refuses a longer line. */
export function lineReader(): LineReader {
  const held = new Bytes();
  const breaks = new LineBreaks();
  let atStart = true;
  const cut = (bytes: Uint8Array): string[] => {
    const lines = decoder.decode(bytes).split("\n");
    if (atStart && lines[0]?.startsWith("\uFEFF")) lines[0] = lines[0].slice(1);
    atStart = false;
    return lines;
  };
  const hold = (bytes: Uint8Array) => {
    if (held.length + bytes.length > MOST_LINE_BYTES) {
      throw new Failure(
        "in_stream",
        `a line of the answer is longer than ${MOST_LINE_BYTES / 1024 / 1024} MiB`,
      );
    }
    held.append(bytes);
  };
  return {
    push(piece) {
      const bytes = breaks.unified(piece);
      const last = bytes.lastIndexOf(LF);
      if (last < 0) {
        hold(bytes);
        return [];
      }
      let first: string[] = [];
      let from = 0;
      if (held.length > 0) {
        from = bytes.indexOf(LF) + 1;
        hold(bytes.subarray(0, from - 1));
        first = cut(held.all());
        held.clear();
      }
      const rest = from > last ? [] : cut(bytes.subarray(from, last));
      if (last + 1 < bytes.length) hold(bytes.subarray(last + 1));
      return first.length === 0 ? rest : [...first, ...rest];
    },
    end() {
      const last = cut(held.all()).filter((line) => line !== "");
      held.clear();
      return last;
    },
    isEmpty: () => held.length === 0 && !breaks.between,
  };
}

/** Makes every line break one LF, also a CR LF of which each comes by itself. */
class LineBreaks {
  /** True when the last byte was a CR: an LF that follows belongs to it. */
  between = false;

  unified(bytes: Uint8Array): Uint8Array {
    if (bytes.length === 0 || (!this.between && !bytes.includes(CR))) return bytes;
    const unified = new Uint8Array(bytes.length);
    let length = 0;
    for (const byte of bytes) {
      if (byte !== LF || !this.between) unified[length++] = byte === CR ? LF : byte;
      this.between = byte === CR;
    }
    return unified.subarray(0, length);
  }
}
