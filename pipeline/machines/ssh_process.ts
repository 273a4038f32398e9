// OpenSSH's client as a child process whose streams are given up when it is told to stop.
import { StoppedError } from "../errors.ts";
import { eachLine } from "../lib/shell.ts";

export interface SshOptions {
  readonly stdin?: ReadableStream<Uint8Array>;
  readonly onStdout?: (line: string) => void;
  readonly onStderr?: (line: string) => void;
  /** Takes the bytes of standard output instead of its lines. */
  readonly stdoutTo?: (bytes: ReadableStream<Uint8Array>) => Promise<void>;
  readonly signal?: AbortSignal;
}

const LAST_WORDS = 5;

/**
 * Runs `ssh` to its end; its exit code and its last words. A shared connection holds the output open for as long as the command
 * on the machine runs, whatever becomes of this process: once it was stopped, nobody waits for that.
 */
export async function runSsh(
  args: readonly string[],
  options: SshOptions = {},
): Promise<{ code: number; words: readonly string[] }> {
  const { signal, stdin, stdoutTo } = options;
  if (signal?.aborted) throw new StoppedError("Stopped");
  const child = new Deno.Command("ssh", {
    args: [...args],
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const givenUp = new AbortController();
  const stop = () => {
    child.kill("SIGTERM");
    givenUp.abort();
  };
  signal?.addEventListener("abort", stop, { once: true });
  const open = (stream: ReadableStream<Uint8Array>) =>
    stream.pipeThrough(new TransformStream<Uint8Array, Uint8Array>(), { signal: givenUp.signal });
  const words: string[] = [];
  const reading = Promise.all([
    stdoutTo?.(open(child.stdout)) ?? eachLine(open(child.stdout), options.onStdout),
    eachLine(open(child.stderr), (line) => {
      words.push(line);
      if (words.length > LAST_WORDS) words.shift();
      options.onStderr?.(line);
    }),
  ]);
  // It may end before it has read everything; its exit code says why.
  const feeding = stdin?.pipeTo(child.stdin).catch(() => undefined);
  try {
    await Promise.all([reading, feeding]);
  } catch (error) {
    if (!signal?.aborted) throw error;
  } finally {
    signal?.removeEventListener("abort", stop);
  }
  return { code: (await child.status).code, words };
}
