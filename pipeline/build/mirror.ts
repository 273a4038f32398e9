// The static mirror of the API: api/v1/**.json. Only files whose content changed are written.
import { dirname, join } from "node:path";
import type { Database } from "../lib/duckdb.ts";
import { sha256Hex } from "../lib/files.ts";
import { toJson } from "../query/json.ts";
import { answers, best, cheapestFile, compare, list, names, recommend } from "../query/mod.ts";
import type { ApiIndex, BenchmarkAnswer } from "../schema/api.ts";
import { slug, slugs } from "../schema/slug.ts";

/** What a build touched, by raw name; everything else keeps its files. */
export interface Touched {
  readonly ids: ReadonlySet<string>;
  readonly models: ReadonlySet<string>;
  readonly gpus: ReadonlySet<string>;
  readonly providers: ReadonlySet<string>;
}

type Family = "models" | "gpus" | "providers";
type File = { readonly path: string; readonly text: () => Promise<string | null> };
type Written = { bytes: number; sha256: string };

const LISTS = {
  models: ["by-model", "model"],
  gpus: ["by-gpu", "gpu"],
  providers: ["by-provider", "provider"],
} as const;
const FAMILIES = Object.keys(LISTS) as Family[];

/** Brings `api` up to date with `db`; what was written before is known from the table `mirror`. */
export async function writeMirror(db: Database, api: string, touched: Touched): Promise<void> {
  const before = await readMirrorTable(db);
  const known = await names(db);
  const written = new Map<string, Written>();
  const keepOrWrite = async (file: File, fresh: boolean) => {
    const old = before.get(file.path);
    const text = old === undefined || fresh ? await file.text() : null;
    if (text === null && old !== undefined && !fresh) written.set(file.path, old);
    if (text !== null) written.set(file.path, writeChanged(api, file.path, text, old));
  };
  for (const file of await benchmarkFiles(db)) await keepOrWrite(file, touched.ids.has(file.id));
  await keepOrWrite(
    { path: "benchmarks.json", text: async () => toJson(await list(db)) },
    touched.ids.size > 0,
  );
  const paths: Record<Family, Map<string, string[]>> = {
    models: new Map(),
    gpus: new Map(),
    providers: new Map(),
  };
  for (const family of FAMILIES) {
    const slugOf = slugs([...known[family].keys()]);
    const collide = [...slugOf].some(([name, path]) => path !== slug(name));
    for (const [name, path] of slugOf) {
      const files = filesOf(db, family, name, path);
      for (const file of files) await keepOrWrite(file, collide || touched[family].has(name));
      paths[family].set(name, files.map((file) => file.path).filter((each) => written.has(each)));
    }
  }
  writeIndex(api, known, paths, written, before.get("index.json"));
  for (const path of before.keys()) {
    if (!written.has(path)) await Deno.remove(join(api, path)).catch(() => undefined);
  }
  await writeMirrorTable(db, written);
}

/** One file a benchmark; the answers are read in one query when the first text is asked for. */
async function benchmarkFiles(db: Database): Promise<(File & { id: string })[]> {
  let all: Promise<Map<string, BenchmarkAnswer>> | undefined;
  const rows = await db.rows("SELECT id FROM benchmarks ORDER BY id");
  return rows.map((row) => {
    const id = String(row.id);
    return {
      id,
      path: `benchmarks/${id}.json`,
      text: async () => toJson((await (all ??= answers(db))).get(id)),
    };
  });
}

/** The files about one model, GPU or provider; a text that is null means there is no answer. */
function filesOf(db: Database, family: Family, name: string, path: string): File[] {
  const [folder, filter] = LISTS[family];
  const lists = {
    path: `benchmarks/${folder}/${path}.json`,
    text: async () => toJson(await list(db, { [filter]: name })),
  };
  if (family === "gpus") return [{ ...lists, text: async () => toJson(await listOfGpu(db, name)) }];
  if (family === "providers") return [lists];
  const answer = (question: string, ask: (db: Database, filter: { model: string }) => Promise<unknown>) => ({
    path: `${question}/${path}.json`,
    text: async () => {
      const found = await ask(db, { model: name });
      return found === null ? null : toJson(found);
    },
  });
  return [
    lists,
    answer("best", best),
    answer("cheapest", cheapestFile),
    answer("compare", compare),
    answer("recommendations", recommend),
  ];
}

/** The API's gpu filter matches parts of names; a GPU's own file holds that GPU alone. */
async function listOfGpu(db: Database, gpu: string) {
  const { benchmarks } = await list(db, { gpu });
  const own = benchmarks.filter((benchmark) => benchmark.hardware.gpu_name === gpu);
  return { benchmarks: own, count: own.length };
}

function writeIndex(
  api: string,
  known: Record<Family, Map<string, number>>,
  paths: Record<Family, Map<string, string[]>>,
  written: Map<string, Written>,
  old: Written | undefined,
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
  written.set("index.json", writeChanged(api, "index.json", toJson(index), old));
}

function writeChanged(api: string, path: string, text: string, old: Written | undefined): Written {
  const content = new TextEncoder().encode(text);
  const now = { bytes: content.length, sha256: sha256Hex(content) };
  if (now.sha256 === old?.sha256) return now;
  const target = join(api, path);
  Deno.mkdirSync(dirname(target), { recursive: true });
  Deno.writeFileSync(`${target}.tmp`, content);
  Deno.renameSync(`${target}.tmp`, target);
  return now;
}

async function readMirrorTable(db: Database): Promise<Map<string, Written>> {
  const rows = await db.rows("SELECT path, bytes, sha256 FROM mirror");
  return new Map(
    rows.map((row) => [String(row.path), { bytes: Number(row.bytes), sha256: String(row.sha256) }]),
  );
}

async function writeMirrorTable(db: Database, written: Map<string, Written>): Promise<void> {
  const rows = [...written].map(([path, { bytes, sha256 }]) => ({ path, bytes, sha256 }));
  await db.set("mirror", JSON.stringify(rows));
  await db.runFile("90_mirror.sql");
}
