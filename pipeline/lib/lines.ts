// A text file line by line, at any size, with what a cut-off last line needs to be known.

export interface FileLine {
  /** From 1. */
  readonly number: number;
  readonly text: string;
  /** False for a last line that no line break ends. */
  readonly complete: boolean;
}

/** The lines of a UTF-8 file, without LF or CRLF and without a byte order mark. */
export async function* fileLines(path: string): AsyncGenerator<FileLine> {
  let rest = "";
  let number = 0;
  const file = await Deno.open(path);
  for await (const text of file.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield { number: ++number, text: line.replace(/\r$/, ""), complete: true };
  }
  if (rest !== "") yield { number: number + 1, text: rest.replace(/\r$/, ""), complete: false };
}
