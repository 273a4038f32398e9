// The kill test: a controller is killed at every line of its journals, and at random moments; then somebody goes on or sweeps.
import { join } from "node:path";
import { readRun } from "../../pipeline/run/journal.ts";
import { finalIds } from "../../pipeline/schema/fold.ts";
import { foldMachines, mayExist } from "../../pipeline/schema/machine.ts";
import type { CloudName, StartedCloud } from "../cloud/mod.ts";
import type { Job, Kill } from "./controller.ts";
import { jobOf, startController } from "./controller_process.ts";
import { leaks } from "./leaks.ts";
import { BRIEF, setStage, type Stage } from "./stage.ts";
import { STOCKS } from "./stocks.ts";

export type Recovery = "resume" | "resume, killed again, resume" | "sweep" | "sweep without a journal";

/** A second kill comes within so many ms. */
const SECOND_KILL_MS = 2500;

export interface Trial {
  readonly cloud: CloudName;
  /** At this line of a journal, or after so many ms. */
  readonly kill: Kill | { readonly ms: number };
  readonly recovery: Recovery;
}

export interface Verdict extends Trial {
  readonly killed: boolean;
  readonly machines_left: number;
  readonly results_lost: number;
  readonly results_twice: number;
  readonly entries_open: number;
  /** Entries that succeeded in the end. */
  readonly succeeded: number;
  readonly key_left: boolean;
  /** Files and lines that hold a key. */
  readonly secrets_told: number;
  readonly log: string;
}

/** Whether nothing was lost, left or done twice. */
export function isClean(verdict: Verdict): boolean {
  const { machines_left, results_lost, results_twice, entries_open, key_left, secrets_told } = verdict;
  return machines_left + results_lost + results_twice + entries_open + secrets_told === 0 && !key_left;
}

/** How many lines a run on `cloud` writes to its journals when nobody kills it. */
export async function linesOf(cloud: CloudName): Promise<number> {
  await using stage = await stageOf(cloud);
  await control(jobOf(stage));
  const [run] = await runs(stage.paths.root);
  const { lines, machines } = await readRun(join(stage.paths.runs, run ?? ""), damaged);
  return lines.length + machines.length;
}

/** Kills a run and recovers; what is left then. */
export async function killTrial(trial: Trial): Promise<Verdict> {
  await using stage = await stageOf(trial.cloud);
  const { root } = stage.paths;
  const first = await control(
    jobOf(stage, "line" in trial.kill ? { kill: trial.kill } : {}),
    "ms" in trial.kill ? trial.kill.ms : null,
  );
  const finished = await finishedOnMachines(stage.cloud(trial.cloud));
  const [run] = await runs(root);
  const second = await recover(trial.recovery, run, stage);
  const machines_left = stage.present();
  // Without its journal nobody knows of a run's results; but whoever goes on with it must find its way.
  const isBlind = trial.recovery === "sweep without a journal";
  const third = isBlind ? await recover("resume", run, stage) : null;
  const log = first.log + second.log + (third?.log ?? "");
  return {
    ...trial,
    ...(run === undefined ? NOTHING : await factsOf(root, run, isBlind ? [] : finished)),
    killed: first.killed,
    machines_left: machines_left + stage.present(),
    secrets_told: (await leaks({ ...stage, said: [log] })).length,
    log,
  };
}

/** Goes on with the run, or sweeps: with its journals, or from a root that knows nothing but the deployment's name. */
async function recover(recovery: Recovery, run: string | undefined, stage: Stage) {
  if (run !== undefined && recovery.startsWith("resume")) {
    const job = jobOf(stage, { resume: run });
    const first = recovery === "resume" ? null : await control(job, Math.random() * SECOND_KILL_MS);
    const last = await control(job);
    return { log: (first?.log ?? "") + last.log };
  }
  if (recovery !== "sweep without a journal") return await control(jobOf(stage, { sweep: "journals" }));
  const name = await Deno.readTextFile(join(stage.paths.runs, ".deployment")).catch(() => "ga-00000000");
  const elsewhere = await Deno.makeTempDir({ prefix: "kill-" });
  try {
    return await control({ ...jobOf(stage, { sweep: { deployment: name.trim() } }), root: elsewhere });
  } finally {
    await Deno.remove(elsewhere, { recursive: true });
  }
}

const NOTHING = {
  results_lost: 0,
  results_twice: 0,
  entries_open: 0,
  succeeded: 0,
  key_left: false,
};

function stageOf(cloud: CloudName): Promise<Stage> {
  return setStage({
    clouds: { [cloud]: { stock: STOCKS[cloud] } },
    tests: [{
      providers: [cloud],
      gpus: ["RTX 4090"],
      engines: ["ollama"],
      models: ["qwen2:1.5b", "qwen2:7b"],
      workloads: [BRIEF],
    }],
  });
}

function damaged(message: string): never {
  throw new Error(message);
}

/** Runs a controller to its end, or kills it after so many ms. */
async function control(job: Job, killAfter: number | null = null): Promise<{ killed: boolean; log: string }> {
  const child = await startController(job);
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
  const { lines, machines, rows } = await readRun(join(root, "runs", run), damaged);
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
