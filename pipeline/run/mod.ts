// The main job: from a matrix file, or a run to resume, to sealed evidence and a manifest.
import { basename, join } from "node:path";
import { StoppedError, UserError } from "../errors.ts";
import type { EngineWorld } from "../engines/engine.ts";
import { engines } from "../engines/mod.ts";
import { readCatalog } from "../lib/catalog.ts";
import { copyFolder, exists } from "../lib/files.ts";
import { type Log, teeLog } from "../lib/log.ts";
import { newRunId } from "../lib/run_id.ts";
import type { Paths } from "../paths.ts";
import { expand } from "../plan/expand.ts";
import { resolveMatrix } from "../plan/resolve.ts";
import type { Entry } from "../schema/entry.ts";
import type { ManifestRow } from "../schema/manifest.ts";
import { type EngineChoice, Matrix } from "../schema/matrix.ts";
import { parseOrRefuse } from "../schema/parse.ts";
import { evidenceDir } from "../stages/benchmark.ts";
import { collect } from "../stages/collect.ts";
import { Journal } from "./journal.ts";
import type { Progress } from "./progress.ts";
import { type RunContext, runEntries } from "./run_matrix.ts";

export interface RunOptions {
  readonly paths: Paths;
  /** Path of the matrix; ignored when `resume` names a run. */
  readonly matrix: string;
  readonly resume?: string;
  readonly signal: AbortSignal;
  readonly progress: Progress;
  readonly engineWorld: EngineWorld;
}

export interface RunOutcome {
  readonly run_id: string;
  readonly rows: ManifestRow[];
  readonly stopped: boolean;
}

/** Runs or resumes; the caller holds the root's lock. Everything wrong with the matrix is refused before anything is written. */
export async function runMatrix(options: RunOptions): Promise<RunOutcome> {
  const { paths } = options;
  const planned = options.resume === undefined ? await planEntries(options) : null;
  const runId = options.resume ?? newRunId(new Date());
  const runDir = join(paths.runs, runId);
  if (planned === null && !await exists(join(runDir, "journal.jsonl"))) {
    throw new UserError(
      `Cannot resume ${runId}: there is no such run in ${paths.runs}`,
      "See the known runs with `deno task status`.",
      {
        exitCode: 2,
      },
    );
  }
  using journal = await Journal.open(runDir);
  using log = teeLog(options.progress.log, join(runDir, "log.txt"));
  const context: RunContext = {
    paths,
    run_id: runId,
    run_dir: runDir,
    log,
    signal: options.signal,
    engineWorld: { ...options.engineWorld, log: log.info },
    progress: options.progress.show,
    begin: options.progress.begin,
    journal,
  };
  if (planned !== null) {
    journal.append({ event: "run", run_id: runId, matrix: basename(options.matrix), entries: planned });
  }
  const entries = planned ?? await unfinished(context);
  context.log.info(`run ${runId}: ${entries.length} ${entries.length === 1 ? "entry" : "entries"}`);
  try {
    return { run_id: runId, rows: await runEntries(entries, context), stopped: false };
  } catch (error) {
    if (error instanceof StoppedError) return { run_id: runId, rows: journal.rows(), stopped: true };
    throw error;
  }
}

async function planEntries({ matrix: path, paths, engineWorld, progress }: RunOptions): Promise<Entry[]> {
  const matrix = parseOrRefuse(
    Matrix,
    await readJson(path, "matrix"),
    `the matrix ${path}`,
    "Known keys and values: runs/matrix.schema.json.",
  );
  const catalog = await readCatalog(paths);
  const resolved = await resolveMatrix(
    matrix,
    (choice) => installedModels(choice, engineWorld, progress.log),
  );
  return expand(
    resolved,
    catalog.gpus.map((gpu) => gpu.name),
    (choice, model) => engines[choice.name].canServe(model),
  );
}

async function installedModels(choice: EngineChoice, world: EngineWorld, log: Log): Promise<string[] | null> {
  const engine = engines[choice.name];
  const answer = await engine.answers(choice, world);
  if (answer === null) {
    log.info(`${choice.name} does not answer at ${choice.url ?? engine.defaultUrl ?? "this machine"}`);
    return null;
  }
  const models = await engine.installed(choice, world);
  log.info(
    `${choice.name} ${answer.version ?? ""} answers, ${
      models.length === 0 ? "without models" : `with ${models.join(", ")}`
    }`,
  );
  return models;
}

/** The entries of a run that did not succeed; evidence that a crash left on the machine is collected first. */
async function unfinished(context: RunContext): Promise<Entry[]> {
  const done = new Map(context.journal.rows().map((row) => [row.entry_id, row.status]));
  const entries = context.journal.lines.flatMap((line) => line.event === "run" ? line.entries : [])
    .filter((entry) => done.get(entry.id) !== "success");
  for (const entry of entries) await salvage(entry, context);
  if (entries.length > 0) context.journal.append({ event: "resumed", entries: entries.map(({ id }) => id) });
  return entries;
}

/** Only `local` leaves evidence where a later process finds it: in the run's own folder. */
async function salvage(entry: Entry, context: RunContext): Promise<void> {
  const work = { workdir: join(context.run_dir, "work"), download: copyFolder };
  for await (const folder of leftovers(work.workdir, entry.id)) {
    const collected = await collect(work, entry, folder, evidenceDir(work, folder), context);
    if (collected !== null) {
      context.log.info(
        `${entry.id}  evidence of the interrupted attempt kept in data/raw/${collected.raw_dir}`,
      );
    }
  }
}

async function* leftovers(workdir: string, id: string): AsyncGenerator<string> {
  if (!await exists(workdir)) return;
  for await (const item of Deno.readDir(workdir)) {
    if (item.isDirectory && (item.name === id || item.name.startsWith(`${id}-retry`))) yield item.name;
  }
}

async function readJson(path: string, what: string): Promise<unknown> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (cause) {
    throw new UserError(`Cannot read the ${what} ${path}`, "Name a JSON file, for example runs/local.json.", {
      cause,
      exitCode: 2,
    });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UserError(
      `Cannot read the ${what} ${path}: it is not JSON`,
      "Mend the file; an editor shows where.",
      { cause, exitCode: 2 },
    );
  }
}
