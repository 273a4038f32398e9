// A builder that dies while it publishes, and files that somebody else changed: the next build gives what a first one gives.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { dirname, join } from "node:path";
import { buildData } from "../pipeline/build/mod.ts";
import { filesBelow, isAsPublished, publish, readPublished } from "../pipeline/build/publish.ts";
import { messageOf } from "../pipeline/errors.ts";
import { sha256File } from "../pipeline/lib/files.ts";
import type { Paths } from "../pipeline/paths.ts";
import { jsonl, metadata, plainLine, sealed, temporaryRoot } from "./fixtures.ts";

const GPUS = { a: "NVIDIA H100 80GB HBM3", b: "NVIDIA GeForce RTX 4090", c: "NVIDIA GeForce RTX 3090" };
type Run = keyof typeof GPUS;

/** Makes data/raw hold just these runs. */
async function hold(paths: Paths, runs: readonly Run[]): Promise<void> {
  for (const run of Object.keys(GPUS) as Run[]) {
    await Deno.remove(join(paths.raw, run), { recursive: true }).catch(() => undefined);
    if (!runs.includes(run)) continue;
    const lines = Array.from({ length: 12 }, (_, n) => plainLine(n, n * 2, 50 + run.charCodeAt(0)));
    await sealed(paths, run, "e", {
      "results.jsonl": jsonl(lines),
      "metadata.json": metadata({ hardware: { gpu_name: GPUS[run] } }),
    });
  }
}

/** Every file that promises equal bytes, by its digest; of the others, Parquet parts and the database, only that it is there. */
async function published({ exported }: Paths): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const visit = async (folder: string) => {
    for (const { name, isDirectory } of [...Deno.readDirSync(join(exported, folder))]) {
      const path = join(folder, name);
      if (isDirectory) await visit(path);
      else if (!name.startsWith(".")) {
        found.set(path, /\.(json|csv)$/.test(name) ? (await sha256File(join(exported, path))).sha256 : "");
      }
    }
  };
  await visit("");
  return new Map([...found].sort());
}

/** What a first build of these runs publishes; the parts of the long tables are named by the first run of a batch. */
async function fresh(runs: readonly Run[]): Promise<Map<string, string>> {
  await using root = await temporaryRoot();
  await hold(root.paths, runs);
  await buildData(root.paths, root.log);
  return await published(root.paths);
}

/** Does `work` and dies at the nth step that changes what is published: from then on no file changes. True when it died. */
async function dieAt(nth: number, exported: string, work: () => unknown): Promise<boolean> {
  const { renameSync, removeSync, rename, remove } = Deno;
  let steps = 0;
  const step = (path: string) => {
    if (path.startsWith(exported) && !path.includes(".staged")) steps += 1;
    if (steps >= nth) throw new Error("the builder is dead");
  };
  Object.assign(Deno, {
    renameSync: (from: string, to: string) => (step(to), renameSync(from, to)),
    removeSync: (path: string, options: Deno.RemoveOptions) => (step(path), removeSync(path, options)),
    rename: async (from: string, to: string) => (step(to), await rename(from, to)),
    remove: async (path: string, options: Deno.RemoveOptions) => (step(path), await remove(path, options)),
  });
  try {
    await work();
  } catch (error) {
    match(messageOf(error), /the builder is dead/);
  } finally {
    Object.assign(Deno, { renameSync, removeSync, rename, remove });
  }
  return steps >= nth;
}

const MADE = { version: "1", evidence: {} };

