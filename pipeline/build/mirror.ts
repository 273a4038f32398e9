// The static mirror of the API: api/v1/**.json. Only files whose content changed are written.
import { dirname, join } from "node:path";
import type { Database } from "../lib/duckdb.ts";
import { sha256Hex } from "../lib/files.ts";
import { listItem, listToJson, toJson } from "../query/json.ts";
import { answers, best, cheapestFile, compare, names, recommend } from "../query/mod.ts";
import type { ApiIndex } from "../schema/api.ts";
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
/** A text that is null means that there is no answer and so no file. */
type File = { readonly path: string; readonly text: () => Promise<string | null> };
type Written = { bytes: number; sha256: string };

/** Writes the files of the mirror that differ from those of `api` (null: all of them) below `staged`; returns the paths that are no longer there. */
export async function writeMirror(
  db: Database,
  api: string | null,
  staged: string,
  touched: Touched,
): Promise<string[]> {
  const before = api === null ? new Map<string, Written>() : await writtenBefore(api);
  if (touched.ids.size === 0 && before.size > 0) return [];
  const all = await answers(db);
  const known = await names(db);
  const written = new Map<string, Written>();
  const anew = before.size === 0;
  const bring = async (file: File, fresh: boolean) => {
    const old = before.get(file.path);
    if (!anew && !fresh) {
      if (old !== undefined) written.set(file.path, old);
      return;
    }
    const text = await file.text();
    if (text !== null) written.set(file.path, writeChanged(staged, file.path, text, old));
  };
  for (const answer of all) {
    const { id } = answer.benchmark;
    await bring(
      { path: `benchmarks/${id}.json`, text: () => Promise.resolve(toJson(answer)) },
      touched.ids.has(id),
    );
  }
  const lists = listWriter(all.map(({ benchmark }) => benchmark));
  await bring({ path: "benchmarks.json", text: () => Promise.resolve(lists(() => true)) }, true);
  const paths: Record<Family, Map<string, string[]>> = {
    models: new Map(),
    gpus: new Map(),
    providers: new Map(),
  };
  for (const family of Object.keys(FAMILIES) as Family[]) {
    const slugOf = slugs([...known[family].keys()]);
    const collide = [...slugOf].some(([name, path]) => path !== slug(name));
    for (const [name, path] of slugOf) {
      const { folder, of } = FAMILIES[family];
      const own = () => Promise.resolve(lists((benchmark) => of(benchmark) === name));
      const files = [
        { path: `benchmarks/${folder}/${path}.json`, text: own },
        ...(family === "models" ? questionFiles(db, name, path) : []),
      ];
      for (const file of files) await bring(file, collide || touched[family].has(name));
      paths[family].set(name, files.map((file) => file.path).filter((each) => written.has(each)));
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

function questionFiles(db: Database, model: string, path: string): File[] {
  const file = (folder: string, ask: (db: Database, filter: { model: string }) => Promise<unknown>) => ({
    path: `${folder}/${path}.json`,
    text: async () => {
      const answer = await ask(db, { model });
      return answer === null ? null : toJson(answer);
    },
  });
  return [
    file("best", best),
    file("cheapest", cheapestFile),
    file("compare", compare),
    file("recommendations", recommend),
  ];
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
