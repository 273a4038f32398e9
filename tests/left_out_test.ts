// What a build cannot read is left out by name, and the rest is published: evidence sealed by older versions, damaged, changed, foreign.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { DATASETS } from "../pipeline/build/batch.ts";
import { openDatabase } from "../pipeline/build/database.ts";
import { readSeal } from "../pipeline/build/intact.ts";
import { buildData } from "../pipeline/build/mod.ts";
import { buildReadable } from "../pipeline/build/readable.ts";
import { scanRaw } from "../pipeline/build/scan.ts";
import { readCatalog } from "../pipeline/lib/catalog.ts";
import { Database } from "../pipeline/lib/duckdb.ts";
import { evidenceId } from "../pipeline/lib/evidence_id.ts";
import { sha256Hex } from "../pipeline/lib/files.ts";
import type { Paths } from "../pipeline/paths.ts";
import { list } from "../pipeline/query/mod.ts";
import { fromHost, jsonl, metadata, sealed, temporaryRoot } from "./fixtures.ts";
import { olderLines } from "./imported.ts";

const GOOD = { "results.jsonl": jsonl(olderLines()) };

/** A good directory of a host of its own. */
function good(paths: Paths, run: string, entry: string): Promise<string> {
  return sealed(paths, run, entry, fromHost(`${run} ${entry}`, { ...GOOD, "metadata.json": metadata() }));
}

/** Seals files as they are, like a version that saw no fault in them. */
async function sealedBlindly(
  paths: Paths,
  run: string,
  entry: string,
  files: Record<string, string | Uint8Array>,
) {
  const dir = await good(paths, run, entry);
  const seal = join(dir, "provenance.json");
  const provenance = JSON.parse(await Deno.readTextFile(seal));
  for (const [name, content] of Object.entries(files)) {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(join(dir, name), bytes);
    const told = { name, bytes: bytes.length, sha256: sha256Hex(bytes) };
    provenance.files = [...provenance.files.filter((file: { name: string }) => file.name !== name), told];
  }
  provenance.evidence_id = evidenceId(provenance.files);
  if ("gpu.csv" in files) {
    Object.assign(provenance, { gpu_columns: ["timestamp", "power_w"], gpu_header_lines: 0 });
  }
  await Deno.writeTextFile(seal, JSON.stringify(provenance));
  return dir;
}

function line(rest: string): string {
  return `${jsonl(olderLines(5))}{"t":1767323050,"n":9,"tok":256,"tps":100,"dur":2.7${rest}}\n`;
}

const BAD_COLUMNS =
  "t': 'VARCHAR'}, auto_detect = false); COPY (SELECT content FROM read_text('/etc/hostname')) TO '/tmp/x'; --";

/** Another word in the seal. */
function edited(changes: object): (dir: string) => Promise<void> {
  return async (dir) => {
    const seal = join(dir, "provenance.json");
    const provenance = JSON.parse(await Deno.readTextFile(seal));
    await Deno.writeTextFile(seal, JSON.stringify({ ...provenance, ...changes }));
  };
}

/** A directory with a gpu.csv whose seal tells of these columns. */
function columns(...gpu_columns: string[]): (dir: string) => Promise<void> {
  return async (dir) => {
    const seal = join(dir, "provenance.json");
    const provenance = JSON.parse(await Deno.readTextFile(seal));
    const text = "2026/01/02 03:04:05.000, 95\n";
    await Deno.writeTextFile(join(dir, "gpu.csv"), text);
    provenance.files.push({ name: "gpu.csv", bytes: text.length, sha256: sha256Hex(text) });
    await Deno.writeTextFile(seal, JSON.stringify({ ...provenance, gpu_columns }));
  };
}

