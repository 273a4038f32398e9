// The static mirror of the API: api/v1/**.json. Only files whose content changed are written.
import { dirname, join } from "node:path";
import type { Database } from "../lib/duckdb.ts";
import { sha256Hex } from "../lib/files.ts";
import { toJson } from "../query/json.ts";
import { markOf } from "../query/mark.ts";
import { best, cheapestFile, compare, details, names, pareto, recommend } from "../query/mod.ts";
import { OVERVIEWS, runsWithManifest } from "../query/overviews.ts";
import { slo } from "../query/slo.ts";
import type { ApiIndex, BenchmarkDetail } from "../schema/api.ts";
import type { BenchmarkResult } from "../schema/benchmark.ts";
import type { Mark } from "../schema/mark.ts";
import type { Touched } from "./changes.ts";
import { slug, slugs } from "../schema/slug.ts";

const FAMILIES = {
  models: { folder: "by-model", of: ({ model }: BenchmarkResult) => model.name },
  gpus: { folder: "by-gpu", of: ({ hardware }: BenchmarkResult) => hardware.gpu },
  providers: { folder: "by-provider", of: ({ provider }: BenchmarkResult) => provider },
} as const;

type Family = keyof typeof FAMILIES;
type Written = { bytes: number; sha256: string };

/** A model, GPU or provider. `fresh`: its files must be written. */
interface Named {
  readonly name: string;
  readonly slug: string;
  readonly benchmarks: number;
  readonly fresh: boolean;
}

/** What the database was asked for the mirror's sake. */
interface Asked {
  /** The files of the last mirror; empty: all are written. */
  readonly before: ReadonlyMap<string, Written>;
  readonly mark: Mark;
  readonly details: readonly BenchmarkDetail[];
  readonly named: Record<Family, readonly Named[]>;
  /** Texts of the question files of the fresh models that have an answer, by path. */
  readonly questions: ReadonlyMap<string, string>;
  /** Texts of the files about all models and about runs, by path. */
  readonly overviews: ReadonlyMap<string, string>;
}

const QUESTIONS = { best, cheapest: cheapestFile, compare, pareto, recommendations: recommend, slo };

/** Asks all that the files need which a build touched, over two connections at once; `api` is the last mirror, null when all is built anew. Null: nothing changed. */
export async function askMirror(
  db: Database,
  beside: Database,
  api: string | null,
  touched: Touched,
): Promise<Asked | null> {
  const before = api === null ? new Map<string, Written>() : await writtenBefore(api);
  const named = await askNames(db, before.size === 0 ? null : touched);
  const mark = await markOf(db);
  const asking = askOverviews(beside, mark);
  if (touched.ids.size === 0 && before.size > 0 && isAsBefore(await asking, before)) return null;
  const fresh = named.models.filter(({ fresh }) => fresh).values();
  const [overviews, questions, rest] = await Promise.all([
    asking,
    askQuestions(db, fresh, mark),
    asking.then(() => askRest(beside, fresh, mark)),
  ]);
  return {
    before,
    mark,
    overviews,
    named,
    questions: new Map([...questions, ...rest.questions]),
    details: rest.details,
  };
}

async function askRest(
  db: Database,
  fresh: Iterable<Named>,
  mark: Mark,
): Promise<Pick<Asked, "details" | "questions">> {
  return { details: await details(db), questions: await askQuestions(db, fresh, mark) };
}

function isAsBefore(texts: ReadonlyMap<string, string>, before: Asked["before"]): boolean {
  return texts.entries().every(([path, text]) => before.get(path)?.sha256 === sha256Hex(text));
}

/** Every model, GPU and provider; `touched` null: all of them are fresh. */
async function askNames(db: Database, touched: Touched | null): Promise<Asked["named"]> {
  const known = await names(db);
  const of = (family: Family) => namedOf(known[family], touched === null ? null : touched[family]);
  return { models: of("models"), gpus: of("gpus"), providers: of("providers") };
}

/** Texts of the question files of `models`, which two connections may take from the same iterator. */
async function askQuestions(
  db: Database,
  models: Iterable<Named>,
  mark: Mark,
): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const model of models) {
    for (const [folder, ask] of Object.entries(QUESTIONS)) {
      const answer = await ask(db, { model: model.name });
      if (answer !== null) texts.set(`${folder}/${model.slug}.json`, toJson({ ...mark, ...answer }));
    }
  }
  return texts;
}

