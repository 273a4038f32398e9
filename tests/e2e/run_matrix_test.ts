// run-matrix from the first line to the last: a real engine to a page, failures, Ctrl-C, crashes, a second writer.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { basename, join } from "node:path";
import { ggufChunks } from "../../pipeline/engines/embedded/gguf.ts";
import { shapeOf } from "../../pipeline/engines/embedded/shapes.ts";
import { Metadata } from "../../pipeline/schema/metadata.ts";
import { fakeOllama, type OllamaFaults } from "../fakes/ollama.ts";
import { deafUrl, faultAfter, temporaryRoot } from "../fixtures.ts";
import { cli, matrixFile, rawFolders, start } from "./cli.ts";

const workload = { duration_seconds: 0.3, warmup_requests: 1, max_tokens: 16 };

Deno.test("llama.cpp is measured at two load levels and ends as evidence, JSON, Parquet, a table and pages", async () => {
  await using root = await temporaryRoot();
  const { paths } = root;
  const matrix = await matrixFile(paths.root, {
    engines: ["embedded"],
    models: ["synthetic:15m"],
    workloads: [{ ...workload, concurrency: [1, 2] }],
    price_per_hour: 0.5,
  });
  const { code, out, err } = await cli("run-matrix", matrix, "--root", paths.root);
  equal(code, 0, err);
  match(out, /│ synthetic:15m +│/);
  match(out, /random weights: decoding speed is real/);
  const [folder] = await rawFolders(paths.raw);
  const files = (await Array.fromAsync(Deno.readDir(folder ?? ""))).map((item) => item.name).sort();
  deepEqual(files, [
    "agent.log",
    "chunks.jsonl",
    "metadata.json",
    "provenance.json",
    "results.jsonl",
    "server.jsonl",
  ]);
  const { benchmarks } = JSON.parse(await Deno.readTextFile(join(paths.api, "benchmarks.json")));
  deepEqual(
    benchmarks.map((benchmark: { test_config: { concurrent_reqs: number } }) =>
      benchmark.test_config.concurrent_reqs
    ).sort(),
    [1, 2],
  );
  for (const { model, price_per_hour, results, client } of benchmarks) {
    deepEqual([client.tokens, client.server_tokens], [results.total_tokens, results.total_tokens]);
    deepEqual([model.weights, model.runtime, price_per_hour], ["random", "llama.cpp", 0.5]);
    ok(results.avg_tokens_per_second > 0 && results.total_errors === 0 && results.p50_ttft_ms > 0);
  }
  const page = await Deno.readTextFile(join(paths.siteDist, "benchmarks", `${benchmarks[0].id}.html`));
  ok(page.includes("weights: random"));
  await Deno.stat(join(paths.siteDist, "api", "v1", "index.json"));
  await Deno.stat(join(paths.siteDist, "data", "benchmarks.parquet"));
  await Deno.stat(
    join(paths.siteDist, "raw", basename(join(folder ?? "", "..")), basename(folder ?? ""), "results.jsonl"),
  );
  const status = await cli("status", "--root", paths.root);
  match(status.out, /│ local-embedded-synthetic-15m[^│]*│ success/);
});

Deno.test("every workload of a matrix is measured with its prompts, and each result tells which", async () => {
  await using root = await temporaryRoot();
  const { paths } = root;
  const lengths = { input_tokens: 96, output_tokens: 8 };
  const matrix = await matrixFile(paths.root, {
    engines: ["embedded"],
    models: ["synthetic:15m"],
    workloads: [
      { ...workload, name: "fixed", prompts: { kind: "fixed", ...lengths } },
      { ...workload, name: "prefix", prompts: { kind: "shared_prefix", prefix_tokens: 128, ...lengths } },
    ],
  });
  const { code, err } = await cli("run-matrix", matrix, "--root", paths.root);
  equal(code, 0, err);
  const { benchmarks } = JSON.parse(await Deno.readTextFile(join(paths.api, "benchmarks.json")));
  const told = benchmarks.map(({ id, test_config: { workload, prompt_types, max_tokens }, results }: {
    id: string;
    test_config: Record<string, unknown>;
    results: Record<string, number>;
  }) => ({ id, workload, prompt_types, max_tokens, tokens: results.avg_tokens_per_request }))
    .toSorted((a: { workload: string }, b: { workload: string }) => a.workload < b.workload ? -1 : 1);
  deepEqual(told.map(({ id: _, ...rest }: { id: string }) => rest), [
    { workload: "fixed 96/8", prompt_types: ["fixed"], max_tokens: 8, tokens: 8 },
    { workload: "shared_prefix 1x128+96/8", prompt_types: ["shared_prefix"], max_tokens: 8, tokens: 8 },
  ]);
  const page = await Deno.readTextFile(join(paths.siteDist, "benchmarks", `${told[0].id}.html`));
  ok(page.includes("fixed 96/8"));
});