/** What older versions sealed, and what a build says of it now. */
const SEALED_BLINDLY: Readonly<Record<string, readonly [Record<string, string | Uint8Array>, RegExp]>> = {
  "half a character in a line": [{ "results.jsonl": line(',"error_msg":"\\ud83d"') }, /surrogate in string/],
  "bytes that are no UTF-8": [
    {
      "results.jsonl": Uint8Array.from([
        ...new TextEncoder().encode(jsonl(olderLines())),
        0x22,
        0xff,
        0x22,
        0x0a,
      ]),
    },
    /Malformed JSON/,
  ],
  "the same key twice": [{ "results.jsonl": line(',"tok":3') }, /duplicate key/],
  "a count beyond its column": [{ "results.jsonl": line(',"cached_tok":1e30') }, /1e30/],
  "half a character in metadata": [
    { "metadata.json": metadata().replace('"host"', '"\\ud83d"') },
    /surrogate in string/,
  ],
  "a count beyond its column in metadata": [
    { "metadata.json": metadata({ hardware: { cpu_cores: 1e30 } }) },
    /Could not convert/,
  ],
  "metadata that is none": [{ "metadata.json": "damaged" }, /Malformed JSON/],
  "bytes that are no UTF-8 in gpu.csv": [
    { "gpu.csv": Uint8Array.from([0x31, 0x2c, 0xff, 0x0a]) },
    /unicode|UTF-8/i,
  ],
  "half a character in chunks": [
    { "chunks.jsonl": '{"n":1,"level":1,"phase":"\\ud83d","first_ns":1,"gaps_us":[1]}\n' },
    /surrogate/,
  ],
  "a word in the place of a number": [
    { "metadata.json": metadata({ model: { parameter_count: "NaN" } }) },
    /one of its figures is no number/,
  ],
  "a calibration that is none": [{ "calibration.json": "{" }, /JSON/],
};

async function built({ paths, log }: { paths: Paths; log: Parameters<typeof buildData>[1] }) {
  const { notices, directories_read } = await buildData(paths, log);
  using db = await Database.reading(paths.database);
  const { benchmarks } = await list(db, { limit: 200 });
  return {
    notices,
    directories_read,
    entries: benchmarks.map(({ provenance }) => `${provenance.run_id}/${provenance.entry_id}`).sort(),
  };
}

Deno.test("evidence that an older version sealed and the database cannot read is left out by name, the rest is published", async (test) => {
  await using root = await temporaryRoot();
  for (const [index, [, [files]]] of Object.entries(SEALED_BLINDLY).entries()) {
    await sealedBlindly(root.paths, "mixed", `bad-${index}`, files);
    await good(root.paths, "mixed", `good-${index}`);
  }
  for (const run of ["before", "zlast"]) await good(root.paths, run, "e");
  const { notices, entries } = await built(root);
  for (const [index, [what, [, reason]]] of Object.entries(SEALED_BLINDLY).entries()) {
    await test.step(what, () => {
      const told = notices.filter((notice) => notice.includes(`mixed/bad-${index} is left out: `));
      equal(told.length, 1, notices.join("\n"));
      match(told[0] ?? "", reason);
    });
  }
  equal(notices.length, Object.keys(SEALED_BLINDLY).length);
  const expected = Object.keys(SEALED_BLINDLY).map((_, index) => `mixed/good-${index}`);
  deepEqual(entries, ["before/e", ...expected, "zlast/e"].sort());
  await test.step("the next build reads nothing again, and says the same", async () => {
    const again = await built(root);
    equal(again.directories_read, 0);
    deepEqual(again.notices, notices);
    deepEqual(again.entries, entries);
  });
  await test.step("a run that is added is all that is read", async () => {
    await good(root.paths, "added", "e");
    const { directories_read, notices: said } = await built(root);
    deepEqual([directories_read, said], [1, notices]);
  });
  await test.step("no folder of this computer is in the reasons that the published database holds", async () => {
    using db = await Database.reading(root.paths.database);
    const rows = await db.rows("SELECT left_out FROM sources WHERE left_out IS NOT NULL");
    ok(rows.every(({ left_out }) => !String(left_out).includes(root.paths.root)), JSON.stringify(rows));
  });
  await test.step("one that is mended is published", async () => {
    await sealedBlindly(root.paths, "mixed", "bad-0", GOOD);
    const mended = await built(root);
    ok(mended.entries.includes("mixed/bad-0"));
    equal(mended.notices.length, notices.length - 1);
  });
  await test.step("nothing of the tries is left in what is published", async () => {
    const parts = [...Deno.readDirSync(join(root.paths.exported, "requests.parquet"))].map(({ name }) =>
      name
    );
    using db = await Database.reading(root.paths.database);
    const rows = await db.rows("SELECT DISTINCT part FROM sources WHERE part IS NOT NULL ORDER BY part");
    deepEqual(parts.sort(), rows.map(({ part }) => part));
  });
});