async function askOverviews(db: Database, mark: Mark): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const [path, ask] of Object.entries(OVERVIEWS)) {
    texts.set(`${path}.json`, toJson({ ...mark, ...await ask(db) }));
  }
  for (const run of await runsWithManifest(db)) {
    texts.set(`runs/${slug(run.run_id)}.json`, toJson({ ...mark, ...run }));
  }
  return texts;
}

/** Names with their slugs; all are fresh when `touched` is null, or when two collide, since a path may then be another one now. */
function namedOf(counts: ReadonlyMap<string, number>, touched: ReadonlySet<string> | null): Named[] {
  const slugOf = [...slugs([...counts.keys()])];
  const collide = slugOf.some(([name, path]) => path !== slug(name));
  return slugOf.map(([name, path]) => ({
    name,
    slug: path,
    benchmarks: counts.get(name) ?? 0,
    fresh: touched === null || collide || touched.has(name),
  }));
}

/** Writes the files that differ from those before below `staged`; returns the paths that are no longer there. Needs no database, and blocks. */
export function writeMirror(
  { before, mark, details, named, questions, overviews }: Asked,
  staged: string,
  touched: Touched,
): string[] {
  const written = new Map<string, Written>();
  const bring = (path: string, fresh: boolean, text: () => string | undefined) => {
    const old = before.get(path);
    const now = fresh ? text() : undefined;
    if (now !== undefined) written.set(path, writeChanged(staged, path, now, old));
    else if (!fresh && old !== undefined) written.set(path, old);
  };
  for (const detail of details) {
    const { id } = detail.benchmark;
    bring(
      `benchmarks/${id}.json`,
      before.size === 0 || touched.ids.has(id),
      () => toJson({ ...mark, ...detail }),
    );
  }
  const all = details.map(({ benchmark }) => benchmark);
  bring("benchmarks.json", true, () => listToJson(all, mark));
  for (const family of Object.keys(FAMILIES) as Family[]) {
    const { of } = FAMILIES[family];
    for (const one of named[family]) {
      const [list = "", ...own] = filesOf(family, one);
      bring(list, one.fresh, () => listToJson(all.filter((benchmark) => of(benchmark) === one.name), mark));
      for (const file of own) bring(file, one.fresh, () => questions.get(file));
    }
  }
  for (const [path, text] of overviews) bring(path, true, () => text);
  writeIndex(staged, mark, named, written);
  return [...before.keys()].filter((path) => !written.has(path));
}

/** Paths of the files about a name: its list, and for a model one a question. */
function filesOf(family: Family, { slug }: Named): string[] {
  const questions = family === "models"
    ? Object.keys(QUESTIONS).map((folder) => `${folder}/${slug}.json`)
    : [];
  return [`benchmarks/${FAMILIES[family].folder}/${slug}.json`, ...questions];
}

function listToJson(benchmarks: readonly BenchmarkResult[], mark: Mark): string {
  return toJson({ ...mark, benchmarks, count: benchmarks.length });
}

function writeIndex(
  staged: string,
  mark: Mark,
  named: Asked["named"],
  written: ReadonlyMap<string, Written>,
): void {
  const listed = (family: Family) =>
    named[family].map((one) => ({
      name: one.name,
      slug: one.slug,
      benchmarks: one.benchmarks,
      files: filesOf(family, one).filter((path) => written.has(path)),
    }));
  const files = [...written].map(([path, { bytes, sha256 }]) => ({ path, bytes, sha256 }))
    .sort((a, b) => a.path < b.path ? -1 : 1);
  const index: ApiIndex = {
    ...mark,
    data_version: sha256Hex(files.map((file) => `${file.sha256}  ${file.path}\n`).join("")).slice(0, 16),
    models: listed("models"),
    gpus: listed("gpus"),
    providers: listed("providers"),
    files,
  };
  writeChanged(staged, "index.json", toJson(index), undefined);
}

function writeChanged(staged: string, path: string, text: string, old: Written | undefined): Written {
  const content = new TextEncoder().encode(text);
  const now = { bytes: content.length, sha256: sha256Hex(content) };
  if (now.sha256 === old?.sha256) return now;
  const target = join(staged, path);
  Deno.mkdirSync(dirname(target), { recursive: true });
  Deno.writeFileSync(target, content);
  return now;
}

/** The files that the last index names, itself excepted; none when there is no index. */
async function writtenBefore(api: string): Promise<Map<string, Written>> {
  const text = await Deno.readTextFile(join(api, "index.json")).catch(() => null);
  if (text === null) return new Map();
  return new Map((JSON.parse(text) as ApiIndex).files.map((file) => [file.path, file]));
}
