// run-matrix: the plan, the main job, then data and site, and at the end what worked, what failed and what it cost.
import { join, relative } from "node:path";
import process from "node:process";
import { $ } from "dax";
import { buildData } from "../build/mod.ts";
import { UserError } from "../errors.ts";
import { unlessAborted } from "../lib/clock.ts";
import { Database } from "../lib/duckdb.ts";
import { lockRoot } from "../lib/lock.ts";
import type { Shell } from "../main.ts";
import { pathsOf } from "../paths.ts";
import { UNKNOWN_DOWNLOAD_GB } from "../plan/estimate.ts";
import { UNKNOWN_DISK_GB } from "../plan/leases.ts";
import { unsizedModels } from "../plan/models.ts";
import { markOf } from "../query/mark.ts";
import { ofRun } from "../query/mod.ts";
import { renderOutcome } from "../query/plan.ts";
import { renderRun } from "../query/render.ts";
import { createBoard } from "../run/board.ts";
import { rootOption, tellLeftovers } from "../run/hints.ts";
import { type Asked, runMatrix, type RunOutcome } from "../run/mod.ts";
import type { World } from "../run/world.ts";
import { Failure } from "../schema/failures.ts";
import { SIMULATED } from "../schema/mark.ts";
import { isSimulated, matrixPath, worldOf } from "./matrix.ts";
import { stopOnSignals } from "./signals.ts";
import { showPlan } from "./show_plan.ts";
import { buildSiteApart } from "./site_process.ts";

export interface RunMatrixOptions {
  readonly matrix: string;
  readonly resume?: string;
  readonly root?: string;
  readonly maxUsd?: number;
  readonly maxHours?: number;
  readonly yes: boolean;
  readonly parallel: number;
  readonly allowSpill: boolean;
}

/** Exit codes: 0 done, 1 nothing succeeded, 3 some entries failed, 4 over budget, 130 stopped. */
export type RunExit = 0 | 1 | 3 | 4 | 130;

/** Runs a matrix, or goes on with a run. */
export async function runMatrixCommand(options: RunMatrixOptions, given: Shell): Promise<RunExit> {
  const matrix = await matrixPath(options.matrix, given.paths);
  const shell = await shellFor(matrix, options, given);
  const { paths, log, print } = shell;
  using _lock = await lockRoot(paths.root);
  await using world = await worldOf(matrix, options.resume, paths, log);
  let words =
    "stopping: what was measured is being kept and machines are being ended; once more ends at once";
  using stop = stopOnSignals(() => log.warn(words));
  // A terminal that is gone stops no work.
  process.stderr.on("error", () => undefined);
  const board = createBoard(log, Deno.stderr.isTerminal() ? process.stderr : null);
  let outcome: RunOutcome;
  try {
    outcome = await runMatrix({
      paths,
      matrix,
      ...(options.resume === undefined ? {} : { resume: options.resume }),
      signal: stop.signal,
      board,
      world,
      parallel: options.parallel,
      allow_spill: options.allowSpill,
      limits: { max_usd: options.maxUsd ?? null, max_hours: options.maxHours ?? null },
      confirm: (asked) =>
        confirm(
          asked,
          { isAgreed: options.yes || world.simulated !== null, signal: stop.signal },
          world,
          shell,
        ),
    });
  } finally {
    board.end();
  }
  words = "stopping: all that was measured is kept, data and site stay as they were";
  const isBuilt = await built(outcome, stop.signal, shell);
  const exit = tell(outcome, options.resume ?? outcome.run_id, print, shell);
  if (isBuilt) return exit;
  log.warn(`build data and site with: deno task build${rootOption(paths)}`);
  return 130;
}

/** Builds data and site where there is something new; false when Ctrl-C came meanwhile. What already stopped the run stops no build. */
async function built(outcome: RunOutcome, signal: AbortSignal, shell: Shell): Promise<boolean> {
  if (outcome.rows.every((row) => row.raw_dir === null)) return true;
  const publishing = publish(outcome.run_id, shell, signal.aborted ? new AbortController().signal : signal);
  if (signal.aborted) await publishing;
  else {
    const [ended] = await Promise.allSettled([unlessAborted(publishing, signal)]);
    if (ended.status === "rejected") {
      if (signal.aborted) return false;
      throw ended.reason;
    }
  }
  return true;
}