/** What may happen to a sealed directory, and what a build says of it. */
const DAMAGED: Readonly<Record<string, readonly [(dir: string) => Promise<unknown>, RegExp]>> = {
  "a line that was changed by hand": [
    async (dir) => {
      const path = join(dir, "results.jsonl");
      await Deno.writeTextFile(path, (await Deno.readTextFile(path)).replace('"tps":100', '"tps":900'));
    },
    /results\.jsonl is not what was sealed: its SHA-256 is another/,
  ],
  "a line that was changed by hand, with the time of before": [
    async (dir) => {
      const path = join(dir, "results.jsonl");
      await Deno.writeTextFile(path, (await Deno.readTextFile(path)).replace('"tps":100', '"tps":900'));
      await Deno.utime(path, 0, 0);
    },
    /results\.jsonl is not what was sealed: its SHA-256 is another/,
  ],
  "a line that was added": [
    (dir) => Deno.writeTextFile(join(dir, "results.jsonl"), jsonl(olderLines(1)), { append: true }),
    /results\.jsonl is not what was sealed: it has \d+ bytes instead of \d+/,
  ],
  "a file that is gone": [
    (dir) => Deno.remove(join(dir, "metadata.json")),
    /metadata\.json: it is not there/,
  ],
  "a file that became a folder": [
    async (dir) => {
      await Deno.remove(join(dir, "results.jsonl"));
      await Deno.mkdir(join(dir, "results.jsonl"));
    },
    /results\.jsonl: it is a folder/,
  ],
  "a file that became a link": [
    async (dir) => {
      await Deno.rename(join(dir, "results.jsonl"), join(dir, "other"));
      await Deno.symlink(join(dir, "other"), join(dir, "results.jsonl"));
    },
    /results\.jsonl: it is a link/,
  ],
  "a seal that is no JSON": [
    (dir) => Deno.writeTextFile(join(dir, "provenance.json"), '{"evidence_id": "0123456789abcdef"'),
    /its provenance\.json is damaged: it is not JSON/,
  ],
  "a seal without its files": [
    edited({ files: [] }),
    /its provenance\.json is damaged: it tells of no results\.jsonl/,
  ],
  "a column that is SQL": [
    columns("timestamp", BAD_COLUMNS),
    /gpu_columns\[1\]: unknown value "t': 'VARCHAR'/,
  ],
  "a column that nobody knows": [columns("timestamp", "it's"), /gpu_columns\[1\]: unknown value "it's"/],
  "the same column twice": [columns("timestamp", "timestamp"), /gpu_columns: it tells of timestamp twice/],
  "columns without the time": [columns("power_w", "_"), /gpu_columns: it tells of no timestamp/],
  "columns of no file": [
    edited({ gpu_columns: ["timestamp", "power_w"] }),
    /its provenance\.json is damaged: it tells of no gpu\.csv/,
  ],
  "a seal that leads elsewhere": [
    async (dir) => {
      const text = await Deno.readTextFile(join(dir, "provenance.json"));
      await Deno.writeTextFile(
        join(dir, "provenance.json"),
        text.replaceAll("results.jsonl", "../x/results.jsonl"),
      );
    },
    /its provenance\.json is damaged: .*name/,
  ],
  "an id of other evidence": [
    edited({ evidence_id: "0123456789abcdef" }),
    /its provenance\.json is damaged: its evidence_id is not that of its files/,
  ],
  "a provider that cannot be seen": [
    edited({ provider: "vast\u202eai" }),
    /its provenance\.json is damaged: provider: it holds the character U\+202E/,
  ],
  "a place with an escape": [edited({ location: "\u001b[2J" }), /location: it holds the character U\+001B/],
  "a seal that is no UTF-8": [
    async (dir) => {
      const seal = await Deno.readFile(join(dir, "provenance.json"));
      await Deno.writeFile(join(dir, "provenance.json"), seal.map((byte) => byte === 0x55 ? 0xff : byte));
    },
    /its provenance\.json cannot be read: it is not UTF-8/,
  ],
  "a seal that is a pipe": [
    async (dir) => {
      await Deno.remove(join(dir, "provenance.json"));
      await new Deno.Command("mkfifo", { args: [join(dir, "provenance.json")] }).output();
    },
    /its provenance\.json cannot be read: it is no plain file/,
  ],
  "a seal that is a device": [
    async (dir) => {
      await Deno.remove(join(dir, "provenance.json"));
      await Deno.symlink("/dev/zero", join(dir, "provenance.json"));
    },
    /its provenance\.json cannot be read: it is a link/,
  ],
  "a seal of another folder": [
    edited({ run_id: "../../x" }),
    /its provenance\.json is of \.\.\/\.\.\/x\/e/,
  ],
  "a seal that is a folder": [
    async (dir) => {
      await Deno.remove(join(dir, "provenance.json"));
      await Deno.mkdir(join(dir, "provenance.json"));
    },
    /its provenance\.json cannot be read/,
  ],
};

