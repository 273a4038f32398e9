// Runs commands to their end. Commands are argument lists, never text for a shell, so nothing needs quoting.
import { StoppedError, UserError } from "../errors.ts";
import { type Also, type ChildOptions, endChild, startChild } from "./child.ts";
import { LineSplitter } from "./line_splitter.ts";

export interface CommandOptions {
  /** Variables of its own. */
  readonly env?: Record<string, string>;
  /** Which of ours it gets beside those that every child gets. */
  readonly also?: readonly Also[];
  readonly cwd?: string;
  readonly signal?: AbortSignal;
  readonly onStdout?: (line: string) => void;
  readonly onStderr?: (line: string) => void;
}

/**
 * Runs a command to its end, giving each line of output as it comes; returns the exit code, 128 and the signal's number where a
 * signal ended it. An aborted signal sends SIGTERM and, ten seconds later, SIGKILL.
 */
export async function runCommand(command: readonly string[], options: CommandOptions = {}): Promise<number> {
  const { signal, onStdout, onStderr, ...own } = options;
  if (signal?.aborted) throw new StoppedError(`Stopped before ${command[0]} was started`);
  const child = start(command, own);
  let hardKill: ReturnType<typeof setTimeout> | undefined;
  const stop = () => {
    endChild(child, "SIGTERM");
    hardKill = setTimeout(() => endChild(child, "SIGKILL"), 10_000);
  };
  signal?.addEventListener("abort", stop, { once: true });
  try {
    const [{ code }] = await Promise.all([
      child.status,
      eachLine(child.stdout, onStdout),
      eachLine(child.stderr, onStderr),
    ]);
    return code;
  } finally {
    signal?.removeEventListener("abort", stop);
    clearTimeout(hardKill);
  }
}

function start([program = "", ...args]: readonly string[], own: ChildOptions): Deno.ChildProcess {
  try {
    return startChild(program, { ...own, args, stdin: "null", stdout: "piped", stderr: "piped" });
  } catch (cause) {
    throw new UserError(`Cannot run ${program}`, "Is it installed and on PATH?", { cause });
  }
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
