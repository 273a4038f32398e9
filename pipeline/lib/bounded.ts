// Streams of others with an end: what comes beyond a number of bytes is an error, and nothing of it is kept.

/** More came than may come. */
export class TooMuchError extends Error {
  override readonly name = "TooMuchError";

  constructor(readonly most_bytes: number) {
    super(`more than ${inWords(most_bytes)} came`);
  }
}

/** The same bytes, up to `most`; one more, and reading it fails with a TooMuchError. */
export function bounded(stream: ReadableStream<Uint8Array>, most: number): ReadableStream<Uint8Array> {
  let came = 0;
  return stream.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(part, controller) {
        came += part.length;
        if (came > most) controller.error(new TooMuchError(most));
        else controller.enqueue(part);
      },
    }),
  );
}

/** The text of an answer of at most `most` bytes. */
export async function boundedText({ body }: Response, most: number): Promise<string> {
  return body === null ? "" : await new Response(bounded(body, most)).text();
}

function inWords(bytes: number): string {
  return bytes >= 1 << 20 ? `${Math.round(bytes / (1 << 20))} MiB` : `${Math.round(bytes / 1024)} KiB`;
}
