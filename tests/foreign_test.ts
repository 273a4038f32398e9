// Results of other tools and in other units are refused with what they are, not with what they lack.
import { equal, match } from "node:assert/strict";
import { join } from "node:path";
import { toolOf } from "../pipeline/importers/foreign.ts";
import { jsonl, metadata } from "./fixtures.ts";
import { folderOf, goodFiles, importing, olderLines, START } from "./imported.ts";

/** The beginnings of such files as their tools write them. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  "GuideLLM": [
    '{"metadata":{"version":2,"guidellm_version":"0.7.3"},"benchmarks":[{"type_":"generative_benchmark"}]}',
    '{"benchmarks":[{"mode":"x","run_stats":{"start_time":1}}]}',
  ],
  "vllm bench serve": [
    '{"date":"20261102-101500","backend":"openai-chat","model_id":"m","num_prompts":4,"request_rate":"inf","mean_ttft_ms":88.0}',
    '{"duration":3,"completed":4,"request_goodput:":null,"median_ttft_ms":1}',
  ],
  "SGLang's bench_serving": [
    '{"tag":null,"backend":"sglang","request_rate":Infinity,"random_range_ratio":1.0,"completed":160,"mean_ttft_ms":190}',
  ],
  "AIPerf": [
    '{"schema_version":"1.3","aiperf_version":"0.11.0","time_to_first_token":{"unit":"ms","avg":1}}',
    '{"metadata":{"credit_phase":"profiling"},"metrics":{"ttft":{"value":1,"unit":"ms"}}}',
  ],
  "genai-perf": ['{"service_kind":"openai","endpoint":"","experiments":[{"requests":[]}]}'],
  "llama-bench": [
    '[{"build_commit":"abc1234","build_number":7001,"model_filename":"m.gguf","n_gen":128,"avg_ts":50.0}]',
    'build_commit,build_number,cpu_info,model_filename,avg_ts\n"abc","7001","x","m.gguf","50"',
    "ggml_cuda_init: found 1 CUDA devices\n| model | size | params | backend | test | t/s |\n",
  ],
  "LLMPerf": [
    '[{"error_code":null,"ttft_s":0.3,"inter_token_latency_s":0.02,"end_to_end_latency_s":4.4}]',
    '{"version":"2023-08-31","results_inter_token_latency_s_quantiles_p50":0.02}',
  ],
  "InferenceX": ['{"hw":"h100","conc":32,"tput_per_gpu":1480.0,"output_tput_per_gpu":741.0}'],
  "LocalScore": ['{"accelerator_info":{"name":"L4"},"results_summary":{"performance_score":1}}'],
  "Ollama's bench": ["# Model: m:8b\nBenchmarkModel/name=m:8b/step=generate 1 20100000.00 ns/token\n"],
};

for (const [tool, texts] of Object.entries(FILES)) {
  Deno.test(`a file of ${tool} is known by what it holds`, () => {
    for (const text of texts) equal(toolOf(text), tool, text);
  });
}

Deno.test("our own files, and any others, are taken for those of no tool", () => {
  const own = Object.values(goodFiles()).map(String);
  for (const text of [...own, "", "words", "{}", "[]", '{"results":[]}', "timestamp,power\n"]) {
    equal(toolOf(text), null);
  }
});

Deno.test("an import names the tool: of a file, of a folder, and of a folder whose results.jsonl is another's", async () => {
  await using root = await importing();
  const [vllm = "", sglang = ""] = [FILES["vllm bench serve"]?.[0], FILES["SGLang's bench_serving"]?.[0]];
  const inbox = join(root.paths.root, "in");
  const folder = await folderOf(inbox, "folder", { "openai-inf.json": vllm, "notes.txt": "words" });
  const renamed = await folderOf(inbox, "renamed", {
    "results.jsonl": `${sglang}\n`,
    "metadata.json": metadata(),
  });
  const { refused, imported } = await root.take(
    join(folder, "openai-inf.json"),
    folder,
    renamed,
    goodFiles(),
  );
  equal(imported.length, 1);
  for (const [index, tool] of ["vllm bench serve", "vllm bench serve", "SGLang's bench_serving"].entries()) {
    match(
      refused[index]?.reason ?? "",
      new RegExp(`^Cannot import .*: .*\\.jsonl? looks like a result of ${tool}, which`),
    );
  }
});

Deno.test("durations in milliseconds are refused with the contradiction, and never become a latency", async () => {
  await using root = await importing();
  const { imported, refused } = await root.take(
    goodFiles({ "results.jsonl": jsonl(olderLines(20, () => ({ dur: 2700 }))) }),
    goodFiles({ "results.jsonl": jsonl(olderLines(20, () => ({ dur: 2700, tps: undefined }))) }),
    goodFiles({ "results.jsonl": jsonl(olderLines(1, () => ({ dur: 2_700_000 }))) }),
    goodFiles({ "results.jsonl": jsonl(olderLines(20, (n) => ({ t: START, dur: 2700 + n, level: 4 }))) }),
    goodFiles(),
  );
  equal(imported.length, 1);
  match(
    refused[0]?.reason ?? "",
    /its requests take 1055 times as long as their tokens at the recorded tokens\/s\. `dur` and `t` are/,
  );
  match(refused[1]?.reason ?? "", /its 20 requests of 2700 s each lie within 58 s, 1 at a time/);
  match(refused[2]?.reason ?? "", /take 1054688 times as long/);
  match(refused[3]?.reason ?? "", /times as long/);
  const [benchmark] = await root.build();
  equal(benchmark?.results.max_latency_ms, 2700);
});

Deno.test("many requests at once, long waits and one load of the model are no contradiction", async () => {
  await using root = await importing();
  const { refused } = await root.take(
    goodFiles({
      "results.jsonl": jsonl(olderLines(64, (n) => ({ t: START + 30 + n / 100, dur: 30 }))),
      "metadata.json": metadata({ test_config: { concurrent_reqs: 64 } }),
    }),
    goodFiles({
      "results.jsonl": jsonl(olderLines(20, (n) => ({ dur: n === 1 ? 240 : 2.7, t: START + 300 + n * 3 }))),
    }),
    goodFiles({
      "results.jsonl": jsonl(olderLines(400, (n) => ({ t: START + n / 10, dur: 60 }))),
      "metadata.json": metadata({ test_config: { load: { kind: "poisson", rates: [10] } } }),
    }),
  );
  equal(refused.map(({ reason }) => reason).join("\n"), "");
});
