// The kill test: a controller is killed at every line of its journals, and at random moments; then somebody goes on or sweeps.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { readRun } from "../../pipeline/run/journal.ts";
import { finalIds } from "../../pipeline/schema/fold.ts";
import { foldMachines, mayExist } from "../../pipeline/schema/machine.ts";
import { type CloudName, PROTOCOLS, startCloud, type StartedCloud } from "../cloud/mod.ts";
import type { Job } from "./controller.ts";
import { STOCKS } from "./stocks.ts";

const program = join(dirname(fileURLToPath(import.meta.url)), "controller.ts");
const PACE = 0.02;

export type Recovery = "resume" | "sweep" | "sweep without a journal";

export interface Trial {
  readonly cloud: CloudName;
  /** At this flush, or after so many ms. */
  readonly kill: NonNullable<Job["kill"]> | { readonly ms: number };
  readonly recovery: Recovery;
}

export interface Verdict extends Trial {
  /** Flushes that the run had written when it ended or was killed. */
  readonly killed: boolean;
  readonly machines_left: number;
  readonly results_lost: number;
  readonly results_twice: number;
  readonly entries_open: number;
  /** Entries that succeeded in the end. */
  readonly succeeded: number;
  readonly key_left: boolean;
  readonly log: string;
}

/** Whether nothing was lost, left or done twice. */
export function isClean(verdict: Verdict): boolean {
  const { machines_left, results_lost, results_twice, entries_open, key_left } = verdict;
  return machines_left + results_lost + results_twice + entries_open === 0 && !key_left;
}

/** How many lines a run on `cloud` writes to its journals when nobody kills it. */
export async function flushesOf(cloud: CloudName): Promise<number> {
  await using stage = await setTheStage(cloud);
  await control(stage.job({}));
  const [run] = await runs(stage.root);
  const { lines, machines } = await readRun(join(stage.root, "runs", run ?? ""));
  return lines.length + machines.length;
}

/** Kills a run and recovers; what is left then. */
export async function killTrial(trial: Trial): Promise<Verdict> {
  await using stage = await setTheStage(trial.cloud);
  const first = await control(
    stage.job("flush" in trial.kill ? { kill: trial.kill } : {}),
    "ms" in trial.kill ? trial.kill.ms : null,
  );
  const finished = await finishedOnMachines(stage.started);
  const [run] = await runs(stage.root);
  let log = first.log;
  if (trial.recovery === "sweep without a journal") {
    const prefix = await Deno.readTextFile(join(stage.root, "runs", ".deployment")).catch(() =>
      "ga-00000000"
    );
    log +=
      (await control({ ...stage.job({}), root: stage.elsewhere, sweep: { deployment: prefix.trim() } })).log;
    return {
      ...trial,
      ...NOTHING,
      killed: first.killed,
      machines_left: stage.started.cloud.present().length,
      log,
    };
  }
  const next = run === undefined || trial.recovery === "sweep"
    ? stage.job({ sweep: "journals" })
    : stage.job({ resume: run });
  log += (await control(next)).log;
  const facts = run === undefined ? NOTHING : await factsOf(stage.root, run, finished);
  return {
    ...trial,
    ...facts,
    killed: first.killed,
    machines_left: stage.started.cloud.present().length,
    log,
  };
}

const NOTHING = {
  results_lost: 0,
  results_twice: 0,
  entries_open: 0,
  succeeded: 0,
  key_left: false,
};

interface StageSet extends AsyncDisposable {
  readonly root: string;
  /** Another root, which knows nothing. */
  readonly elsewhere: string;
  readonly started: StartedCloud;
  job(changes: Partial<Job>): Job;
}

