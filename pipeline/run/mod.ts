// The main job: from a matrix file, or a run to resume, to sealed evidence and a manifest, with no machine left behind.
import { basename, join } from "node:path";
import { messageOf, StoppedError, UserError } from "../errors.ts";
import { exists } from "../lib/files.ts";
import type { Fleet } from "../fleet/mod.ts";
import { type Log, teeLog, withoutRepeats } from "../lib/log.ts";
import { madeOnce } from "../lib/made_once.ts";
import { newRunId } from "../lib/run_id.ts";
import type { Paths } from "../paths.ts";
import type { Plan } from "../plan/plan.ts";
import type { Failure } from "../schema/failures.ts";
import { foldRun } from "../schema/fold.ts";
import type { Cost } from "../schema/ledger.ts";
import { foldMachines, type MachineRecord, mayExist } from "../schema/machine.ts";
import type { ManifestRow } from "../schema/manifest.ts";
import type { Board } from "./board.ts";
import { closeRun, entriesOfRun } from "./close.ts";
import type { RunContext } from "./context.ts";
import { canariesOf, memoriesOf, recentMachines, type RunMachines } from "./history.ts";
import { tellLeftovers } from "./hints.ts";
import { readNamedRun } from "./journal.ts";
import { type OpenOptions, type OpenRun, openRun } from "./open.ts";
import { entriesOfMatrix, type Past, prepare, type Prepared, type Preparing, readMatrix } from "./prepare.ts";
import { type Limits, Purse } from "./purse.ts";
import { Reaper } from "./reaper.ts";
import { workOff } from "./work.ts";
import { deploymentOf, openProviders, type World } from "./world.ts";

export interface PlanOptions {
  readonly paths: Paths;
  /** Path of the matrix; ignored when `resume` names a run. */
  readonly matrix: string;
  readonly resume?: string;
  readonly signal: AbortSignal;
  readonly board: Board;
  readonly world: World;
  /** How many leases at a time. */
  readonly parallel: number;
  /** Whether models that do not fit into GPU memory are measured all the same. */
  readonly allow_spill: boolean;
}

export interface RunOptions extends PlanOptions {
  readonly limits: Limits;
  /** Told the plan before anything is rented or written; false: leave it. */
  readonly confirm: (asked: Asked) => Promise<boolean>;
}

export interface RunOutcome {
  readonly run_id: string;
  readonly rows: readonly ManifestRow[];
  readonly cost: Cost;
  /** What ended it early; null when it came to its end. */
  readonly stopped: StoppedError | Failure | null;
  /** Machines that could not be proven gone. */
  readonly leftovers: readonly MachineRecord[];
}

/** A plan, what a resumed run has cost before, US dollars, and the machines of recent runs. */
export interface Asked {
  readonly prepared: Prepared;
  readonly spent: number;
  readonly others: readonly RunMachines[];
}

/** The plan of a matrix, or of what a run to resume has left. Rents and writes nothing. */
export async function planMatrix(options: PlanOptions): Promise<Asked> {
  const { paths, world, board } = options;
  const log = withoutRepeats(board.log);
  const opened = await openProviders(paths, world, log);
  return await ask(options, { ...options, log, opened, is_estimate: true });
}

/** Runs or resumes; the caller holds the root's lock. Everything wrong with the matrix is refused before anything is written. */
export async function runMatrix(options: RunOptions): Promise<RunOutcome> {
  const { paths, world, board, signal, limits } = options;
  const opened = await openProviders(paths, world, board.log);
  const preparing = { ...options, log: withoutRepeats(board.log), opened, is_estimate: false };
  const asked = await ask(options, preparing);
  const { prepared, spent, others } = asked;
  requireBudget(prepared.plan, spent, limits);
  if (!await options.confirm(asked)) throw new StoppedError("Nothing was rented");
  const run_id = options.resume ?? newRunId(new Date());
  await Deno.mkdir(join(paths.runs, run_id), { recursive: true });
  using log = teeLog(board.log, join(paths.runs, run_id, "log.txt"));
  const opening: OpenOptions = { paths, world, opened, prefix: await deploymentOf(paths), log };
  await closeOthers(run_id, others, opening, signal);
  await using run = await openRun(run_id, opening);
  const { fleet } = run;
  const reaper = new Reaper({ ...opening, fleet, providers: opened.providers, clock: world.clock });
  const money = { fleet, reaper, log };
  try {
    const { stopped, purse } = await work(run, prepared, others, options, log, reaper);
    const leftovers = await endAll(money);
    const events = fleet.records().flatMap((record) => record.events);
    const rows = foldRun(run.journal.lines, events, world.clock.now());
    return { run_id, rows, cost: purse.cost(), stopped, leftovers };
  } catch (error) {
    // Whatever went wrong, nothing may be paid for any longer.
    tellLeftovers(await endAll(money), paths, log);
    throw error;
  }
}

