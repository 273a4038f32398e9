// The agent runs on the machine and leaves its evidence in a folder there.
import { join } from "node:path";
import { StoppedError, UserError } from "../errors.ts";
import type { Machine } from "../providers/provider.ts";
import type { Entry } from "../schema/entry.ts";
import { Tally } from "../schema/tally.ts";
import type { StageContext } from "./context.ts";
import type { Ready } from "./setup.ts";

/** Where the evidence of `folder` is written on the machine until it is collected. */
export function evidenceDir(machine: Pick<Machine, "workdir">, folder: string): string {
  return join(machine.workdir, folder);
}

/** Runs one entry's workload at all its levels. A UserError carries the agent's last words; what it measured stays in `out`. */
export async function benchmark(
  machine: Machine,
  ready: Ready,
  entry: Entry,
  out: string,
  context: StageContext,
): Promise<void> {
  const lastWords: string[] = [];
  const code = await machine.run([machine.deno, "run", "--no-config", "-A", ready.agent], {
    env: { ...agentEnv(entry), ...ready.engine.agentEnv, OUT: out, PROGRESS: "json" },
    signal: context.signal,
    onStdout: (line) => {
      const tally = readTally(line);
      if (tally !== null) context.progress(tally);
    },
    onStderr: (line) => {
      lastWords.push(line);
      if (lastWords.length > 20) lastWords.shift();
    },
  });
  if (code === 130 || context.signal.aborted) throw new StoppedError("stopped while it was measured");
  if (code !== 0) {
    throw new UserError(
      `Cannot finish the benchmark of ${entry.model}: ${
        lastWords.at(-1) ?? `the agent ended with exit code ${code}`
      }`,
      "What was measured before is kept; look at agent.log in its raw folder.",
    );
  }
}

function agentEnv(entry: Entry): Record<string, string> {
  const { workload } = entry;
  return {
    MODEL: entry.model,
    DURATION: String(workload.duration_seconds),
    CONCURRENCY: workload.concurrency.join(","),
    MAX_TOKENS: String(workload.max_tokens),
    WARMUP: String(workload.warmup_requests),
    CONTEXT: String(workload.context_tokens),
    TIMEOUT: String(workload.request_timeout_seconds),
  };
}

/** The tally that a line of the agent's output holds; null for any other line. */
function readTally(line: string): Tally | null {
  try {
    return Tally.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}
