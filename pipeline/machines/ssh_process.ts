// OpenSSH's client as a child process that Ctrl-C does not reach, whose streams are given up when it is told to stop or says too much.
import { abortReason } from "../lib/clock.ts";
import { bounded } from "../lib/bounded.ts";
import { endChild, startChild } from "../lib/child.ts";
import { eachLine } from "../lib/shell.ts";
import { startFailure } from "./ssh_trouble.ts";

export interface SshOptions {
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

export interface SshEnd {
  readonly code: number;
  /** The signal that ended it, which was not ours; null when it ended by itself. */
  readonly killed: Deno.Signal | null;
  /** Its last lines on standard error. */
  readonly words: readonly string[];
}

const LAST_WORDS = 5;
const KILL_MS = 2000;

/** Starts `ssh` apart from our terminal, told of the user's own agent where it may use it; a Failure when that cannot be done. */
export function startSsh(args: readonly string[], stdin: "piped" | "null"): Deno.ChildProcess {
  try {
    return startChild("ssh", {
      args: [...args],
      also: ["agent"],
      stdin,
      stdout: "piped",
      stderr: "piped",
      detached: true,
    });
  } catch (error) {
    throw startFailure(error);
  }
}

/**
 * Runs `ssh` to its end. A shared connection holds the output open for as long as the command on the machine runs, whatever
 * becomes of this process: once it was stopped, nobody waits for that. A TooMuchError when a stream brings more than it may.
 */
export async function runSsh(args: readonly string[], options: SshOptions): Promise<SshEnd> {
  const { signal, stdin, stdoutTo, bytes } = options;
  if (signal.aborted) throw abortReason(signal);
  const child = startSsh(args, stdin === undefined ? "null" : "piped");
  const givenUp = new AbortController();
  const giveUp = (why: unknown) => {
    givenUp.abort(why);
    return ended(child);
  };
  const stop = () => void giveUp(abortReason(signal));
  signal.addEventListener("abort", stop, { once: true });
  const open = (stream: ReadableStream<Uint8Array>) =>
    bounded(stream, bytes).pipeThrough(new TransformStream<Uint8Array, Uint8Array>(), {
      signal: givenUp.signal,
    });
  const words: string[] = [];
  const reading = [
    stdoutTo?.(open(child.stdout)) ?? eachLine(open(child.stdout), options.onStdout),
    eachLine(open(child.stderr), (line) => {
      words.push(line);
      if (words.length > LAST_WORDS) words.shift();
      options.onStderr?.(line);
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
export async function ended(child: Deno.ChildProcess): Promise<void> {
  endChild(child, "SIGTERM");
  const timer = setTimeout(() => endChild(child, "SIGKILL"), KILL_MS);
  await child.status;
  clearTimeout(timer);
}
