// Streams of others with an end: what comes beyond a number of bytes is an error, and nothing of it is kept.

/** More came than may come. */
export class TooMuchError extends Error {
  override readonly name = "TooMuchError";

  constructor(readonly most_bytes: number) {
    super(`more than ${inWords(most_bytes)} came`);
  }
}

export interface Bounds {
  /** Ends the stream with its reason. A fetch that is told to stop does not always end its answer: Deno may have forgotten that it should. */
  readonly signal?: AbortSignal | undefined;
  /** What an error means that ended a stream before it was whole. */
  readonly explain?: (error: unknown) => Promise<unknown>;
}

/** The same bytes, up to `most`; one more, and reading it fails with a TooMuchError. */
export function bounded(
  stream: ReadableStream<Uint8Array>,
  most: number,
  { signal, explain = (error) => Promise.resolve(error) }: Bounds = {},
): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  let came = 0;
  let stop = () => {};
  const end = (error: unknown): unknown => {
    signal?.removeEventListener("abort", stop);
    reader.cancel(error).catch(() => undefined);
    return error;
  };
  return new ReadableStream<Uint8Array>({
    start(controller) {
      stop = () => controller.error(end(signal?.reason));
      if (signal?.aborted) stop();
      else signal?.addEventListener("abort", stop, { once: true });
    },
    async pull(controller) {
      const { done, value } = await reader.read().catch(async (error) => {
        throw end(await explain(error));
      });
      if (signal?.aborted) return;
      if (done) {
        signal?.removeEventListener("abort", stop);
        return controller.close();
      }
      came += value.length;
      if (came > most) throw end(new TooMuchError(most));
      controller.enqueue(value);
    },
    cancel: (reason) => void end(reason),
  }, { highWaterMark: 0 });
}

/** All of a stream of at most `most` bytes, in one piece however small those are in which it comes. */
export async function wholeOf(
  stream: ReadableStream<Uint8Array>,
  most: number,
  bounds: Bounds = {},
): Promise<Uint8Array> {
  let buffer = new Uint8Array(Math.min(most, 1 << 16));
  let length = 0;
  for await (const part of bounded(stream, most, bounds)) {
    if (length + part.length > buffer.length) {
      const larger = new Uint8Array(Math.min(most, Math.max(2 * buffer.length, length + part.length)));
      larger.set(buffer.subarray(0, length));
      buffer = larger;
    }
    buffer.set(part, length);
    length += part.length;
  }
  return buffer.subarray(0, length);
}

/** The text of an answer of at most `most` bytes. */
export async function boundedText({ body }: Response, most: number, bounds: Bounds = {}): Promise<string> {
  return body === null ? "" : new TextDecoder().decode(await wholeOf(body, most, bounds));
}

function inWords(bytes: number): string {
  return bytes >= 1 << 20 ? `${Math.round(bytes / (1 << 20))} MiB` : `${Math.round(bytes / 1024)} KiB`;
}
