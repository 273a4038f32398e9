// The agent measures on the machine, by itself: we look after it, bring home what it has written, and see when it gets nowhere.
import { join } from "node:path";
import { engines } from "../engines/mod.ts";
import { messageOf } from "../errors.ts";
import { apiKey, keyEnv } from "../lib/api_key.ts";
import { abortReason } from "../lib/clock.ts";
import { agentFlags } from "../lib/deno_flags.ts";
import { sha256Hex } from "../lib/files.ts";
import type { Job, JobView } from "../machines/machine.ts";
import { LEAST_CALIBRATED_SECONDS } from "../schema/calibration.ts";
import type { Entry } from "../schema/entry.ts";
import { codeOf, Failure, type FailureCode } from "../schema/failures.ts";
import { Tally } from "../schema/tally.ts";
import type { Leased, StageContext } from "./context.ts";
import type { Ready } from "./setup.ts";

/** Seconds between two looks: short at first, since tests are. */
const FIRST_LOOK_SECONDS = 0.2;
const LONGEST_LOOK_SECONDS = 2;
const FETCH_SECONDS = 10;
const HEALTH_SECONDS = 30;
const HEALTH_TIMES = 3;
/** No new token for so long, with requests in flight, is no inference. */
const STUCK_SECONDS = 120;
/** The agent shows itself every second while it measures. */
const SILENT_SECONDS = 600;
/** A machine that cannot be reached for so long is lost. */
const LOST_SECONDS = 300;
/** What keeps us from hearing of a machine, which goes on by itself. */
const UNHEARD: readonly FailureCode[] = [
  "connection_lost",
  "ssh_unreachable",
  "network_down",
  "machine_hung",
];
/** A shell adds the signal that ended a program to this, as its exit code. */
const SIGNALLED = 128;
/** Of the agent's and the engine's log. */
const SHOWN_LINES = 10;

/** Where the evidence of `folder` is written on the machine. */
export function evidenceDir(leased: Leased, folder: string): string {
  return join(leased.machine.workdir, folder);
}

/** Where it is brought to, byte by byte, while it is written. */
export function mirrorDir(folder: string, context: StageContext): string {
  return join(context.run_dir, "work", folder);
}

/** Runs one entry's workload at all its levels, or goes on with the agent that already does. What it measured stays in its folder. */
export async function benchmark(
  leased: Leased,
  ready: Ready,
  entry: Entry,
  folder: string,
  context: StageContext,
): Promise<void> {
  const { machine, signal } = leased;
  const out = evidenceDir(leased, folder);
  const env = {
    ...agentEnv(entry, context.run_id),
    ...(context.fleet.record(leased.machine_id).simulated ? {} : calibrationEnv(entry, machine.workdir)),
    ...ready.engine.agentEnv,
    ...(leased.rented ? {} : keyEnv(apiKey(context.env))),
    OUT: out,
    PROGRESS: "json",
  };
  const flags = agentFlags({ folder: machine.workdir, env });
  const job = await machine.launch({
    name: folder,
    command: [ready.site.deno, "run", "--no-config", ...flags, ready.site.agent],
    env,
    ended: "keep",
  });
  try {
    const last = await watch(job, leased, ready, entry, folder, context);
    if (last.code !== 0) throw await whyEnded(last, leased.lease_id, ready, entry, context);
  } catch (error) {
    await job.stop().catch(() => undefined);
    throw signal.aborted ? abortReason(signal) : error;
  }
}

async function watch(
  job: Job,
  leased: Leased,
  ready: Ready,
  entry: Entry,
  folder: string,
  context: StageContext,
): Promise<JobView> {
  const { machine, signal } = leased;
  const { clock } = context;
  const alive = new SignsOfLife(clock, entry);
  const due = { fetch: clock.after(FETCH_SECONDS), health: clock.after(HEALTH_SECONDS) };
  let unhealthy = 0;
  let lost: number | null = null;
  for (let wait = FIRST_LOOK_SECONDS;; wait = Math.min(wait * 1.5, LONGEST_LOOK_SECONDS)) {
    await clock.sleep(wait, signal);
    try {
      const view = await job.poll();
      if (lost !== null) alive.again();
      lost = null;
      for (const tally of view.out.map(readTally)) {
        if (tally === null) continue;
        alive.see(tally);
        context.progress(tally);
      }
      if (!view.running) return view;
      alive.check();
      if (clock.now() > due.fetch) {
        due.fetch = clock.after(FETCH_SECONDS);
        await machine.download(evidenceDir(leased, folder), mirrorDir(folder, context), false).catch(
          ignoreMissing,
        );
      }
      if (clock.now() > due.health) {
        due.health = clock.after(HEALTH_SECONDS);
        unhealthy = await engines[entry.engine.name].healthy(ready.engine, ready.world) ? 0 : unhealthy + 1;
        if (unhealthy >= HEALTH_TIMES) {
          throw new Failure(
            "engine_not_answering",
            `Cannot go on with ${entry.model}: the engine no longer answers`,
          );
        }
      }
    } catch (error) {
      const code = codeOf(error);
      if (!UNHEARD.includes(code) || signal.aborted) throw error;
      lost ??= clock.after(LOST_SECONDS);
      await context.fleet.requireRunning(leased.machine_id, signal);
      if (clock.now() > lost) {
        throw new Failure(
          code === "ssh_unreachable" ? "connection_lost" : code,
          `Cannot go on with ${entry.model}: no connection for ${LOST_SECONDS} s: ${messageOf(error)}`,
        );
      }
      context.log.warn(`${leased.lease_id}  no connection; the agent goes on by itself, trying again`);
    }
  }
}