async function setTheStage(cloud: CloudName): Promise<StageSet> {
  const root = await Deno.makeTempDir({ prefix: "kill-" });
  const elsewhere = await Deno.makeTempDir({ prefix: "kill-" });
  const started = await startCloud(PROTOCOLS[cloud], { stock: STOCKS[cloud], pace: PACE, bootSeconds: 10 });
  const matrix = join(root, "matrix.json");
  await Deno.writeTextFile(
    matrix,
    JSON.stringify({
      name: "kill",
      simulated: true,
      tests: [{
        providers: [cloud],
        gpus: ["RTX 4090"],
        engines: ["ollama"],
        models: ["qwen2:1.5b", "qwen2:7b"],
        workloads: [{ duration_seconds: 0.3, warmup_requests: 1, max_tokens: 8 }],
      }],
    }),
  );
  const { url, login } = started;
  const clouds = { [cloud]: { url, login, key: started.cloud.key } };
  return {
    root,
    elsewhere,
    started,
    job: (changes) => ({ root, matrix, clouds, pace: PACE, ...changes }),
    [Symbol.asyncDispose]: async () => {
      await started[Symbol.asyncDispose]();
      await Deno.remove(root, { recursive: true });
      await Deno.remove(elsewhere, { recursive: true });
    },
  };
}

/** Runs a controller to its end, or kills it after so many ms. */
async function control(job: Job, killAfter: number | null = null): Promise<{ killed: boolean; log: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-check", program, JSON.stringify(job)],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const timer = killAfter === null ? undefined : setTimeout(() => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended before.
    }
  }, killAfter);
  const log = await new Response(child.stderr).text();
  const { signal } = await child.status;
  clearTimeout(timer);
  return { killed: signal === "SIGKILL", log: `${log}\n---\n` };
}

/** When the results were begun that lie finished on machines that live: nobody may lose them. */
async function finishedOnMachines({ cloud }: StartedCloud): Promise<string[]> {
  const found: string[] = [];
  for (const { running } of cloud.present()) {
    if (running === null) continue;
    const home = join(running.home, ".gpu-almanac");
    for (const folder of await names(home)) {
      const metadata = await readJson(join(home, folder, "metadata.json"));
      if (isComplete(metadata)) found.push(String(metadata.started_at));
    }
  }
  return found;
}

async function factsOf(root: string, run: string, finished: readonly string[]) {
  const { lines, machines, rows } = await readRun(join(root, "runs", run));
  const final = finalIds(lines);
  const raw = join(root, "data", "raw", run);
  const complete = new Map<string, string[]>();
  for (const folder of await names(raw)) {
    const metadata = await readJson(join(raw, folder, "metadata.json"));
    if (!isComplete(metadata)) continue;
    const entry = folder.replace(/-retry\d+$/, "");
    complete.set(entry, [...complete.get(entry) ?? [], String(metadata.started_at)]);
  }
  const kept = [...complete.values()].flat();
  const successes = rows.map(({ entry_id }) =>
    lines.filter((line) => line.event === "success" && line.entry_id === entry_id).length
  );
  const unsealed =
    rows.filter(({ status, entry_id }) => status === "success" && !complete.has(entry_id)).length;
  return {
    results_lost: finished.filter((started_at) => !kept.includes(started_at)).length + unsealed,
    results_twice: [...complete.values()].filter((each) => each.length > 1).length +
      successes.filter((count) => count > 1).length,
    entries_open: rows.filter(({ entry_id }) => !final.has(entry_id)).length +
      foldMachines(machines).filter(mayExist).length,
    succeeded: rows.filter(({ status }) => status === "success").length,
    key_left: (await names(join(root, "runs", run, "ssh"))).length > 0,
  };
}

function isComplete(metadata: Record<string, unknown> | null): metadata is Record<string, unknown> {
  return typeof metadata?.completed_at === "string";
}

async function runs(root: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await names(join(root, "runs"))) {
    const info = await Deno.stat(join(root, "runs", name, "journal.jsonl")).catch(() => null);
    if (info !== null && info.size > 0) found.push(name);
  }
  return found;
}

async function names(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
  } catch {
    return [];
  }
}

async function readJson(path: string): Promise<Record<string, unknown> | null> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch {
    return null;
  }
}
