// Runs commands to their end. Commands are argument lists, never text for a shell, so nothing needs quoting.
import { UserError } from "../errors.ts";
import { type Also, type ChildOptions, endChild, endGroup, startChild } from "./child.ts";
import { throwIfAborted } from "./clock.ts";
import { hearChild } from "./hear_child.ts";

export interface CommandOptions {
  /** Variables of its own. */
  readonly env?: Record<string, string>;
  /** Which of ours it gets beside those that every child gets. */
  readonly also?: readonly Also[];
  readonly cwd?: string;
  /** Ends it with all that it started: by SIGTERM and, ten seconds later, SIGKILL. Its reason is thrown. */
  readonly signal?: AbortSignal;
  /** Bytes that each of its streams may bring, else a TooMuchError; default: any. */
  readonly bytes?: number;
  readonly onStdout?: (line: string) => void;
  readonly onStderr?: (line: string) => void;
}

/** Commands in groups of their own, which no signal of the terminal reaches. */
const apart = new Set<Deno.ChildProcess>();
const GRACE_MS = 10_000;
const ignore = () => undefined;

/**
 * Runs a command to its end, giving each line of output as it comes; returns the exit code, 128 and the signal's number where a
 * signal ended it.
 */
export async function runCommand(command: readonly string[], options: CommandOptions = {}): Promise<number> {
  const { signal, bytes = Infinity, onStdout = ignore, onStderr = ignore, ...own } = options;
  if (signal !== undefined) throwIfAborted(signal);
  // A group of its own is ended as one; without a signal nobody ends it but the terminal.
  const isApart = signal !== undefined;
  const child = start(command, { detached: isApart, ...own });
  if (isApart) apart.add(child);
  const hearing = { onStdout, onStderr, bytes, signal: signal ?? new AbortController().signal };
  try {
    return (await hearChild(child, hearing, { send: isApart ? endGroup : endChild, grace_ms: GRACE_MS }))
      .code;
  } finally {
    apart.delete(child);
  }
}

/** Ends at once all commands that have a signal, with all that they started. */
export function killCommands(): void {
  for (const child of apart) endGroup(child, "SIGKILL");
}

function start([program = "", ...args]: readonly string[], own: ChildOptions): Deno.ChildProcess {
  try {
    return startChild(program, { ...own, args, stdin: "null", stdout: "piped", stderr: "piped" });
  } catch (cause) {
    throw new UserError(`Cannot run ${program}`, "Is it installed and on PATH?", { cause });
  }
}