Deno.test("evidence that is not what was sealed is left out by name, the rest is published", async (test) => {
  await using root = await temporaryRoot();
  await good(root.paths, "good", "e");
  for (const [index, [, [damage]]] of Object.entries(DAMAGED).entries()) {
    await damage(await good(root.paths, `r${index}`, "e"));
  }
  await Deno.mkdir(join(root.paths.raw, "foreign", "folder", "deep"), { recursive: true });
  await Deno.writeTextFile(join(root.paths.raw, "foreign", "notes.txt"), "words");
  await Deno.symlink(join(root.paths.raw, "loop"), join(root.paths.raw, "loop"));
  const { notices, entries } = await built(root);
  deepEqual(entries, ["good/e"]);
  for (const [index, [what, [, reason]]] of Object.entries(DAMAGED).entries()) {
    await test.step(what, () => {
      const told = notices.filter((notice) => notice.includes(`/r${index}/e is left out: `));
      equal(told.length, 1, notices.join("\n"));
      match(told[0] ?? "", reason);
    });
  }
  match(notices.join("\n"), /foreign\/folder has no provenance\.json/);
  deepEqual((await built(root)).notices.sort(), notices.sort());
});

const lineChanged = DAMAGED["a line that was changed by hand"]?.[0];

Deno.test("evidence that is changed after it was built is left out by the next build; the same bytes written again are not", async () => {
  await using root = await temporaryRoot();
  const [first, second] = await Promise.all(["a", "b"].map((run) => good(root.paths, run, "e")));
  deepEqual((await built(root)).entries, ["a/e", "b/e"]);
  const results = join(second ?? "", "results.jsonl");
  await Deno.writeTextFile(results, await Deno.readTextFile(results));
  const same = await built(root);
  deepEqual([same.entries, same.notices, same.directories_read], [["a/e", "b/e"], [], 0]);
  const { mtime } = await Deno.stat(join(first ?? "", "results.jsonl"));
  await lineChanged?.(first ?? "");
  await Deno.utime(join(first ?? "", "results.jsonl"), mtime ?? 0, mtime ?? 0);
  const { entries, notices } = await built(root);
  deepEqual(entries, ["b/e"]);
  match(notices.join(), /a\/e is left out: results\.jsonl is not what was sealed: its SHA-256 is another/);
  deepEqual((await built(root)).notices, notices);
});