Deno.test("a builder that dies at any step of publishing leaves a record only of what is whole, and an index that names only what is there", async () => {
  await using root = await temporaryRoot();
  const { exported } = root.paths;
  const write = async (folder: string, files: Record<string, string>) => {
    await Deno.remove(folder, { recursive: true }).catch(() => undefined);
    for (const [path, text] of Object.entries(files)) {
      await Deno.mkdir(dirname(join(folder, path)), { recursive: true });
      await Deno.writeTextFile(join(folder, path), text);
    }
  };
  const state = (...names: string[]) => ({
    "api/v1/index.json": JSON.stringify(names),
    "almanac.duckdb": names.join(),
    ...Object.fromEntries(names.map((name) => [`api/v1/${name}.json`, name])),
  });
  for (let nth = 1;; nth++) {
    await write(exported, {});
    await write(join(exported, ".staged"), state("a", "b"));
    publish(exported, join(exported, ".staged"), MADE, null, []);
    const before = readPublished(exported);
    ok(before !== null && isAsPublished(exported, before));
    await write(join(exported, ".staged"), state("a", "c", "d"));
    const died = await dieAt(
      nth,
      exported,
      () => publish(exported, join(exported, ".staged"), MADE, before, ["api/v1/b.json"]),
    );
    for (const name of JSON.parse(await Deno.readTextFile(join(exported, "api/v1/index.json")))) {
      equal(await Deno.readTextFile(join(exported, `api/v1/${name}.json`)), name, `step ${nth}`);
    }
    const after = readPublished(exported);
    equal(after === null, died && nth > 1, `step ${nth}`);
    ok(after === null || isAsPublished(exported, after));
    if (died) continue;
    deepEqual(filesBelow(exported).sort(), [".built", ...Object.keys(state("a", "c", "d"))].sort());
    ok(nth > 6, `${nth} steps`);
    return;
  }
});

/** At these steps a whole build is let die: the second is the first after the record was taken away. `deno task test-faults publish` takes all. */
const DEATHS = [2, 12, 22];

for (const next of [["a", "c"], ["a", "b"]] as const) {
  Deno.test(`a killed builder leaves nothing that the next build does not mend, with ${next.join(" and ")} as evidence then`, async () => {
    const expected = await fresh(next);
    await using root = await temporaryRoot();
    const { paths, log } = root;
    for (const nth of DEATHS) {
      await hold(paths, ["a", "b"]);
      await buildData(paths, log);
      await hold(paths, ["a", "c"]);
      ok(await dieAt(nth, paths.exported, () => buildData(paths, log)));
      await hold(paths, next);
      await buildData(paths, log);
      deepEqual(await published(paths), expected, `after a death at step ${nth}`);
    }
  });
}

const CHANGES: Record<string, (paths: Paths) => Promise<void>> = {
  "a file of the mirror is missing": ({ api }) => Deno.remove(join(api, "gpus.json")),
  "a file of the mirror has other text of the same length": async ({ api }) => {
    const path = join(api, "providers.json");
    await Deno.writeTextFile(path, (await Deno.readTextFile(path)).replace("{", "["));
  },
  "a file of the mirror is cut": ({ api }) => Deno.truncate(join(api, "benchmarks.json"), 10),
  "the index is missing": ({ api }) => Deno.remove(join(api, "index.json")),
  "there is a foreign file in the mirror": ({ api }) => Deno.writeTextFile(join(api, "best", "x.json"), "{}"),
  "there is a link in the mirror": ({ api }) => Deno.symlink("/etc/hostname", join(api, "host.json")),
  "a schema is missing": ({ exported }) => Deno.remove(join(exported, "schema", "Matrix.json")),
  "a table that seldom changes is missing": ({ exported }) => Deno.remove(join(exported, "gpus.csv")),
  "the dictionary is missing": ({ exported }) => Deno.remove(join(exported, "dictionary.json")),
  "a part of a long table is missing": ({ exported }) =>
    Deno.remove(join(exported, "requests.parquet", "a.parquet")),
  "there is a foreign part of a long table": ({ exported }) =>
    Deno.copyFile(
      join(exported, "requests.parquet", "a.parquet"),
      join(exported, "requests.parquet", "other.parquet"),
    ),
  "the database is missing": ({ database }) => Deno.remove(database),
  "the database is cut": ({ database }) => Deno.truncate(database, 4096),
};

Deno.test("the next build mends whatever was changed since the last", async (t) => {
  await using root = await temporaryRoot();
  const { paths, log } = root;
  await hold(paths, ["a", "b"]);
  await buildData(paths, log);
  const before = await published(paths);
  for (const [what, change] of Object.entries(CHANGES)) {
    await t.step(what, async () => {
      await change(paths);
      await buildData(paths, log);
      deepEqual(await published(paths), before);
    });
  }
  equal((await buildData(paths, log)).directories_read, 0);
});

Deno.test("when the last evidence is taken away, what is left is what a first build without evidence gives", async () => {
  const empty = await fresh([]);
  await using root = await temporaryRoot();
  await hold(root.paths, ["a"]);
  await buildData(root.paths, root.log);
  await hold(root.paths, []);
  await buildData(root.paths, root.log);
  deepEqual(await published(root.paths), empty);
});
