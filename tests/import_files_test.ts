// What an import takes: the files of evidence alone, as they are but for local paths; all else is named and left where it is.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { EVIDENCE_FILES } from "../pipeline/schema/evidence_files.ts";
import { jsonl, metadata } from "./fixtures.ts";
import { folderOf, goodFiles, importing, olderLines, START } from "./imported.ts";

async function rawDirectory(raw: string): Promise<string> {
  const [run] = [...Deno.readDirSync(raw)];
  const [entry] = [...Deno.readDirSync(join(raw, run?.name ?? ""))];
  return await Deno.realPath(join(raw, run?.name ?? "", entry?.name ?? ""));
}

const names = (dir: string) => [...Deno.readDirSync(dir)].map(({ name }) => name).sort();

Deno.test("only files of evidence are taken; pages, scripts, links, folders and our own seals stay and are named", async () => {
  await using root = await importing();
  const dir = await folderOf(join(root.paths.root, "in"), "d", {
    ...goodFiles(),
    "agent.log": "words\n",
    "evil.html": "<script>alert(1)</script>",
    "logo.svg": "<svg onload='alert(1)'/>",
    "sw.js": "",
    "other.log": "",
    "provenance.json": '{"evidence_id": "0123456789abcdef"}',
    "canary.json": "{}",
  });
  await Deno.mkdir(join(dir, "results"));
  await Deno.symlink("/etc/hostname", join(dir, "gpu.csv"));
  const { imported } = await root.take(dir);
  equal(imported.length, 1);
  deepEqual(names(await rawDirectory(root.paths.raw)), [
    "agent.log",
    "metadata.json",
    "provenance.json",
    "results.jsonl",
  ]);
  const said = root.said.join("\n");
  match(said, /gpu\.csv was left where it is: it is a link/);
  match(
    said,
    /left where they are, .*: canary\.json, evil\.html, logo\.svg, other\.log, provenance\.json, results, sw\.js$/m,
  );
});

Deno.test("a folder full of other things is named as far as anybody reads", async () => {
  await using root = await importing();
  const others = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`x${n}.txt`, ""]));
  await root.take({ ...goodFiles(), ...others });
  match(root.said.join("\n"), /no files of evidence: (x\d+\.txt, ){19}x\d+\.txt and 480 more$/m);
});

Deno.test("a file that is larger than evidence can be is left out, or refuses the directory that needs it", async () => {
  await using root = await importing();
  const [large, needed] = await Promise.all(
    ["large", "needed"].map((name) => folderOf(join(root.paths.root, "in"), name, goodFiles())),
  );
  const grown = async (dir: string | undefined, name: "calibration.json" | "metadata.json") => {
    using file = await Deno.open(join(dir ?? "", name), { write: true, create: true });
    await file.truncate(EVIDENCE_FILES[name].most_bytes + 1);
  };
  await grown(large, "calibration.json");
  await grown(needed, "metadata.json");
  const { imported, refused } = await root.take(large ?? "", needed ?? "");
  equal(imported.length, 1);
  match(
    root.said.join("\n"),
    /calibration\.json was left where it is: it has 262145 bytes, at most 262144 are taken/,
  );
  match(refused[0]?.reason ?? "", /metadata\.json: it has 4194305 bytes, at most 4194304 are taken/);
});

Deno.test("what holds no local path is taken byte by byte, whatever its form", async () => {
  await using root = await importing();
  const files = goodFiles({
    "results.jsonl": `\uFEFF${jsonl(olderLines()).replaceAll("\n", " \r\n")}{"cut":`,
    "metadata.json": `\uFEFF${JSON.stringify(JSON.parse(metadata()), null, 7)}\r\n\r\n`,
    "gpu.csv":
      "2026/01/02 03:04:05.000, 95, 20000, 24576, 60, 300\r\n2026/01/02 03:04:06.000, 95, 20000, 24576, 60, 300",
    "agent.log": Uint8Array.from([0xff, 0x0a, 0x00, 0x0d]),
  });
  await root.take(files);
  const dir = await rawDirectory(root.paths.raw);
  for (const [name, content] of Object.entries(files)) {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    deepEqual(await Deno.readFile(join(dir, name)), bytes, name);
  }
  const [benchmark] = await root.build();
  deepEqual([benchmark?.results.total_requests, benchmark?.gpu_stats.avg_power_draw_w], [20, 300]);
});

Deno.test("local paths and user names are taken out before anything is kept, and that is told", async () => {
  await using root = await importing();
  const model = "/data/zoeq/models/qwen2.5-7b-q4_k_m.gguf";
  const words = [`cannot open ${model}`, "see /home/zoeq/x", "C:\\Users\\Zoe Q\\y", "/Users/zoeq/z"];
  const failed = words.map((error_msg, n) => ({ t: 1767323200 + n, n: 100 + n, err: true, error_msg }));
  await root.take(goodFiles({
    "results.jsonl": jsonl([...olderLines(), ...failed]),
    "metadata.json": JSON.stringify({
      ...JSON.parse(metadata({ model: { name: model, path: model } })),
      cwd: "/home/zoeq/work",
      test_config: { engine_flags: ["--cache=/srv/zoeq/hub"], prompts: ["/think of /home/zoeq/a"] },
    }),
    "agent.log": "at /home/zoeq/agent.js\n",
    "gpu.csv": "timestamp, power.draw [W], process\n2026/01/02 03:04:06.000, 300, /home/zoeq/bin/x\n",
  }));
  const dir = await rawDirectory(root.paths.raw);
  for (const name of names(dir)) {
    const text = await Deno.readTextFile(join(dir, name));
    ok(!/zoe/i.test(text), `${name}: ${/.*zoe.*/i.exec(text)?.[0]}`);
  }
  const said = root.said.join("\n");
  match(said, /results\.jsonl: local paths were taken out of 4 lines/);
  match(said, /metadata\.json: local paths were taken out/);
  const [benchmark] = await root.build();
  equal(benchmark?.model.name, "qwen2.5-7b-q4_k_m.gguf");
  equal(benchmark?.results.total_errors, 4);
  const told = JSON.parse(await Deno.readTextFile(join(dir, "metadata.json")));
  equal(told.cwd, "work");
  deepEqual(told.test_config, { engine_flags: ["--cache=hub"], prompts: ["/think of ~/a"] });
});

