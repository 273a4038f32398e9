// The controller of a run as a process that can be killed, told its job by its input: by itself at its nth flush to disk, or by whoever started it.
import { createLog } from "../../pipeline/lib/log.ts";
import { pathsOf } from "../../pipeline/paths.ts";
import { createBoard } from "../../pipeline/run/board.ts";
import { runMatrix } from "../../pipeline/run/mod.ts";
import { sweep } from "../../pipeline/run/sweep.ts";
import type { SimulatedCloud } from "../../pipeline/run/world.ts";
import type { ProviderName } from "../../pipeline/schema/names.ts";
import { worldWith } from "./stage.ts";

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
  readonly kill?: Kill;
}

/** At the nth journal line (from 1), or the first that holds this text, before or after it is on disk. */
export interface Kill {
  readonly line: number | string;
  readonly when: "before" | "after";
}

const job: Job = await new Response(Deno.stdin.readable).json();
killAtFlush(job.kill);
const world = worldWith(job.clouds, job.pace);
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

/** Every line of a journal is written, then flushed, by itself. */
function killAtFlush(kill: Kill | undefined): void {
  if (kill === undefined) return;
  const { writeSync, syncDataSync } = Deno.FsFile.prototype;
  let n = 0;
  let text = "";
  Deno.FsFile.prototype.writeSync = function (this: Deno.FsFile, bytes: Uint8Array) {
    text = new TextDecoder().decode(bytes);
    return writeSync.call(this, bytes);
  };
  Deno.FsFile.prototype.syncDataSync = function (this: Deno.FsFile) {
    n += 1;
    const isDue = typeof kill.line === "number" ? n === kill.line : text.includes(kill.line);
    if (isDue && kill.when === "before") die();
    syncDataSync.call(this);
    if (isDue && kill.when === "after") die();
  };
}

function die(): never {
  Deno.kill(Deno.pid, "SIGKILL");
  throw new Error("unreachable");
}
