// A child process heard to its end, whose streams are given up when it is told to stop or says too much.
import { bounded } from "./bounded.ts";
import { abortReason } from "./clock.ts";
import { LineSplitter } from "./line_splitter.ts";

export interface Hearing {
  readonly stdin?: ReadableStream<Uint8Array>;
  readonly onStdout?: (line: string) => void;
  readonly onStderr?: (line: string) => void;
  /** Takes the bytes of standard output instead of its lines. */
  readonly stdoutTo?: (bytes: ReadableStream<Uint8Array>) => Promise<void>;
  /** Ends it; its reason is thrown. */
  readonly signal: AbortSignal;
  /** Bytes that each of its streams may bring. */
  readonly bytes: number;
}

export interface ChildEnd {
  /** 128 and the signal's number where a signal ended it. */
  readonly code: number;
  /** The signal that ended it, which was not ours; null when it ended by itself. */
  readonly killed: Deno.Signal | null;
  /** Its last lines on standard error. */
  readonly words: readonly string[];
}

/** How a child is ended. */
export interface Ending {
  readonly send: (child: Deno.ChildProcess, signal: Deno.Signal) => void;
  /** How long it may take to end by itself. */
  readonly grace_ms: number;
}

const LAST_WORDS = 5;

/**
 * Hears a child to its end. What it started may hold its output open for as long as it likes: once the child was stopped, nobody
 * waits for that. A TooMuchError when a stream brings more than it may.
 */
export async function hearChild(
  child: Deno.ChildProcess,
  { signal, stdin, stdoutTo, onStdout, onStderr, bytes }: Hearing,
  ending: Ending,
): Promise<ChildEnd> {
  const givenUp = new AbortController();
  const giveUp = (why: unknown) => {
    givenUp.abort(why);
    return ended(child, ending);
  };
  const stop = () => void giveUp(abortReason(signal));
  signal.addEventListener("abort", stop, { once: true });
  const open = (stream: ReadableStream<Uint8Array>) =>
    bounded(stream, bytes).pipeThrough(new TransformStream<Uint8Array, Uint8Array>(), {
      signal: givenUp.signal,
    });
  const words: string[] = [];
  const reading = [
    stdoutTo?.(open(child.stdout)) ?? eachLine(open(child.stdout), onStdout),
    eachLine(open(child.stderr), (line) => {
      words.push(line);
      if (words.length > LAST_WORDS) words.shift();
      onStderr?.(line);
    }),
  ];
  // It may end before it has read everything; its exit code says why.
  const feeding = stdin?.pipeTo(child.stdin, { signal: givenUp.signal }).catch(() => undefined);
  try {
    await Promise.all([...reading, feeding]);
    const { code, signal: killed } = await child.status;
    if (signal.aborted) throw abortReason(signal);
    return { code, killed, words };
  } catch (error) {
    await giveUp(error);
    await Promise.allSettled([...reading, feeding]);
    throw signal.aborted ? abortReason(signal) : error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Ends a child, the hard way if need be. */
async function ended(child: Deno.ChildProcess, { send, grace_ms }: Ending): Promise<void> {
  send(child, "SIGTERM");
  const timer = setTimeout(() => send(child, "SIGKILL"), grace_ms);
  await child.status;
  clearTimeout(timer);
  // What it started may not have listened.
  send(child, "SIGKILL");
}

/** Gives each line of a UTF-8 stream as it comes, without its line break; of a very long one the beginning. */
export async function eachLine(
  stream: ReadableStream<Uint8Array>,
  onLine: (line: string) => void = () => {},
): Promise<void> {
  const splitter = new LineSplitter();
  for await (const text of stream.pipeThrough(new TextDecoderStream())) splitter.push(text).forEach(onLine);
  const rest = splitter.rest();
  if (rest !== null) onLine(rest);
}