Deno.test("a directory whose metadata is a pipe or far too large is refused before any of it is read", async () => {
  await using root = await importing();
  const inbox = join(root.paths.root, "in");
  const piped = await folderOf(inbox, "piped", { "results.jsonl": jsonl(olderLines()) });
  await new Deno.Command("mkfifo", { args: [join(piped, "metadata.json")] }).output();
  const linked = await folderOf(inbox, "linked", { "results.jsonl": jsonl(olderLines()) });
  await Deno.symlink("/dev/zero", join(linked, "metadata.json"));
  const { refused, imported } = await root.take(piped, linked, goodFiles());
  match(refused[0]?.reason ?? "", /metadata\.json: it is no plain file/);
  match(refused[1]?.reason ?? "", /metadata\.json: it is a link/);
  equal(imported.length, 1);
});

Deno.test("a seal that is a pipe keeps no import waiting", async () => {
  await using root = await importing();
  const other = join(root.paths.raw, "run", "entry");
  await Deno.mkdir(other, { recursive: true });
  await new Deno.Command("mkfifo", { args: [join(other, "provenance.json")] }).output();
  equal((await root.take(goodFiles())).imported.length, 1);
  equal((await root.build()).length, 1);
});

const GPU = "2026/01/02 03:04:05.000, 95, 20000, 24576, 60, 300\n";

Deno.test("the same requests with another gpu.csv are evidence of their own, which is told; with none they are not", async () => {
  await using root = await importing();
  const { imported, refused } = await root.take(
    goodFiles({ "gpu.csv": GPU }),
    goodFiles({ "gpu.csv": GPU.replace("300", "310") }),
    goodFiles({ "gpu.csv": GPU }),
    goodFiles({ "gpu.csv": GPU.replace("300", "310") }),
    goodFiles(),
  );
  deepEqual([imported.length, refused.length], [2, 3]);
  for (const { reason } of refused) match(reason, /the same evidence is already there as/);
  match(root.said.join("\n"), /bench_2: it counts as evidence of its own, since only its gpu\.csv differs/);
  const benchmarks = await root.build();
  deepEqual(benchmarks.map(({ gpu_stats }) => gpu_stats.avg_power_draw_w).sort(), [300, 310]);
});

Deno.test("evidence in which nothing was measured says so", async () => {
  await using root = await importing();
  const phases = ["warmup", "settle", "repeat"];
  const lines = olderLines(20, (n) => ({ phase: phases[n % 3] }));
  const { imported } = await root.take(goodFiles({ "results.jsonl": jsonl(lines) }));
  equal(imported[0]?.requests, 20);
  match(root.said.join("\n"), /bench_1: nothing in it was measured/);
  equal((await root.build()).length, 0);
});

Deno.test("no escape hides a path, whoever wrote the JSON, and what is no path stays digit by digit", async () => {
  await using root = await importing();
  const line = (n: number, fields: string) => `{"t":${START + n}.0000,"n":${n},"err":1e0,${fields}}`;
  const lines = [
    line(100, String.raw`"error_msg":"no /home/zo\u00ebq/x"`),
    line(101, String.raw`"error_msg":"no C:\\Users\\\u0417oeq Zoeq\\x"`),
    line(102, String.raw`"error_msg":"no /\u0068ome/zoeq/x"`),
    line(103, `"prompt":"/srv/zoeq/p.txt","model":"/srv/zoeq/m.gguf"`),
    line(104, String.raw`"note":{"/home/zoeq/k":"caf\u00e9 1/2"}`),
    String.raw`{"cut":"/\u0068ome/zoeq/x`,
  ];
  await root.take(goodFiles({
    "results.jsonl": `${jsonl(olderLines())}${lines.join("\n")}`,
    "metadata.json": metadata().replace("{", `{"env":{"/home/zoeq/y":1.50},`),
  }));
  const dir = await rawDirectory(root.paths.raw);
  const kept = (await Deno.readTextFile(join(dir, "results.jsonl"))).split("\n").slice(-lines.length);
  deepEqual(kept, [
    line(100, '"error_msg":"no ~/x"'),
    line(101, String.raw`"error_msg":"no ~\\x"`),
    line(102, '"error_msg":"no ~/x"'),
    line(103, `"prompt":"p.txt","model":"m.gguf"`),
    line(104, String.raw`"note":{"~/k":"caf\u00e9 1/2"}`),
    '{"cut":"~/x',
  ]);
  match(await Deno.readTextFile(join(dir, "metadata.json")), /^\{"env":\{"~\/y":1\.50\},/);
  await root.build();
  const rows = await root.rows(
    "SELECT error_msg, prompt FROM read_parquet('$exported/requests.parquet/*') WHERE n >= 100 ORDER BY n",
  );
  deepEqual(rows.map(({ error_msg, prompt }) => [error_msg, prompt]), [
    ["no ~/x", null],
    ["no ~\\x", null],
    ["no ~/x", null],
    [null, "p.txt"],
    [null, null],
  ]);
});
