// Result files of other tools, by what they are told from: named when they are refused, since nothing here reads them yet.
import { join } from "node:path";
import { isSystemError } from "../lib/files.ts";

/** What a file of each tool holds near its beginning, all of it. */
const TOOLS: readonly (readonly [tool: string, signs: readonly RegExp[]])[] = [
  ["GuideLLM", [
    /"guidellm_version"|"generative_benchmark"|"run_stats"[^]*"benchmarks"|"benchmarks"[^]*"run_stats"/,
  ]],
  ["SGLang's bench_serving", [
    /"total_output_tokens_retokenized"|"sharegpt_output_len"|"random_range_ratio"/,
  ]],
  ["genai-perf", [/genai[-_]perf|"service_kind"[^]*"experiments"|"experiments"[^]*"service_kind"/i]],
  ["AIPerf", [/aiperf|"credit_phase"|"inter_chunk_latency"|"output_token_throughput_per_user"/i]],
  ["vllm bench serve", [/"(mean|median)_ttft_ms"/, /"(num_prompts|completed|max_concurrency)"/]],
  ["llama-bench", [/"build_commit"|^build_commit,/, /"(avg_ts|model_filename)"|model_filename/]],
  ["llama-bench", [/^\|\s*model\s*\|\s*size\s*\|\s*params\s*\|/m]],
  ["LLMPerf", [/"results_inter_token_latency_s|"end_to_end_latency_s"|"results_end_to_end_latency_s/]],
  ["InferenceX", [/"(output_)?tput_per_gpu"/]],
  ["LocalScore", [/"accelerator_info"|"performance_score"|\baccel_name\b/]],
  ["Ollama's bench", [/^BenchmarkModel\/name=|^NAME,STEP,COUNT,NS_PER_COUNT/m]],
  ["optimum-benchmark", [/"per_token"/, /"prefill"/, /"decode"/]],
  ["MLPerf's LoadGen", [/:::MLLOG|MLPerf Results Summary/]],
  ["oha", [/"latencyPercentiles"/, /"statusCodeDistribution"/]],
  ["k6", [/"type"\s*:\s*"Point"/, /"metric"/]],
];

const LOOKED_AT_BYTES = 64 * 1024;
const MOST_FILES = 50;
const TEXT = /\.(json|jsonl|ndjson|csv|tsv|txt|md|log)$/i;

/** The tool that a file beginning with `text` is of; null when it is none of those known. Pure. */
export function toolOf(text: string): string | null {
  return TOOLS.find(([, signs]) => signs.every((sign) => sign.test(text)))?.[0] ?? null;
}

/** The first file of another tool in a directory, or the file itself; null when there is none. */
export async function foreignFile(path: string): Promise<{ file: string; tool: string } | null> {
  try {
    const { isFile } = await Deno.stat(path);
    for (const file of isFile ? [path] : await textFiles(path)) {
      const tool = toolOf(await beginning(file));
      if (tool !== null) return { file, tool };
    }
  } catch (error) {
    if (!isSystemError(error)) throw error;
  }
  return null;
}

async function textFiles(dir: string): Promise<string[]> {
  const items = await Array.fromAsync(Deno.readDir(dir));
  return items.filter(({ name, isFile }) => isFile && TEXT.test(name)).map(({ name }) => join(dir, name))
    .sort()
    .slice(0, MOST_FILES);
}

async function beginning(path: string): Promise<string> {
  using file = await Deno.open(path);
  const bytes = new Uint8Array(LOOKED_AT_BYTES);
  let size = 0;
  while (size < bytes.length) {
    const count = await file.read(bytes.subarray(size));
    if (count === null) break;
    size += count;
  }
  return new TextDecoder().decode(bytes.subarray(0, size));
}
