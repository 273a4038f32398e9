// The static mirror of the API: api/v1/**.json. Only files whose content changed are written.
import { dirname, join } from "node:path";
import type { Database } from "../lib/duckdb.ts";
import { sha256Hex } from "../lib/files.ts";
import { listItem, listToJson, toJson } from "../query/json.ts";
import { answers, best, cheapestFile, compare, names, recommend } from "../query/mod.ts";
import type { ApiIndex, BenchmarkAnswer } from "../schema/api.ts";
import type { BenchmarkResult } from "../schema/benchmark.ts";
import type { Touched } from "./changes.ts";
import { slug, slugs } from "../schema/slug.ts";

const FAMILIES = {
  models: { folder: "by-model", of: ({ model }: BenchmarkResult) => model.name },
  gpus: { folder: "by-gpu", of: ({ hardware }: BenchmarkResult) => hardware.gpu_name },
  providers: { folder: "by-provider", of: ({ provider }: BenchmarkResult) => provider },
} as const;

type Family = keyof typeof FAMILIES;
type Known = Record<Family, Map<string, number>>;
type Written = { bytes: number; sha256: string };

/** What the database was asked for the mirror's sake. */
interface Asked {
  /** The files of the last mirror; empty: all are written. */
  readonly before: ReadonlyMap<string, Written>;
  readonly answers: readonly BenchmarkAnswer[];
  readonly known: Known;
  /** Texts of the question files of the models that were touched, by path. */
  readonly questions: ReadonlyMap<string, string>;
}

/** Asks all that the files need which a build touched; `api` is the last mirror, null when all is built anew. Null: nothing changed. */
export async function askMirror(db: Database, api: string | null, touched: Touched): Promise<Asked | null> {
  const before = api === null ? new Map<string, Written>() : await writtenBefore(api);
  if (touched.ids.size === 0 && before.size > 0) return null;
  const known = await names(db);
  const questions = new Map<string, string>();
  const slugOf = slugs([...known.models.keys()]);
  for (const [model, path] of slugOf) {
    if (!mustWrite("models", model, slugOf, before, touched)) continue;
    for (const [folder, ask] of Object.entries(QUESTIONS)) {
      const answer = await ask(db, { model });
      if (answer !== null) questions.set(`${folder}/${path}.json`, toJson(answer));
    }
  }
  return { before, answers: await answers(db), known, questions };
}

const QUESTIONS = { best, cheapest: cheapestFile, compare, recommendations: recommend };

/** Whether the files of a name must be written: all are new, it was touched, or its path may be another one now. */
function mustWrite(
  family: Family,
  name: string,
  slugOf: ReadonlyMap<string, string>,
  before: ReadonlyMap<string, Written>,
  touched: Touched,
): boolean {
  const collide = () => [...slugOf].some(([each, path]) => path !== slug(each));
  return before.size === 0 || touched[family].has(name) || collide();
}

/** Writes the files that differ from those before below `staged`; returns the paths that are no longer there. Needs no database, and blocks. */
export function writeMirror(asked: Asked, staged: string, touched: Touched): string[] {
  const { before, known, questions } = asked;
  const written = new Map<string, Written>();
  const bring = (path: string, fresh: boolean, text: () => string | undefined) => {
    const old = before.get(path);
    const now = fresh ? text() : undefined;
    if (now !== undefined) written.set(path, writeChanged(staged, path, now, old));
    else if (!fresh && old !== undefined) written.set(path, old);
  };
  for (const answer of asked.answers) {
    const { id } = answer.benchmark;
    bring(`benchmarks/${id}.json`, before.size === 0 || touched.ids.has(id), () => toJson(answer));
  }
  const lists = listWriter(asked.answers.map(({ benchmark }) => benchmark));
  bring("benchmarks.json", true, () => lists(() => true));
  const paths: Record<Family, Map<string, string[]>> = {
    models: new Map(),
    gpus: new Map(),
    providers: new Map(),
  };
  for (const family of Object.keys(FAMILIES) as Family[]) {
    const { folder, of } = FAMILIES[family];
    const slugOf = slugs([...known[family].keys()]);
    for (const [name, path] of slugOf) {
      const fresh = mustWrite(family, name, slugOf, before, touched);
      const list = `benchmarks/${folder}/${path}.json`;
      bring(list, fresh, () => lists((benchmark) => of(benchmark) === name));
      const own = family === "models" ? Object.keys(QUESTIONS).map((each) => `${each}/${path}.json`) : [];
      for (const file of own) bring(file, fresh, () => questions.get(file));
      paths[family].set(name, [list, ...own].filter((each) => written.has(each)));
    }
  }
  writeIndex(staged, known, paths, written);
  return [...before.keys()].filter((path) => !written.has(path));
}

/** Gives the list file of the benchmarks that match; each benchmark is turned into text once for all lists. */
function listWriter(
  benchmarks: readonly BenchmarkResult[],
): (match: (one: BenchmarkResult) => boolean) => string {
  const texts = benchmarks.map((benchmark) => listItem(benchmark));
  return (match) =>
    listToJson(benchmarks.flatMap((benchmark, index) => match(benchmark) ? [texts[index] ?? ""] : []));
}

function writeIndex(
  staged: string,
  known: Known,
  paths: Record<Family, Map<string, string[]>>,
  written: ReadonlyMap<string, Written>,
): void {
  const named = (family: Family) => {
    const slugOf = slugs([...known[family].keys()]);
    return [...known[family]].map(([name, benchmarks]) => ({
      name,
      slug: slugOf.get(name) ?? "",
      benchmarks,
      files: paths[family].get(name) ?? [],
    }));
  };
  const files = [...written].map(([path, { bytes, sha256 }]) => ({ path, bytes, sha256 }))
    .sort((a, b) => a.path < b.path ? -1 : 1);
  const index: ApiIndex = {
    data_version: sha256Hex(files.map((file) => `${file.sha256}  ${file.path}\n`).join("")).slice(0, 16),
    models: named("models"),
    gpus: named("gpus"),
    providers: named("providers"),
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