/** Works the plan off in an open run; what it rents is the caller's to end. */
async function work(
  { run_id, run_dir, journal, fleet, tellReason }: OpenRun,
  prepared: Prepared,
  others: readonly RunMachines[],
  options: RunOptions,
  log: Log,
  reaper: Reaper,
): Promise<{ stopped: StoppedError | Failure | null; purse: Purse }> {
  const { paths, world, board, signal, limits } = options;
  if (options.resume === undefined) {
    const { entries } = prepared;
    const matrix = basename(options.matrix);
    journal.append({
      event: "run",
      run_id,
      matrix,
      entries: [...entries],
      simulated: world.simulated !== null,
    });
  }
  const purse = new Purse(limits, fleet, journal, world.clock);
  const context: RunContext = {
    paths,
    run_id,
    run_dir,
    log,
    signal: AbortSignal.any([signal, purse.signal]),
    clock: world.clock,
    catalog: prepared.catalog,
    memories: prepared.memories,
    past: canariesOf(others.filter((other) => other.run_id !== run_id)),
    fleet,
    env: world.env,
    startEmbedded: world.startEmbedded,
    releases: world.releases,
    agentBundle: bundleOnce(paths, run_dir, world),
    progress: () => undefined,
    journal,
    tellReason,
    board,
    purse,
    left: new Map(),
  };
  const stopped = await workOff(prepared, options.resume !== undefined, options.parallel, context, reaper);
  return { stopped, purse };
}

async function ask(options: PlanOptions, preparing: Preparing): Promise<Asked> {
  const { paths, resume, matrix, world, board } = options;
  const others = await recentMachines(paths, board.log, world.clock.now());
  const memories = memoriesOf(others);
  if (resume === undefined) {
    const entries = await entriesOfMatrix(await readMatrix(matrix), preparing);
    const past: Past = { done: new Set(), machines: [], memories };
    return { prepared: await prepare(entries, past, preparing), spent: 0, others };
  }
  const { lines, machines, rows } = await readNamedRun("resume", resume, paths.runs, board.log.warn);
  const entries = entriesOfRun(lines);
  if (entries.length === 0) {
    throw new UserError(
      `Cannot resume run ${resume}: its journal no longer tells what was to be measured`,
      "Start a new run of its matrix.",
    );
  }
  const done = new Set(rows.filter(({ status }) => status === "success").map(({ entry_id }) => entry_id));
  const past: Past = { done, machines: foldMachines(machines), memories };
  const spent = rows.reduce((sum, { total_cost }) => sum + (total_cost ?? 0), 0);
  return { prepared: await prepare(entries, past, preparing), spent, others };
}

/** Refuses a budget that does not pay for a single lease. */
function requireBudget({ leases }: Plan, spent: number, { max_usd }: Limits): void {
  if (max_usd === null || leases.length === 0) return;
  const cheapest = Math.min(...leases.map(({ usd }) => usd));
  if (spent + cheapest <= max_usd) return;
  const before = spent > 0 ? ` and $${spent.toFixed(2)} are spent` : "";
  throw new UserError(
    `Cannot begin: the cheapest lease costs about $${cheapest.toFixed(2)}${before}, --max-usd is ${max_usd}`,
    "Raise --max-usd; `deno task plan` shows what each lease costs.",
    { exitCode: 4 },
  );
}

/** Other runs of this root that ended without a word and left machines are closed first. */
async function closeOthers(
  run_id: string,
  others: readonly RunMachines[],
  opening: OpenOptions,
  signal: AbortSignal,
): Promise<void> {
  const { log, opened } = opening;
  for (const other of others) {
    const left = other.machines.filter(mayExist);
    const known = left.every(({ offer }) => opened.providers.has(offer.provider));
    if (other.run_id === run_id || left.length === 0 || !known) continue;
    log.warn(`run ${other.run_id} ended without a word and left ${left.length} machines: closing it`);
    await closeRun(other.run_id, opening, signal);
  }
}

/** What can cost money, and who sees that it does not. */
interface Money {
  readonly fleet: Fleet;
  readonly reaper: Reaper;
  readonly log: Log;
}

/** Ends every machine that is left, and asks what was charged. Returns those that could not be proven gone. */
async function endAll({ fleet, reaper, log }: Money): Promise<readonly MachineRecord[]> {
  const leftovers = await fleet.endAll("stopped", "the run is over");
  // What came back after its end is seen once more.
  await reaper.pass().catch((error) => log.warn(messageOf(error)));
  await fleet.reconcileCharges().catch((error) =>
    log.warn(`the charges could not be read: ${messageOf(error)}`)
  );
  return leftovers;
}

/** The agent's bundle, made when the first machine needs it; a run that goes on goes on with the same agent. */
function bundleOnce(paths: Paths, run_dir: string, { bundleAgent }: World): () => Promise<string> {
  const path = join(run_dir, "agent.js");
  return madeOnce(async () => {
    if (await exists(path)) return path;
    await bundleAgent(paths, `${path}.part`);
    await Deno.rename(`${path}.part`, path);
    return path;
  });
}
