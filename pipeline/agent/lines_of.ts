/** The whole lines of `stream`, without their breaks; of one longer than `most` characters its beginning. A last one that is cut off is left out. */
export async function* linesOf(stream: ReadableStream<Uint8Array>, most: number): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of stream) {
    const lines = decoder.decode(bytes, { stream: true }).split("\n");
    const last = lines.pop() ?? "";
    for (const line of lines) {
      yield (rest + line).slice(0, most).replace(/\r$/, "");
      rest = "";
    }
    rest = (rest + last).slice(0, most);
  }
}