/** Sees whether tokens still come: a request that only runs into its timeout is no sign of inference, and none under way asks for none. */
export class SignsOfLife {
  #last: Tally | null = null;
  #stuckAt = Infinity;
  #silentAt: number;

  constructor(readonly clock: StageContext["clock"], readonly entry: Pick<Entry, "model">) {
    this.#silentAt = clock.after(SILENT_SECONDS);
  }

  see(tally: Tally): void {
    this.#silentAt = this.clock.after(SILENT_SECONDS);
    const moved = tally.step !== this.#last?.step || tally.frames !== this.#last.frames;
    if (moved || tally.in_flight === 0) this.#stuckAt = this.clock.after(STUCK_SECONDS);
    this.#last = tally;
  }

  /** Nothing could be seen for a while, and that was not the agent's fault. */
  again(): void {
    if (this.#stuckAt < Infinity) this.#stuckAt = this.clock.after(STUCK_SECONDS);
    this.#silentAt = this.clock.after(SILENT_SECONDS);
  }

  check(): void {
    const what = `Cannot go on with ${this.entry.model}`;
    if (this.clock.now() > this.#stuckAt) {
      throw new Failure("inference_stuck", `${what}: no new token for ${STUCK_SECONDS} s`);
    }
    if (this.clock.now() > this.#silentAt) {
      throw new Failure("agent_died", `${what}: the agent shows no sign of life for ${SILENT_SECONDS} s`);
    }
  }
}

const MEANINGS: readonly (readonly [RegExp, FailureCode])[] = [
  [/out of memory|cudaMalloc failed/i, "out_of_memory"],
  [/CUDA error|illegal memory access|driver\/library version mismatch|NVML/i, "driver_failed"],
];

async function whyEnded(
  { code, err }: JobView,
  lease_id: string,
  { engine, world }: Ready,
  { model, engine: { name } }: Entry,
  { log }: StageContext,
) {
  const show = (lines: readonly string[]) => {
    for (const line of lines.slice(-SHOWN_LINES)) log.info(`${lease_id}    ${line}`);
  };
  show(err);
  const words = err.at(-1);
  const what = `Cannot finish the benchmark of ${model}`;
  if (code === null || code > SIGNALLED) {
    return new Failure(
      "agent_died",
      `${what}: the agent ended without a word${words === undefined ? "" : ` after "${words}"`}`,
    );
  }
  const found = `${what}: ${words ?? `the agent ended with exit code ${code}`}`;
  const known = MEANINGS.find(([pattern]) => pattern.test(err.join(" ")))?.[1];
  if (known !== undefined) return new Failure(known, found);
  if (await engines[name].healthy(engine, world)) return new Failure("benchmark_failed", found);
  show(await engine.lastWords?.() ?? []);
  return new Failure("engine_not_answering", found);
}

function agentEnv(entry: Entry, run_id: string): Record<string, string> {
  const { workload } = entry;
  const { concurrency, load, settle_seconds, seed = seedOf(run_id, entry.id) } = workload;
  return {
    MODEL: entry.model,
    DURATION: String(workload.duration_seconds),
    ...(concurrency === undefined ? {} : { CONCURRENCY: concurrency.join(",") }),
    ...(load === undefined ? {} : { LOAD: JSON.stringify(load) }),
    ...(settle_seconds === undefined ? {} : { SETTLE: String(settle_seconds) }),
    LEAST_REQUESTS: String(workload.least_requests),
    ORDER: workload.order,
    REPEAT_FIRST: workload.repeat_first ? "1" : "0",
    SEED: String(seed),
    MAX_TOKENS: String(workload.max_tokens),
    PROMPTS: JSON.stringify(workload.prompts),
    WARMUP: String(workload.warmup_requests),
    CONTEXT: String(workload.context_tokens),
    TIMEOUT: String(workload.request_timeout_seconds),
  };
}

/** The same each time an entry of a run is tried. */
function seedOf(run_id: string, entry_id: string): number {
  return parseInt(sha256Hex(`${run_id}/${entry_id}`).slice(0, 8), 16);
}

/** A machine that is not simulated is calibrated once, by the first entry whose windows are long enough to be worth it. */
function calibrationEnv({ workload }: Entry, workdir: string): Record<string, string> {
  if (workload.duration_seconds < LEAST_CALIBRATED_SECONDS) return {};
  return { CALIBRATE: "1", CALIBRATION: join(workdir, "calibration.json") };
}

/** The tally that a line of the agent's output holds; null for any other line. */
function readTally(line: string): Tally | null {
  try {
    return Tally.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
