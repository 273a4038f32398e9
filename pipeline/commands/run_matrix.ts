// run-matrix: the main job, then data and site, then the result as a table.
import { join, relative, resolve } from "node:path";
import { buildData } from "../build/mod.ts";
import { startEmbedded } from "../engines/embedded/process.ts";
import { exists } from "../lib/files.ts";
import { lockRoot } from "../lib/lock.ts";
import type { Paths } from "../paths.ts";
import type { Shell } from "../main.ts";
import { renderRun } from "../query/render.ts";
import { Database } from "../lib/duckdb.ts";
import { ofRun } from "../query/mod.ts";
import { runMatrix } from "../run/mod.ts";
import { createProgress } from "../run/progress.ts";
import { stopOnSignals } from "./signals.ts";

/** Exit code 0 done, 1 nothing succeeded, 3 some entries failed, 130 stopped. */
export async function runMatrixCommand(
  options: { matrix: string; resume?: string },
  shell: Shell,
): Promise<0 | 1 | 3 | 130> {
  const { paths, log, print } = shell;
  using _lock = await lockRoot(paths.root);
  using stop = stopOnSignals(() =>
    log.warn("stopping: what was measured so far is being kept; once more ends at once")
  );
  const progress = createProgress(
    log,
    (text) => Deno.stderr.writeSync(new TextEncoder().encode(text)),
    Deno.stderr.isTerminal(),
  );
  const engineWorld = {
    fetch,
    log: progress.log.info,
    signal: stop.signal,
    modelsDir: paths.models,
    startEmbedded,
  };
  const outcome = await runMatrix({
    paths,
    matrix: await matrixPath(options.matrix, paths),
    ...(options.resume === undefined ? {} : { resume: options.resume }),
    signal: stop.signal,
    progress,
    engineWorld,
  });
  const succeeded = outcome.rows.filter((row) => row.status === "success").length;
  if (outcome.rows.some((row) => row.raw_dir !== null)) await publish(outcome.run_id, shell);
  if (outcome.stopped) {
    log.warn(`stopped; go on with: ${resumeLine(outcome.run_id, paths)}`);
    return 130;
  }
  for (const row of outcome.rows.filter((row) => row.status !== "success")) {
    print(`${row.entry_id}: ${row.status} at ${row.failure_stage ?? "–"}: ${row.failure_reason ?? ""}\n`);
  }
  if (succeeded < outcome.rows.length) {
    log.info(`to measure again what failed: ${resumeLine(outcome.run_id, paths)}`);
  }
  return succeeded === outcome.rows.length ? 0 : succeeded === 0 ? 1 : 3;
}

function resumeLine(runId: string, { root, repository }: Paths): string {
  return `deno task run-matrix --resume ${runId}${root === repository ? "" : ` --root ${root}`}`;
}

async function publish(runId: string, { paths, log, print }: Shell): Promise<void> {
  log.info("building data and site");
  await buildData(paths, log);
  print(`\n${await tableOf(runId, paths.database)}\n`);
  const { buildSite } = await import("../../site/build.ts");
  await buildSite({ root: paths.root, log: log.info });
  const short = (path: string) =>
    relative(Deno.cwd(), path).startsWith("..") ? path : relative(Deno.cwd(), path);
  print(`Site      ${short(join(paths.siteDist, "index.html"))}\n`);
  print(`Evidence  ${short(join(paths.raw, runId))}\n`);
  print(`Data      ${short(paths.database)} and ${short(paths.api)}\n`);
}

async function tableOf(runId: string, database: string): Promise<string> {
  using db = await Database.reading(database);
  return renderRun(await ofRun(db, runId));
}

/** The matrix as named: from the current folder, else from the root, else from the repository. */
async function matrixPath(name: string, { root, repository }: Paths): Promise<string> {
  for (const path of [resolve(name), join(root, name), join(repository, name)]) {
    if (await exists(path)) return path;
  }
  return name;
}
