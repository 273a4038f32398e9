// Bytes to lines, whatever the cuts: inside a character, between CR and LF, before the last line break.

export interface LineReader {
  push(bytes: Uint8Array): string[];
  /** The last line when no line break ended it. */
  end(): string[];
}

/** A reader for one stream of UTF-8 lines that end in LF or CRLF. */
export function lineReader(): LineReader {
  const decoder = new TextDecoder();
  let rest = "";
  return {
    push(bytes) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      return lines.map((line) => line.replace(/\r$/, ""));
    },
    end() {
      const last = (rest + decoder.decode()).replace(/\r$/, "");
      rest = "";
      return last === "" ? [] : [last];
    },
  };
}