Deno.test("nothing of changed evidence stays that was built together with others", async () => {
  await using root = await temporaryRoot();
  const [first] = await Promise.all(["a", "b", "c"].map((run) => good(root.paths, run, "e")));
  await lineChanged?.(first ?? "");
  const { entries, notices } = await built(root);
  deepEqual(entries, ["b/e", "c/e"]);
  match(notices.join(), /a\/e is left out: results\.jsonl is not what was sealed: its SHA-256 is another/);
  using db = await Database.reading(root.paths.database);
  for (const dataset of DATASETS) {
    const parts = join(root.paths.exported, dataset);
    deepEqual([...Deno.readDirSync(parts)].map(({ name }) => name), ["b.parquet"], dataset);
  }
  const rows = await db.rows(
    `SELECT DISTINCT run_id FROM read_parquet('${
      join(root.paths.exported, "requests.parquet", "*")
    }') ORDER BY ALL`,
  );
  deepEqual(rows, [{ run_id: "b" }, { run_id: "c" }]);
});

Deno.test("the same evidence beside a damaged copy of it counts", async () => {
  await using root = await temporaryRoot();
  const files = fromHost("one", { ...GOOD, "metadata.json": metadata() });
  const first = await sealed(root.paths, "a", "e", files);
  await sealed(root.paths, "b", "e", files);
  deepEqual((await built(root)).entries, ["a/e"]);
  await Deno.remove(join(root.paths.exported), { recursive: true });
  await Deno.writeTextFile(join(first, "results.jsonl"), "x\n", { append: true });
  const { entries, notices } = await built(root);
  deepEqual(entries, ["b/e"]);
  match(notices.join(), /a\/e is left out: results\.jsonl is not what was sealed/);
});

Deno.test("a submission that was damaged on disk is left out by its line, the others are published", async () => {
  await using root = await temporaryRoot();
  const submission = {
    hardware: { gpu_name: "RTX 4090" },
    model: { name: "qwen2:7b", runtime: "ollama" },
    results: { avg_tokens_per_second: 95 },
    provider: "vastai",
  };
  const lines = ["0123456789abcdef", "0123456789abcdea"].map((evidence_id) =>
    JSON.stringify({ received_at: "2026-03-01T00:00:00Z", evidence_id, submission })
  );
  await Deno.mkdir(root.paths.submitted, { recursive: true });
  await Deno.writeTextFile(
    join(root.paths.submitted, "submissions.jsonl"),
    `${lines[0]}\n{"received_at":\n${lines[1]?.replace("vastai", "\\ud83d")}\n${lines[1]}\n`,
  );
  const { entries, notices } = await built(root);
  equal(entries.length, 2);
  match(notices.join("\n"), /submissions\.jsonl:2 is left out: it is not JSON/);
  match(notices.join("\n"), /submissions\.jsonl:3 is left out: .*provider: it holds half a character/);
});

Deno.test("a file of results that cannot be used is left out by name, the others and the evidence are published", async () => {
  await using root = await temporaryRoot();
  const { paths } = root;
  await good(paths, "a", "e");
  const results = {
    title: "Figures of others",
    date: "2026-01-01",
    runtime: "ollama",
    test_config: {},
    results: [{
      hardware: { gpu_name: "RTX 4090", gpu_count: 1 },
      model: { name: "qwen2:7b" },
      results: { avg_tokens_per_second: 90 },
      provider: "vastai",
    }],
  };
  const published = join(paths.root, "data", "published");
  await Deno.writeTextFile(join(published, "kept.json"), JSON.stringify(results));
  await Deno.writeTextFile(join(published, "zz.json"), "{");
  await Deno.mkdir(join(paths.submitted, "submissions.jsonl"), { recursive: true });
  const { entries, notices } = await built(root);
  equal(entries.length, 2);
  match(notices.join("\n"), /submissions\.jsonl is left out: it is a folder/);
  match(notices.join("\n"), /zz\.json is left out: it is not JSON/);
  deepEqual((await built(root)).notices.sort(), notices.sort());
});

