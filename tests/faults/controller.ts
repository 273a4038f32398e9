// The controller of a run as a process that can be killed: by itself at its nth flush to disk, or by whoever started it.
import { realClock } from "../../pipeline/lib/clock.ts";
import { createLog } from "../../pipeline/lib/log.ts";
import { connect } from "../../pipeline/machines/mod.ts";
import { pathsOf } from "../../pipeline/paths.ts";
import { providers } from "../../pipeline/providers/mod.ts";
import { createBoard } from "../../pipeline/run/board.ts";
import { runMatrix } from "../../pipeline/run/mod.ts";
import { sweep } from "../../pipeline/run/sweep.ts";
import type { SimulatedCloud, World } from "../../pipeline/run/world.ts";
import type { ProviderName } from "../../pipeline/schema/names.ts";

export interface Job {
  readonly root: string;
  readonly matrix: string;
  readonly resume?: string;
  /** Sweep instead of running: `journals` with what the root knows, or a deployment's name alone. */
  readonly sweep?: "journals" | { readonly deployment: string };
  readonly clouds: Readonly<Partial<Record<ProviderName, SimulatedCloud>>>;
  readonly pace: number;
  readonly parallel?: number;
  readonly max_usd?: number;
  /** Kill at the nth flush (from 1), before or after the line is on disk. */
  readonly kill?: { readonly flush: number; readonly when: "before" | "after" };
}

const job: Job = JSON.parse(Deno.args[0] ?? "");
killAtFlush(job.kill);
const world: World = {
  clock: realClock(job.pace),
  kinds: providers,
  connect,
  env: () => undefined,
  simulated: new Map(Object.entries(job.clouds) as [ProviderName, SimulatedCloud][]),
  startEmbedded: () => Promise.reject(new Error("there is no embedded engine here")),
};
const paths = pathsOf(job.root);
const log = createLog();
const stop = new AbortController();
Deno.addSignalListener("SIGINT", () => stop.abort());
if (job.sweep === undefined) {
  const outcome = await runMatrix({
    paths,
    matrix: job.matrix,
    ...(job.resume === undefined ? {} : { resume: job.resume }),
    signal: stop.signal,
    board: createBoard(log, null),
    world,
    parallel: job.parallel ?? 8,
    allow_spill: false,
    limits: { max_usd: job.max_usd ?? null, max_hours: null },
    confirm: () => Promise.resolve(true),
  });
  log.info(`ended: ${JSON.stringify({ leftovers: outcome.leftovers.length, usd: outcome.cost.usd })}`);
} else {
  const deployment = job.sweep === "journals" ? null : job.sweep.deployment;
  await sweep({ paths, world, log, signal: stop.signal, deployment, destroy: true, isRunning: false });
}
Deno.exit(0);

/** Every line of a journal is flushed by itself, so the nth flush is the nth line. */
function killAtFlush(kill: Job["kill"]): void {
  if (kill === undefined) return;
  const flush = Deno.FsFile.prototype.syncDataSync;
  let n = 0;
  Deno.FsFile.prototype.syncDataSync = function (this: Deno.FsFile) {
    n += 1;
    if (n === kill.flush && kill.when === "before") die();
    flush.call(this);
    if (n === kill.flush && kill.when === "after") die();
  };
}

function die(): never {
  Deno.kill(Deno.pid, "SIGKILL");
  throw new Error("unreachable");
}