Deno.test("a .gguf file is served from its path and published under its name alone", async () => {
  await using root = await temporaryRoot();
  const { paths } = root;
  const path = join(paths.root, "private", "tiny.gguf");
  await Deno.mkdir(join(paths.root, "private"));
  using file = await Deno.create(path);
  for (const chunk of ggufChunks(shapeOf("15m"), "tiny")) await file.write(chunk);
  const matrix = await matrixFile(paths.root, {
    engines: ["embedded"],
    models: [path],
    workloads: [workload],
  });
  const { code, out, err } = await cli("run-matrix", matrix, "--root", paths.root);
  equal(code, 0, err);
  match(out, /│ tiny\.gguf/);
  const text = await Deno.readTextFile(join(paths.api, "benchmarks.json"));
  ok(!text.includes("private"));
});

/** Runs a matrix of Ollama models against a stand-in. */
async function withOllama(
  models: string[],
  faults: OllamaFaults,
  work: (root: Awaited<ReturnType<typeof temporaryRoot>>, matrix: string) => Promise<void>,
  installed = models,
) {
  await using root = await temporaryRoot();
  await using ollama = fakeOllama(installed, faults);
  const matrix = await matrixFile(root.paths.root, {
    engines: [{ name: "ollama", url: ollama.url }],
    models,
    workloads: [workload],
  });
  await work(root, matrix);
}

Deno.test("what a matrix says of the load reaches the agent and stands in the evidence, the table and the answers", async () => {
  await using root = await temporaryRoot();
  await using ollama = fakeOllama(["m:1b"], {});
  const { paths } = root;
  const load = { kind: "constant", rates: [20, 40], most_in_flight: 8 };
  const matrix = await matrixFile(paths.root, {
    engines: [{ name: "ollama", url: ollama.url }],
    models: ["m:1b"],
    workloads: [
      { ...workload, load, settle_seconds: 0.1, least_requests: 7, order: "given", seed: 5 },
      { ...workload, name: "two", concurrency: [1, 2], repeat_first: false },
    ],
  });
  const { code, out, err } = await cli("run-matrix", matrix, "--root", paths.root);
  equal(code, 0, err);
  match(out, /│ +20\/s │/);
  match(err, /benchmark {2}0\.3 s at 20, 40 requests\/s \(constant\)/);
  const told = await Promise.all(
    (await rawFolders(paths.raw)).map(async (folder) =>
      Metadata.parse(JSON.parse(await Deno.readTextFile(join(folder, "metadata.json"))))
    ),
  );
  const [open, closed] = told;
  deepEqual(open?.test_config?.load, load);
  deepEqual([open?.test_config?.seed, open?.test_config?.settle_seconds], [5, 0.1]);
  deepEqual(open?.summary?.levels?.map(({ level, phase }) => `${phase} ${level}`), [
    "measure 20",
    "measure 40",
    "repeat 20",
  ]);
  deepEqual(closed?.test_config?.concurrency?.toSorted(), [1, 2]);
  equal(closed?.summary?.levels?.length, 2);
  ok(Number.isInteger(closed?.test_config?.seed));
  const { benchmarks } = JSON.parse(await Deno.readTextFile(join(paths.api, "benchmarks.json")));
  deepEqual(benchmarks.map(({ id }: { id: string }) => id.split("-")[1]).toSorted(), [
    "c1",
    "c2",
    "r20",
    "r40",
  ]);
});

