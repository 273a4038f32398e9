// Runs commands to their end. Commands are argument lists, never text for a shell, so nothing needs quoting.
import { $, KillController } from "dax";
import { StoppedError, UserError } from "../errors.ts";
import { type Also, childEnv } from "./child.ts";
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

/** Runs a command to its end, giving each line of output as it comes; returns the exit code. An aborted signal sends SIGTERM and, ten seconds later, SIGKILL. */
export async function runCommand(command: readonly string[], options: CommandOptions = {}): Promise<number> {
  if (options.signal?.aborted) throw new StoppedError(`Stopped before ${command[0]} was started`);
  const kill = new KillController();
  let hardKill: ReturnType<typeof setTimeout> | undefined;
  const stop = () => {
    kill.kill("SIGTERM");
    hardKill = setTimeout(() => kill.kill("SIGKILL"), 10_000);
  };
  options.signal?.addEventListener("abort", stop, { once: true });
  try {
    const builder = $`${command}`.clearEnv().env({ ...childEnv(options.also), ...options.env }).signal(
      kill.signal,
    ).noThrow()
      .stdin("null").stdout("piped").stderr("piped");
    const child = (options.cwd === undefined ? builder : builder.cwd(options.cwd)).spawn();
    const [result] = await Promise.all([
      child,
      eachLine(child.stdout(), options.onStdout),
      eachLine(child.stderr(), options.onStderr),
    ]);
    return result.code;
  } catch (cause) {
    throw new UserError(`Cannot run ${command[0]}`, "Is it installed and on PATH?", { cause });
  } finally {
    options.signal?.removeEventListener("abort", stop);
    clearTimeout(hardKill);
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