/** Shows the plan and asks, unless nothing is paid or the answer was given with --yes. */
async function confirm(
  asked: Asked,
  { isAgreed, signal }: { readonly isAgreed: boolean; readonly signal: AbortSignal },
  world: World,
  shell: Shell,
): Promise<boolean> {
  const { log } = shell;
  const { plan, models } = asked.prepared;
  if (plan.leases.every(({ offer }) => offer.price_per_hour === null)) return true;
  showPlan(asked, world, shell);
  if (isAgreed) return true;
  if (!Deno.stdin.isTerminal() || !Deno.stderr.isTerminal()) {
    throw new UserError(
      "Cannot rent without a yes: nobody is there to be asked",
      "Say --yes, and --max-usd N for a limit.",
      { exitCode: 2 },
    );
  }
  const ask = (question: string) => $.maybeConfirm(question, { default: false, noClear: true, signal });
  const unsized = unsizedModels(plan.leases, models);
  if (unsized.length > 0) {
    log.info(
      `nobody knows the size of ${
        unsized.join(", ")
      } or checked whether it fits: ${UNKNOWN_DOWNLOAD_GB} GB to fetch and ${UNKNOWN_DISK_GB} GB of disk are reckoned with`,
    );
    if (!await ask("Go on without knowing?")) return false;
  }
  log.info(`this rents machines for about $${plan.usd.toFixed(2)}, at most $${plan.max_usd.toFixed(2)}`);
  return await ask("Rent them?") ?? false;
}

/** Simulated runs write beside the almanac, not into it. */
async function shellFor(matrix: string, options: RunMatrixOptions, shell: Shell): Promise<Shell> {
  if (options.root !== undefined || !await isSimulated(matrix, options.resume, shell.paths)) return shell;
  return { ...shell, paths: pathsOf(join(shell.paths.repository, ".demo")) };
}

function tell(
  { rows, cost, stopped, leftovers }: RunOutcome,
  runId: string,
  print: Shell["print"],
  { paths, log, width }: Shell,
): RunExit {
  print(renderOutcome(rows, cost, width));
  tellLeftovers(leftovers, paths, log);
  const resume = `deno task run-matrix --resume ${runId}${rootOption(paths)}`;
  if (stopped instanceof Failure) log.warn(`${stopped.message}; ${stopped.hint} ${resume}`);
  else if (stopped !== null) log.warn(`stopped; go on with: ${resume}`);
  if (stopped !== null) return !(stopped instanceof Failure) ? 130 : stopped.code === "over_budget" ? 4 : 3;
  const succeeded = rows.filter(({ status }) => status === "success").length;
  if (succeeded === rows.length) return 0;
  log.info(`to measure again what failed: ${resume}`);
  if (rows.some(({ failure_code }) => failure_code === "over_budget")) return 4;
  return succeeded === 0 ? 1 : 3;
}

async function publish(
  runId: string,
  { paths, log, print, width }: Shell,
  signal: AbortSignal,
): Promise<void> {
  log.info("building data and site");
  await buildData(paths, log);
  print(`\n${await tableOf(runId, paths.database, width)}\n`);
  await buildSiteApart(paths, log.info, signal);
  const short = (path: string) =>
    relative(Deno.cwd(), path).startsWith("..") ? path : relative(Deno.cwd(), path);
  print(`Site      ${short(join(paths.siteDist, "index.html"))}\n`);
  print(`Evidence  ${short(join(paths.raw, runId))}\n`);
  print(`Data      ${short(paths.database)} and ${short(paths.api)}\n`);
}

async function tableOf(runId: string, database: string, width: number): Promise<string> {
  using db = await Database.reading(database);
  const { simulated } = await markOf(db);
  return `${renderRun(await ofRun(db, runId), width)}${simulated === true ? `${SIMULATED}\n` : ""}`;
}