Deno.test("one entry's failure leaves the others alone, is told with its reason, and gives exit code 3", () =>
  withOllama(["good:1b", "bad:1b"], { pullError: "file does not exist" }, async ({ paths }, matrix) => {
    const { code, out, err } = await cli("run-matrix", matrix, "--root", paths.root);
    equal(code, 3, err);
    match(out, /local-ollama-bad-1b-standard: failed at load: Cannot pull bad:1b: .*file does not exist/);
    match(out, /│ good:1b/);
    equal((await rawFolders(paths.raw)).length, 1);
  }, ["good:1b"]));

Deno.test("an engine that cannot be reached is one sentence with what to do, and exit code 1", async () => {
  await using root = await temporaryRoot();
  const engines = [{ name: "ollama", url: deafUrl() }];
  const matrix = await matrixFile(root.paths.root, { engines, models: ["m"], workloads: [workload] });
  const { code, out } = await cli("run-matrix", matrix, "--root", root.paths.root);
  equal(code, 1);
  match(
    out,
    /failed at setup: Cannot reach an engine at http:\/\/127\.0\.0\.1:\d+: .*refused.* Start the engine, or put its address/i,
  );
});

Deno.test("an engine that fails inside its streams fails the entry, and the failed requests are kept as evidence", () =>
  withOllama(
    ["m:1b"],
    { errorAfter: { tokens: 2, error: "CUDA error: out of memory" } },
    async ({ paths }, matrix) => {
      const { code, out } = await cli("run-matrix", matrix, "--root", paths.root);
      equal(code, 1);
      match(out, /failed at benchmark: .*CUDA error: out of memory/);
      const [folder] = await rawFolders(paths.raw);
      match(await Deno.readTextFile(join(folder ?? "", "results.jsonl")), /"error_class":"in_stream"/);
    },
  ));

Deno.test("Ctrl-C keeps what was measured, a second writer is refused meanwhile, and --resume finishes the run", async () => {
  const { when, begun } = faultAfter(3);
  const faults: OllamaFaults = { when, hangAfter: 1 };
  await withOllama(["m:1b"], faults, async ({ paths }, matrix) => {
    const run = start("run-matrix", matrix, "--root", paths.root);
    await Promise.race([begun, run.ended]);
    const second = await cli("run-matrix", matrix, "--root", paths.root);
    equal(second.code, 1);
    match(
      second.err,
      new RegExp(`another run, import or build is at work there \\(process ${run.pid}\\)\n.*--root`),
    );
    run.kill("SIGINT");
    const { code, err } = await run.ended;
    equal(code, 130, err);
    match(err, /go on with: deno task run-matrix --resume (\S+)/);
    const [, told = ""] = /run (\S+): 1 entry/.exec(err) ?? [];
    match(await Deno.readTextFile(join(paths.runs, told, "log.txt")), /benchmark {2}0\.3 s at concurrency 1/);
    const [folder] = await rawFolders(paths.raw);
    const metadata = Metadata.parse(JSON.parse(await Deno.readTextFile(join(folder ?? "", "metadata.json"))));
    deepEqual(metadata.summary?.levels?.map((level) => level.interrupted), [true]);
    equal(metadata.summary?.total_requests, 2);

    faults.when = () => false;
    const runId = /--resume (\S+)/.exec(err)?.[1] ?? "";
    const resumed = await cli("run-matrix", "--resume", runId, "--root", paths.root);
    equal(resumed.code, 0, resumed.err);
    deepEqual((await rawFolders(paths.raw)).map((path) => basename(path)), [
      "local-ollama-m-1b-standard",
      "local-ollama-m-1b-standard-retry2",
    ]);
    const again = await cli("run-matrix", "--resume", runId, "--root", paths.root);
    match(again.err, /0 entries/);
  });
});

