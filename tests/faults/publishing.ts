// Builders of data and of the site killed before every step of publishing: what is there then, and after the next build.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildData } from "../../pipeline/build/mod.ts";
import { filesBelow } from "../../pipeline/build/publish.ts";
import { exists, sha256File } from "../../pipeline/lib/files.ts";
import type { Paths } from "../../pipeline/paths.ts";
import { buildSiteApart } from "../../pipeline/commands/site_process.ts";
import { type Line, none } from "../bench/line.ts";
import { RUN } from "../e2e/cli.ts";
import { jsonl, metadata, plainLine, sealed, temporaryRoot } from "../fixtures.ts";

const program = fileURLToPath(new URL("publisher.ts", import.meta.url));
const GPUS = { a: "NVIDIA H100 80GB HBM3", b: "NVIDIA GeForce RTX 4090", c: "NVIDIA GeForce RTX 3090" };
const quiet = { info: () => undefined, warn: () => undefined };

/** Every step of both; a last line tells how many kills there were. */
export async function killPublishers(tell: (text: string) => void): Promise<Line[]> {
  return [await killBuilders(tell), await killSiteBuilders(tell)];
}

async function killBuilders(tell: (text: string) => void): Promise<Line> {
  const expected = { "a,c": await fresh(["a", "c"]), "a,b": await fresh(["a", "b"]) };
  await using root = await temporaryRoot();
  const { paths } = root;
  let [kills, differ] = [0, 0];
  for (let nth = 1;; nth++) {
    await hold(paths, ["a", "b"]);
    await buildData(paths, quiet);
    await hold(paths, ["a", "c"]);
    if (!await killed("data", paths, nth)) break;
    kills += 1;
    const evidence = nth % 2 === 0 ? "a,c" : "a,b";
    await hold(paths, evidence.split(",") as Run[]);
    await buildData(paths, quiet);
    differ += differing(await published(paths), expected[evidence]);
    if (nth % 10 === 0) tell(`builder killed at ${nth} steps`);
  }
  return none(
    "builder killed at every step, then a build",
    { "files that differ": differ },
    `${kills} kills`,
  );
}

async function killSiteBuilders(tell: (text: string) => void): Promise<Line> {
  await using root = await temporaryRoot();
  const { paths } = root;
  await hold(paths, ["a"]);
  await buildData(paths, quiet);
  await buildSiteApart(paths, () => undefined, new AbortController().signal);
  const pages = filesBelow(paths.siteDist).length;
  let [kills, without, left] = [0, 0, 0];
  for (let nth = 1;; nth++) {
    if (!await killed("site", paths, nth)) break;
    kills += 1;
    const shown = await exists(paths.siteDist) ? paths.siteDist : paths.siteAside;
    if (filesBelow(shown).length !== pages) without += 1;
    await buildSiteApart(paths, () => undefined, new AbortController().signal);
    if (filesBelow(paths.siteDist).length !== pages) without += 1;
    left += [...Deno.readDirSync(join(paths.root, "site"))].length - 1;
    tell(`builder of the site killed at ${nth} steps`);
  }
  return none(
    "builder of the site killed at every step, then a build",
    { "without a whole site": without, "folders left": left },
    `${kills} kills`,
  );
}

/** Whether the builder was there to be killed before its nth step. */
async function killed(what: "data" | "site", { root }: Paths, nth: number): Promise<boolean> {
  const { signal, code } = await new Deno.Command(Deno.execPath(), {
    args: [...RUN, "--quiet", program, what, root, String(nth)],
    stdout: "null",
    stderr: "inherit",
  }).output();
  if (signal === null && code !== 0) throw new Error(`the builder failed at step ${nth}`);
  return signal === "SIGKILL";
}

type Run = keyof typeof GPUS;

async function hold(paths: Paths, runs: readonly Run[]): Promise<void> {
  await Deno.remove(paths.raw, { recursive: true }).catch(() => undefined);
  for (const run of runs) {
    const lines = Array.from({ length: 12 }, (_, n) => plainLine(n, n * 2, 50 + run.charCodeAt(0)));
    await sealed(paths, run, "e", {
      "results.jsonl": jsonl(lines),
      "metadata.json": metadata({ hardware: { gpu_name: GPUS[run] } }),
    });
  }
}

async function fresh(runs: readonly Run[]): Promise<Map<string, string>> {
  await using root = await temporaryRoot();
  await hold(root.paths, runs);
  await buildData(root.paths, quiet);
  return await published(root.paths);
}

async function published({ exported }: Paths): Promise<Map<string, string>> {
  const paths = filesBelow(exported).filter((path) => /\.(json|csv)$/.test(path));
  return new Map(
    await Promise.all(
      paths.map(async (path) => [path, (await sha256File(join(exported, path))).sha256] as const),
    ),
  );
}

function differing(found: ReadonlyMap<string, string>, expected: ReadonlyMap<string, string>): number {
  const paths = new Set([...found.keys(), ...expected.keys()]);
  return [...paths].filter((path) => found.get(path) !== expected.get(path)).length;
}
