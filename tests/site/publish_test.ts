// What reaches the public origin: pages, and the files that the builder wrote or read. Nothing else that lies in the folders of a root.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { dirname, join } from "node:path";
import { buildData } from "../../pipeline/build/mod.ts";
import { filesBelow } from "../../pipeline/build/publish.ts";
import { sha256Hex } from "../../pipeline/lib/files.ts";
import type { Paths } from "../../pipeline/paths.ts";
import { EVIDENCE_FILES } from "../../pipeline/schema/evidence_files.ts";
import { cli } from "../e2e/cli.ts";
import { fromHost, jsonl, plainLine, sealed, temporaryRoot } from "../fixtures.ts";

const RUN = "20260102-030405-abcd";
const SCRIPT = "<script>document.title = 'owned'</script>";
const RESULTS = {
  title: "Figures of others",
  date: "2026-01-01",
  runtime: "ollama",
  test_config: {},
  results: [{
    hardware: { gpu_name: "RTX 4090", gpu_count: 1 },
    model: { name: "qwen2:7b" },
    results: { avg_tokens_per_second: 90 },
    provider: "vastai",
    price_per_hour: 0.4,
  }],
};

/** Files that somebody else may have put there, and links, which all lead out. */
const FOREIGN: readonly string[] = [
  `data/raw/${RUN}/a/evil.html`,
  `data/raw/${RUN}/a/sw.js`,
  `data/raw/${RUN}/a/logo.svg`,
  `data/raw/${RUN}/a/.htaccess`,
  `data/raw/${RUN}/a/results.jsonl.html`,
  `data/raw/${RUN}/a/RESULTS.JSONL`,
  `data/raw/${RUN}/a/gpu.csv\n.html`,
  `data/raw/${RUN}/a/sub/results.jsonl`,
  `data/raw/${RUN}/a/server.jsonl/index.html`,
  `data/raw/${RUN}/index.html`,
  `data/raw/${RUN}/not-sealed/results.jsonl`,
  `data/raw/${RUN}/.b.partial/results.jsonl`,
  "data/raw/index.html",
  "data/raw/other/x/evil.html",
  "data/published/evil.html",
  "data/published/added.json",
  "data/published/folder/results.json",
  "data/export/api/v1/evil.html",
  "data/export/api/v1/best/evil.json",
  "data/export/schema/evil.html",
  "data/export/evil.csv",
  "data/export/requests.parquet/evil.html",
  "data/export/evil.parquet/evil.html",
  "data/submitted/evil.html",
  "site/.work/dist/evil.html",
  "site/.aside/evil.html",
];
const LINKS = [
  `data/raw/${RUN}/a/agent.log`,
  `data/raw/${RUN}/c`,
  "data/raw/linked",
  "data/published/linked.json",
  "data/export/linked.json",
];

async function plant({ root }: Paths): Promise<void> {
  const secret = join(root, "secret");
  await Deno.mkdir(secret);
  await Deno.writeTextFile(join(secret, "results.jsonl"), "secret");
  for (const path of FOREIGN) {
    await Deno.mkdir(dirname(join(root, path)), { recursive: true });
    await Deno.writeTextFile(join(root, path), SCRIPT);
  }
  for (const path of LINKS) {
    const isFolder = !/\.\w+$/.test(path);
    await Deno.symlink(isFolder ? secret : join(secret, "results.jsonl"), join(root, path));
  }
}

/** A file of another name that stands in the seal, as evidence of before may have it. */
async function sealToo(evidence: string, name: string): Promise<void> {
  await Deno.writeTextFile(join(evidence, name), SCRIPT);
  const path = join(evidence, "provenance.json");
  const provenance = JSON.parse(await Deno.readTextFile(path));
  provenance.files.push({ name, bytes: SCRIPT.length, sha256: sha256Hex(SCRIPT) });
  await Deno.writeTextFile(path, JSON.stringify(provenance));
}

/** Another figure in the place of one, with the size and the time of before. */
async function changeKeepingTimes(path: string): Promise<void> {
  const { atime, mtime } = await Deno.stat(path);
  const text = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, text.replace('"tps":90', '"tps":99'));
  await Deno.utime(path, atime ?? 0, mtime ?? 0);
}

