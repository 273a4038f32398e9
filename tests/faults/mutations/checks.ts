// What must hold of spoilt evidence that went through an import and a build: all of it is accounted for, and nothing of it is markup.
import { dirname, join } from "node:path";
import { Database } from "../../../pipeline/lib/duckdb.ts";
import { fileLines } from "../../../pipeline/lib/lines.ts";
import { harmless } from "../../../pipeline/schema/formula.ts";
import type { Provenance } from "../../../pipeline/schema/provenance.ts";
import { BenchmarkList } from "../../../pipeline/schema/api.ts";
import type { Paths } from "../../../pipeline/paths.ts";
import type { Ended } from "../../e2e/cli.ts";

/** Sentences about what does not hold; empty when all does. */
export type Faults = string[];

/** A command that ended as it may, and said nothing of a fault of the program. */
export function endedWell(what: string, { code, out, err }: Ended, codes: readonly number[]): Faults {
  const faults: Faults = [];
  if (!codes.includes(code)) {
    faults.push(`${what} ended with ${code}: ${err.replace(/^ +at .*\n?/gm, "").slice(-300)}`);
  }
  const trace = /^\s+at .*|.*(fault of the program|Uncaught|panicked).*/m.exec(`${out}\n${err}`);
  if (trace !== null) faults.push(`${what} printed ${trace[0]}`);
  return faults;
}

/** Where each directory came to: taken in, as its folder below data/raw, or refused with a reason. */
export interface Account {
  readonly taken: ReadonlyMap<string, { readonly raw_dir: string; readonly requests: number }>;
  readonly refused: ReadonlyMap<string, string>;
  readonly faults: Faults;
}

export function accountOf(dirs: readonly string[], { out, err }: Ended): Account {
  const taken = new Map([...out.matchAll(/^(.*) → data\/raw\/(\S+): (\d+) requests/gm)].map((
    [, dir = "", raw_dir = "", requests],
  ) => [dir, { raw_dir, requests: Number(requests) }]));
  const refused = new Map([...err.matchAll(/warning: (\S+) was refused: (.+)$/gm)].map((
    [, dir = "", reason = ""],
  ) => [dir, reason]));
  const faults = dirs.filter((dir) => Number(taken.has(dir)) + Number(refused.has(dir)) !== 1)
    .map((dir) => `${dir} was neither taken in nor refused`);
  for (const [dir, reason] of refused) if (reason.length < 20) faults.push(`${dir} was refused: ${reason}`);
  return { taken, refused, faults };
}

/** Every line of every directory that was taken in counts, is empty, or is named by its seal; every fault and every file that stayed is told. */
export async function linesAccounted({ taken }: Account, { err }: Ended, { raw }: Paths): Promise<Faults> {
  const faults: Faults = [];
  for (const [dir, { raw_dir, requests }] of taken) {
    const home = join(raw, raw_dir);
    const told = err.split("\n").filter((line) => line.includes(`${dir}: `));
    const { rejected_lines } = JSON.parse(
      await Deno.readTextFile(join(home, "provenance.json")),
    ) as Provenance;
    const rejected = rejected_lines.filter(({ file }) => file === "results.jsonl").length;
    let lines = 0;
    for await (const { text, fault } of fileLines(join(home, "results.jsonl"))) {
      if (fault !== null || !/^[ \t\r]*$/.test(text)) lines += 1;
    }
    if (lines !== requests + rejected) {
      faults.push(`${dir}: of ${lines} lines ${requests} count and ${rejected} are rejected`);
    }
    if (rejected_lines.length > 0 && !told.some((line) => line.includes("left out"))) {
      faults.push(`${dir}: its ${rejected_lines.length} rejected lines were not told`);
    }
    for (const { name } of Deno.readDirSync(dir)) {
      const isHere = name !== "provenance.json" &&
        await Deno.stat(join(home, name)).then(() => true, () => false);
      if (!isHere && !told.some((line) => line.includes(name))) {
        faults.push(`${dir}: ${name} stayed without a word`);
      }
    }
  }
  return faults;
}