Deno.test("a second Ctrl-C ends at once what the first one is still waiting for, and nothing measured is lost", async () => {
  const { when, begun } = faultAfter(3);
  const faults: OllamaFaults = { when, hangAfter: 1, hangUnload: true };
  await withOllama(["m:1b"], faults, async ({ paths }, matrix) => {
    const run = start("run-matrix", matrix, "--root", paths.root);
    await Promise.race([begun, run.ended]);
    run.kill("SIGINT");
    await run.said("once more ends at once");
    run.kill("SIGINT");
    const { code, err } = await run.ended;
    equal(code, 130, err);
    ok(!err.includes("go on with"), err);
    faults.when = () => false;
    faults.hangUnload = false;
    const [runId = ""] = (await Array.fromAsync(Deno.readDir(paths.runs))).filter((item) => item.isDirectory)
      .map((item) => item.name);
    const resumed = await cli("run-matrix", "--resume", runId, "--root", paths.root);
    equal(resumed.code, 0, resumed.err);
    equal((await rawFolders(paths.raw)).length, 2);
  });
});

Deno.test("after the process is killed, --resume first saves the evidence that the agent had written", async () => {
  const { when, begun } = faultAfter(3);
  const faults: OllamaFaults = { when, hangAfter: 1 };
  await withOllama(["m:1b"], faults, async ({ paths }, matrix) => {
    const run = start("run-matrix", matrix, "--root", paths.root);
    await Promise.race([begun, run.ended]);
    run.kill("SIGKILL");
    await run.ended;
    faults.when = () => false;
    const [runId = ""] = (await Array.fromAsync(Deno.readDir(paths.runs))).filter((item) => item.isDirectory)
      .map((item) => item.name);
    const resumed = await cli("run-matrix", "--resume", runId, "--root", paths.root);
    equal(resumed.code, 0, resumed.err);
    match(resumed.err, /evidence of the interrupted attempt kept in data\/raw/);
    equal((await rawFolders(paths.raw)).length, 2);
  });
});

for (
  const [what, test, words] of [
    ["an unknown GPU", { gpus: ["RTX 9999"] }, /unknown GPU "RTX 9999"\nKnown GPUs, nearest first: RTX /],
    ["an unknown provider", { providers: ["vastt"] }, /unknown value "vastt", known: vastai, /],
    ["an unknown engine", { engines: ["ollamma"] }, /unknown value "ollamma", known: ollama/],
    ["an unknown key", { gpu: "any" }, /unknown key "gpu", known: gpus/],
    ["a model that its engine cannot serve", { models: ["llama3:8b"] }, /llama3:8b cannot be served/],
    [
      "a negative duration",
      { workloads: [{ duration_seconds: -1 }] },
      /duration_seconds: it is -1, it must be above 0/,
    ],
    ["an empty list", { models: [] }, /models: it is empty/],
  ] as [string, object, RegExp][]
) {
  Deno.test(`a matrix with ${what} is refused before anything is written`, async () => {
    await using root = await temporaryRoot();
    const good = { engines: ["embedded"], models: ["synthetic:15m"], workloads: [workload] };
    const matrix = await matrixFile(root.paths.root, { ...good, ...test });
    const ended = await cli("run-matrix", matrix, "--root", root.paths.root);
    equal(ended.code, 2);
    match(ended.err, words);
    match(ended.err, /^Cannot [^\n]+\n[^\n]+\n$/);
    const runs = (await Array.fromAsync(Deno.readDir(root.paths.runs))).filter((item) => item.isDirectory);
    deepEqual(runs, []);
  });
}

Deno.test("a matrix that is not there or not JSON, and a run that is not known, are refused with exit code 2", async () => {
  await using root = await temporaryRoot();
  const broken = join(root.paths.root, "broken.json");
  await Deno.writeTextFile(broken, "{");
  for (
    const [args, words] of [
      [["none.json"], /Cannot read the matrix none\.json/],
      [[broken], /it is not JSON/],
      [["--resume", "20200101-000000-0000"], /there is no such run/],
      [["--resum", "x"], /unknown option '--resum'/],
    ] as [string[], RegExp][]
  ) {
    const { code, err } = await cli("run-matrix", ...args, "--root", root.paths.root);
    equal(code, 2);
    match(err, words);
  }
});