Deno.test("only what the builder wrote or read reaches the site, and what is left out is named", async () => {
  await using root = await temporaryRoot();
  const { paths, log } = root;
  const lines = Array.from({ length: 12 }, (_, n) => plainLine(n, n * 2, 90));
  const evidence = await sealed(paths, RUN, "a", { "results.jsonl": jsonl(lines) });
  await sealToo(evidence, "notes.html");
  const edited = await sealed(
    paths,
    RUN,
    "edited",
    fromHost("other", { "results.jsonl": jsonl(lines), "gpu.csv": "timestamp,power.draw\n" }),
  );
  await Deno.writeTextFile(join(paths.root, "data", "published", "kept.json"), JSON.stringify(RESULTS));
  await Deno.writeTextFile(
    join(paths.root, "data", "published", "changed.json"),
    JSON.stringify({ ...RESULTS, title: "x" }),
  );
  await buildData(paths, log);
  const data = filesBelow(paths.exported).filter((path) => !path.startsWith("."));
  await plant(paths);
  await Deno.writeTextFile(join(paths.root, "data", "published", "changed.json"), SCRIPT);
  const { most_bytes } = EVIDENCE_FILES["calibration.json"];
  await Deno.writeFile(join(evidence, "calibration.json"), new Uint8Array(most_bytes + 1));
  await Deno.writeTextFile(join(evidence, "canary.json"), "{}");
  await changeKeepingTimes(join(edited, "results.jsonl"));
  await Deno.mkdir(join(evidence, "..", "shut"), { mode: 0o000 });

  const { code, err } = await cli("build-site", "--root", paths.root);
  equal(code, 0, err);
  const found = filesBelow(paths.siteDist);
  const below = (folder: string) => found.filter((path) => path.startsWith(folder)).sort();
  deepEqual(
    below("raw/"),
    [
      ...["metadata.json", "provenance.json", "results.jsonl"].map((name) => `raw/${RUN}/a/${name}`),
      ...["gpu.csv", "metadata.json", "provenance.json"].map((name) => `raw/${RUN}/edited/${name}`),
    ],
  );
  deepEqual(below("published/"), ["published/kept.json"]);
  deepEqual(
    [...below("api/"), ...below("schema/"), ...below("data/")].filter((path) =>
      path !== "data/datapackage.json"
    ).sort(),
    data.map((path) => /^(api|schema)\//.test(path) ? path : `data/${path}`).sort(),
  );
  for (const path of found) {
    ok(!/evil|secret|sw\.js|logo/.test(path), path);
    const { isFile, isSymlink } = await Deno.lstat(join(paths.siteDist, path));
    ok(isFile && !isSymlink, path);
  }
  for (
    const name of [
      "evil.html",
      "logo.svg",
      "sub",
      "calibration.json",
      "agent.log",
      "added.json",
      "changed.json",
      "linked.json",
      "linked",
    ]
  ) {
    match(err, new RegExp(`not published from .*\\b${name.replace(".", "\\.")}\\b`));
  }
  match(err, /20260102-030405-abcd\/not-sealed/);
  const pages = found.filter((path) => path.startsWith("benchmarks/"));
  const texts = await Promise.all(pages.map((page) => Deno.readTextFile(join(paths.siteDist, page))));
  const text = texts.join();
  const links = [...text.matchAll(/href="([^"]*\/raw\/[^"]+)"/g)].map(([, path = ""]) =>
    join("benchmarks", path)
  );
  ok(links.length >= 3);
  const changed = `raw/${RUN}/edited/results.jsonl`;
  for (const link of links) ok(found.includes(link) || link === changed, link);
  match(err, /edited: results\.jsonl: its SHA-256 is another/);
  match(
    err,
    /\/a: agent\.log, calibration\.json, canary\.json, server\.jsonl: provenance\.json does not tell of it/,
  );
  match(text, /notes\.html, which is not published/);
  match(err, /gpu\.csv \.html/);
});