/** Every sealed directory is in the tables with all its requests; one of those that were `spoilt` after that may be left out by name. */
export async function builtAccounted(
  { taken }: Account,
  { err }: Ended,
  paths: Paths,
  spoilt: ReadonlySet<string>,
): Promise<Faults> {
  using db = await Database.reading(paths.database);
  const counted = await db.rows(
    "SELECT run_id || '/' || entry_id AS raw_dir, count(*)::INTEGER AS requests FROM read_parquet($parts) GROUP BY ALL",
    { parts: join(paths.exported, "requests.parquet", "*") },
  );
  const requests = new Map(counted.map((row) => [String(row.raw_dir), Number(row.requests)]));
  return [...taken.values()].flatMap(({ raw_dir, requests: expected }) => {
    const found = requests.get(raw_dir) ?? 0;
    const told = err.split("\n").find((line) => line.includes(`${raw_dir} is left out: `));
    const holds = told === undefined
      ? found === expected || spoilt.has(raw_dir) && found > 0
      : found === 0 && spoilt.has(raw_dir);
    return holds
      ? []
      : [`${raw_dir}: ${found} of ${expected} requests are in the tables; ${told ?? "it is not named"}`];
  });
}

/** The published JSON is of its form, and every text cell of every CSV is harmless. */
export async function exportsHarmless({ api, exported }: Paths): Promise<Faults> {
  const list = JSON.parse(await Deno.readTextFile(join(api, "benchmarks.json")));
  const checked = BenchmarkList.safeParse(list);
  const faults = checked.success
    ? []
    : checked.error.issues.map(({ path, message }) => `benchmarks.json: ${path.join(".")}: ${message}`);
  using db = await Database.inMemory();
  for (const { name } of [...Deno.readDirSync(exported)].filter((item) => item.name.endsWith(".csv"))) {
    const rows = await db.rows("FROM read_csv($file, all_varchar = true)", { file: join(exported, name) });
    const cells = rows.flatMap((row) => Object.values(row).map((cell) => String(cell ?? "")));
    const formula = cells.find((cell) => harmless(cell) !== cell && Number.isNaN(Number(cell)));
    if (formula !== undefined) faults.push(`${name} holds the formula ${formula}`);
  }
  return faults;
}

/** No page, feed or badge below `dist` holds an injected element or a path of somebody's computer, and all XML is well-formed. */
export async function pagesHarmless(dist: string): Promise<{ pages: number; faults: Faults }> {
  const faults: Faults = [];
  let pages = 0;
  for await (const path of pagesBelow(dist)) {
    const text = await Deno.readTextFile(path);
    pages += 1;
    const injected = /<script>injected|<img src=x|<svg onload|<injected|href="javascript:|zoeq/.exec(text);
    if (injected !== null) faults.push(`${path} holds ${injected[0]}`);
    const broken = /\.(xml|svg)$/.test(path) ? brokenXml(text) : null;
    if (broken !== null) faults.push(`${path} is no XML: ${broken}`);
  }
  return { pages, faults };
}

/** Raw evidence and data lie below the site as they are; no browser reads them as pages. */
async function* pagesBelow(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory && !["duckdb", "swagger"].includes(name)) yield* pagesBelow(path);
    if (/\.(html|xml|svg|txt)$/.test(name) && dirname(path) !== join(folder, "swagger")) yield path;
  }
}

/** Why a text is no well-formed XML; null when it is. Elements, attributes, references and characters are looked at. */
export function brokenXml(text: string): string | null {
  // deno-lint-ignore no-control-regex
  const character = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.exec(text);
  if (character !== null || !text.isWellFormed()) return "it holds a character that XML does not know";
  const plain = text.replace(/<!\[CDATA\[[^]*?\]\]>|<!--[^]*?-->|<\?[^]*?\?>/g, "");
  const open: string[] = [];
  const rest = plain.replace(
    /<(\/?)([\w:-]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/g,
    (_, end, name, _attributes, single) => {
      if (end === "/" && open.pop() !== name) open.push(`</${name}>`, "unbalanced");
      if (end === "" && single === "") open.push(name);
      return "";
    },
  );
  if (open.length > 0) return `${open.join(" ")} is not closed`;
  if (/[<>]/.test(rest)) return `${/.{0,20}[<>].{0,20}/.exec(rest)?.[0]} is no element`;
  const reference = /&(?!(amp|lt|gt|quot|apos|#\d+|#x[\da-f]+);).{0,20}/i.exec(plain);
  return reference === null ? null : `${reference[0]} is no reference`;
}