Deno.test("a journal that is a pipe is left out of the manifest, and keeps nobody waiting", async () => {
  await using root = await temporaryRoot();
  await good(root.paths, "a", "e");
  await Deno.mkdir(join(root.paths.runs, "piped"), { recursive: true });
  await new Deno.Command("mkfifo", { args: [join(root.paths.runs, "piped", "journal.jsonl")] }).output();
  const { entries, notices } = await built(root);
  deepEqual(entries, ["a/e"]);
  match(notices.join("\n"), /piped\/journal\.jsonl is left out of the manifest: .*it is no plain file/);
});

/** A database that takes no batch of more than `most` directories. */
function withRoomFor(most: number, db: Database): Database {
  return new Proxy(db, {
    get(target, name) {
      if (name !== "runFile") {
        const value = Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      }
      return async (file: string) => {
        const asked = file === "80_benchmarks.sql" ? "SELECT count(*)::INTEGER AS n FROM directories" : null;
        const [row] = asked === null ? [] : await target.rows(asked);
        if (Number(row?.n ?? 0) > most) throw new Error("Out of Memory Error: could not allocate");
        await target.runFile(file);
      };
    },
  });
}

Deno.test("directories that are too much together are built in smaller batches, each with all its rows", async () => {
  await using root = await temporaryRoot();
  const { raw, exported } = root.paths;
  const places = ["a/1", "a/2", "a/3", "b/1", "b/2"];
  for (const place of places) {
    const [run = "", entry = ""] = place.split("/");
    await good(root.paths, run, entry);
  }
  const batch = [...scanRaw(raw, () => true).runs.values()].flat().map(readSeal).flatMap((found) =>
    "sealed" in found ? [found.sealed] : []
  );
  equal(batch.length, 5);
  const staged = join(exported, ".staged");
  await Deno.mkdir(staged, { recursive: true });
  const catalog = await readCatalog(root.paths);
  using db = await openDatabase(staged, catalog, [raw, exported]);
  const { left } = await buildReadable(withRoomFor(2, db), batch, staged, catalog);
  deepEqual(left, []);
  const rows = await db.rows("SELECT run_id || '/' || entry_id AS place, part FROM sources ORDER BY place");
  deepEqual(rows.map(({ place }) => place), places);
  for (const { place, part } of rows) {
    const [counted] = await db.rows(
      `SELECT count(*)::INTEGER AS n FROM read_parquet($path) WHERE run_id || '/' || entry_id = $place`,
      { path: join(staged, "requests.parquet", String(part)), place: String(place) },
    );
    deepEqual(counted, { n: 20 }, `${place} in ${part}`);
  }
  equal((await db.rows("FROM benchmarks")).length, 5);
});

Deno.test("a file that may not be read is left out by name, without the folders of this computer", async () => {
  await using root = await temporaryRoot();
  for (const run of ["open", "shut"]) await good(root.paths, run, "e");
  const { openSync } = Deno;
  const refuse = (path: string | URL, options?: Deno.OpenOptions) => {
    if (!String(path).endsWith("shut/e/results.jsonl")) return openSync(path, options);
    throw Object.assign(new Deno.errors.PermissionDenied(`open '${path}'`), { code: "EACCES" });
  };
  Object.assign(Deno, { openSync: refuse });
  try {
    const { entries, notices } = await built(root);
    deepEqual(entries, ["open/e"]);
    match(notices.join(), /shut\/e is left out: results\.jsonl: it cannot be opened$/);
  } finally {
    Object.assign(Deno, { openSync });
  }
  deepEqual((await built(root)).entries, ["open/e"]);
  await Deno.utime(join(root.paths.raw, "shut", "e", "results.jsonl"), 1, 1);
  deepEqual((await built(root)).entries, ["open/e", "shut/e"]);
});

Deno.test("a folder whose name stands for those of others is left out by name, and takes nothing of theirs", async () => {
  await using root = await temporaryRoot();
  for (const run of ["a*", "ab", "a[b]"]) await good(root.paths, run, "e");
  const { entries, notices } = await built(root);
  deepEqual(entries, ["ab/e"]);
  equal(notices.filter((notice) => /is left out: its name holds \*, \? or \[/.test(notice)).length, 2);
});
