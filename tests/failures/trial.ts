// What trials of failures share: a run over simulated clouds, what its journals say, and what must be true after any of them.
import { deepEqual, equal, fail, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { type Clock, realClock } from "../../pipeline/lib/clock.ts";
import { connect } from "../../pipeline/machines/mod.ts";
import { createBoard } from "../../pipeline/run/board.ts";
import { readRun } from "../../pipeline/run/journal.ts";
import type { RunOptions, RunOutcome } from "../../pipeline/run/mod.ts";
import { type FailureCode, FAILURES } from "../../pipeline/schema/failures.ts";
import { foldMachines, type MachineRecord } from "../../pipeline/schema/machine.ts";
import type { JournalLine, ManifestRow } from "../../pipeline/schema/manifest.ts";
import type { Stage as StageName } from "../../pipeline/schema/names.ts";
import { Provenance } from "../../pipeline/schema/provenance.ts";
import type { FailureRule } from "../../pipeline/schema/remedy.ts";
import type { CloudMachine, CloudOptions, MachineScript } from "../cloud/cloud.ts";
import type { MachineFaults } from "../cloud/machine.ts";
import type { Script } from "../cloud/server.ts";
import { stockOf } from "../cloud/stock.ts";
import { BRIEF, perform, setStage, type Stage, type StageOptions, worldWith } from "../faults/stage.ts";
import { until } from "../until.ts";

export type Test = StageOptions["tests"][number];

/** One small model on one kind of GPU, measured for a moment. */
export const TEST: Test = {
  providers: ["vastai"],
  gpus: ["RTX 4090"],
  engines: ["ollama"],
  models: ["qwen2:7b"],
  workloads: [BRIEF],
};
/** Measured for so long that something can happen meanwhile. */
export const LONG: Test = { ...TEST, workloads: [{ ...BRIEF, duration_seconds: 2 }] };
/** Measured until an engine that fails after eight requests at most is given up, however busy this computer is. */
export const ENOUGH: Test = { ...TEST, workloads: [{ ...BRIEF, least_requests: 16 }] };
/** Two offers on two hosts; the first is the cheapest. */
export const OFFERS = [
  stockOf("1", "RTX 4090", { price_per_hour: 0.4 }),
  stockOf("2", "RTX 4090", { price_per_hour: 0.5 }),
];

export interface Ended {
  readonly stage: Stage;
  readonly outcome: RunOutcome;
  readonly rows: readonly ManifestRow[];
  readonly lines: readonly JournalLine[];
  readonly machines: readonly MachineRecord[];
  readonly said: readonly string[];
}

/** Time of a trial: so many seconds pass at once. */
export interface Time {
  skip(seconds: number): void;
}

/** What happens while a run goes on. */
export interface Events {
  /** Told of every line that the controller says. */
  readonly line?: (text: string, time: Time) => void;
  /** Told of every connection that failed. */
  readonly refused?: (time: Time) => void;
  /** Milliseconds that calls are waited for at least; for trials in which one hangs. */
  readonly patience_ms?: number;
}

/** Runs the stage's matrix. */
export async function run(
  stage: Stage,
  events: Events = {},
  changes: Partial<RunOptions> = {},
): Promise<Ended> {
  const { clock, time } = trialClock(stage.pace, events.patience_ms);
  const say = (text: string) => {
    stage.said.push(text);
    events.line?.(text, time);
  };
  const outcome = await perform(stage, {
    board: createBoard({ info: say, warn: say }, null),
    world: {
      ...worldWith(stage.simulated, stage.pace),
      clock,
      connect: (address, context) =>
        connect(address, context).catch((error) => {
          events.refused?.(time);
          throw error;
        }),
    },
    ...changes,
  });
  const { lines, machines } = await readRun(join(stage.paths.runs, outcome.run_id), fail);
  const { rows } = outcome;
  return { stage, outcome, rows, lines, machines: foldMachines(machines), said: stage.said };
}

/** A clock that goes on by `pace`, and further when it is told to: nobody waits for what only takes long. */
function trialClock(pace: number, patience_ms: number | undefined): { clock: Clock; time: Time } {
  const clock = realClock(pace, patience_ms);
  let skipped = 0;
  return {
    clock: {
      ...clock,
      now: () => clock.now() + skipped,
      after: (seconds) => clock.after(seconds) + skipped,
    },
    time: {
      skip: (seconds) => {
        skipped += seconds * 1000 * pace;
      },
    },
  };
}

/** Lets time pass once for each line that holds `text`. */
export function skipAt(text: string, seconds: number, times = Infinity): Events {
  let left = times;
  return { line: (line, time) => line.includes(text) && left-- > 0 && time.skip(seconds) };
}

/** A stage with one cloud, Vast.ai's, that has `OFFERS` unless it says otherwise. */
export function stageWith(
  cloud: Partial<CloudOptions> & { readonly script?: Script },
  test: Partial<Test> = {},
): Promise<Stage> {
  return setStage({
    clouds: { vastai: { stock: OFFERS, ...cloud } },
    tests: [{ ...TEST, ...test }],
  });
}

/** Faults of the first machine alone. */
export function first(faults: MachineFaults): MachineScript {
  return (n) => n === 1 ? faults : undefined;
}

/** Nothing of the run is left anywhere, and no step was taken twice. */
export function tidy({ stage, outcome, rows, lines }: Ended): void {
  equal(stage.present(), 0, "a machine is left");
  deepEqual(outcome.leftovers, []);
  for (const { entry_id } of rows) {
    const successes = lines.filter((line) => line.event === "success" && line.entry_id === entry_id);
    ok(successes.length <= 1, `${entry_id} succeeded twice`);
  }
}

export interface Told {
  readonly code: FailureCode;
  readonly at: StageName;
  /** What the text for the user names. */
  readonly found: RegExp;
  /** What it says is to be done, where that is not the table's. */
  readonly hint?: string;
}

/** A try was given up for this reason, which names what was found and what to do; returns how many were. */
export function retried({ lines, said }: Ended, { code, at, found }: Told): number {
  const retries = lines.flatMap((line) => line.event === "retry" && line.code === code ? [line] : []);
  ok(retries.length > 0, `nothing was tried again for ${code}: ${said.join("\n")}`);
  for (const { stage, reason } of retries) {
    equal(stage, at, said.join("\n"));
    match(reason, found);
  }
  const how = FAILURES[code].remedy === "same_machine" ? /trying (again|elsewhere): / : /trying elsewhere: /;
  ok(said.some((line) => how.test(line) && line.includes(`${code} at ${at}`)), said.join("\n"));
  return retries.length;
}

/** An entry ended for this reason: manifest, journal, log and text say so. */
export function ended(result: Ended, row: ManifestRow | undefined, { code, at, found, hint }: Told): void {
  const { status, hint: usual }: FailureRule = FAILURES[code];
  const tell = `${JSON.stringify(row, null, 1)}\n${result.said.join("\n")}`;
  equal(row?.status, status, tell);
  deepEqual([row?.failure_code, row?.failure_stage], [code, status === "skipped" ? null : at], tell);
  match(row?.failure_reason ?? "", found);
  ok(row?.failure_reason?.includes(hint ?? usual), tell);
  const last = result.lines.findLast((line) => "entry_id" in line && line.entry_id === row?.entry_id);
  deepEqual([last?.event, last !== undefined && "code" in last && last.code], [status, code]);
}

/** The entry succeeded on this offer, after so many machines, with sealed evidence. */
export async function succeeded(
  { stage, said }: Ended,
  row: ManifestRow | undefined,
  offer: string,
  attempts: number,
): Promise<void> {
  equal(row?.status, "success", said.join("\n"));
  deepEqual([row?.offer_id, row?.attempts], [offer, attempts], said.join("\n"));
  ok((row?.tokens_per_second ?? 0) > 0);
  const evidence = await evidenceOf(stage, row?.raw_dir ?? "");
  ok(evidence.complete && evidence.requests > 0);
}

/** What lies sealed in a folder below data/raw. */
export async function evidenceOf({ paths }: Stage, raw_dir: string) {
  const folder = join(paths.raw, raw_dir);
  const read = (name: string) => Deno.readTextFile(join(folder, name));
  const metadata = JSON.parse(await read("metadata.json"));
  const lines = (await read("results.jsonl")).split("\n").filter((line) => line !== "");
  return {
    provenance: Provenance.parse(JSON.parse(await read("provenance.json"))),
    requests: lines.length,
    numbers: lines.map((line): number => JSON.parse(line).n),
    metadata,
    complete: metadata.completed_at !== null,
  };
}

/** The folder of what was kept of a try that was given up or failed. */
export function keptOf({ lines }: Ended): string {
  const kept = lines.flatMap((line) => "raw_dir" in line && line.event !== "success" ? [line.raw_dir] : []);
  const [folder] = kept.filter((each) => each !== null);
  if (folder === undefined) throw new Error("nothing was kept");
  return folder;
}

/**
 * A machine with these faults is given up for `told`. At Vast.ai the next host works; at TensorDock there is no other, so the
 * entry ends for the same reason.
 */
export async function givesUp(
  faults: MachineFaults,
  told: Told,
  { test = {}, events = {}, tries = 1 }: { test?: Partial<Test>; events?: Events; tries?: number } = {},
): Promise<Ended> {
  await using stage = await setStage({
    clouds: {
      vastai: { stock: OFFERS, machines: first(faults) },
      tensordock: { stock: [stockOf("t", "RTX 4090", { host: "t" })], machines: () => faults },
    },
    tests: [{ ...TEST, ...test, providers: ["vastai", "tensordock"] }],
  });
  const result = await run(stage, events);
  const [at_first, alone] = result.rows;
  await succeeded(result, at_first, "2", 2);
  equal(retried({ ...result, lines: linesOf(result, at_first) }, told), tries);
  ended(result, alone, told);
  equal(alone?.attempts, 1);
  ok(result.machines.filter(({ offer }) => offer.id !== "2").every(({ end }) => end?.code === told.code));
  tidy(result);
  return result;
}

/** Journal lines of one entry. */
export function linesOf({ lines }: Ended, row: ManifestRow | undefined): JournalLine[] {
  return lines.filter((line) => "entry_id" in line && line.entry_id === row?.entry_id);
}

/** The machine of the cloud that measures, once it has written so many results. */
export function measuring(stage: Stage, results = 5): Promise<CloudMachine> {
  return until(async () => {
    for (const machine of stage.cloud("vastai").cloud.present()) {
      const home = join(machine.running?.home ?? "/nowhere", ".gpu-almanac");
      for (const name of await names(home)) {
        const text = await Deno.readTextFile(join(home, name, "results.jsonl")).catch(() => "");
        if (text.split("\n").length > results) return machine;
      }
    }
    return null;
  });
}

async function names(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  } catch {
    return [];
  }
}
