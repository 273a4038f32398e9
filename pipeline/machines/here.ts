// This computer as a machine. A job lives as long as this process does: its stdin is a pipe of ours, whose end ends the agent, also where
// we are killed.
import { TooMuchError } from "../lib/bounded.ts";
import { ENDS_WITH_STDIN } from "../lib/deno_flags.ts";
import { endChild, startChild } from "../lib/child.ts";
import type { Clock } from "../lib/clock.ts";
import { copyEvidence } from "../lib/evidence_copy.ts";
import { eachLine } from "../lib/hear_child.ts";
import { runCommand } from "../lib/shell.ts";
import { Failure } from "../schema/failures.ts";
import { guarded } from "./guarded_fetch.ts";
import { QUESTION } from "./limits.ts";
import type { Job, JobOrder, Machine, RunOptions } from "./machine.ts";

const GRACE_MS = 10_000;
/** How long the last lines of a job that has ended are waited for. */
const LATE_MS = 1000;
const LAST_LINES = 20;

/** This computer, with `workdir` for our files; `signal` ends ordinary calls. */
export async function here(workdir: string, clock: Clock, signal: AbortSignal): Promise<Machine> {
  await Deno.mkdir(workdir, { recursive: true });
  return {
    workdir,
    deno: Deno.execPath(),
    run: (command, options) => runHere(command, { signal, ...options }, clock),
    launch: (order) => Promise.resolve(launchHere(order)),
    upload: (from, to) => Deno.copyFile(from, to),
    download: (from, to) => copyEvidence(from, to, "agent"),
    fetch: guarded(fetch, signal),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Runs a command within the limits that every machine has. */
async function runHere(
  command: readonly string[],
  { seconds = QUESTION.seconds, bytes = QUESTION.bytes, signal, ...options }:
    & RunOptions
    & { readonly signal: AbortSignal },
  clock: Clock,
): Promise<number> {
  const late = clock.timeout(seconds);
  try {
    return await runCommand(command, { ...options, bytes, signal: AbortSignal.any([signal, late]) });
  } catch (cause) {
    if (cause instanceof TooMuchError) {
      throw new Failure("hostile_output", `Cannot go on with this computer: ${cause.message}`, { cause });
    }
    if (!late.aborted || signal.aborted) throw cause;
    const hung = `a command did not end in ${Math.round(seconds)} s`;
    throw new Failure("machine_hung", `Cannot wait for this computer: ${hung}`, { cause });
  }
}

function launchHere({ command: [program = "", ...args], env }: JobOrder): Job {
  const child = startChild(program, {
    args,
    env: { ...env, [ENDS_WITH_STDIN]: "1" },
    also: ["devices", "fetches"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });
  let out: string[] = [];
  const err: string[] = [];
  let code: number | null = null;
  const read = Promise.all([
    eachLine(child.stdout, (line) => out.push(line)),
    eachLine(child.stderr, (line) => {
      err.push(line);
      if (err.length > LAST_LINES) err.shift();
    }),
  ]);
  // Something that it started may hold its output open after its end.
  const ended = child.status.then(async (status) => {
    await Promise.race([read, new Promise((resolve) => setTimeout(resolve, LATE_MS))]);
    await child.stdin.close().catch(() => undefined);
    code = status.code;
  });
  return {
    poll: () => {
      const lines = out;
      out = [];
      return Promise.resolve({ running: code === null, code, out: lines, err: [...err] });
    },
    stop: async () => {
      if (code !== null) return;
      endChild(child, "SIGTERM");
      const timer = setTimeout(() => endChild(child, "SIGKILL"), GRACE_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}
