// Simulated raw directories for the benches, in the agent's own format, the same bytes for the same arguments.
import { join } from "node:path";
import { sealRawDirectory } from "../../pipeline/lib/seal.ts";
import type { Metadata } from "../../pipeline/schema/metadata.ts";
import type { RequestLine } from "../../pipeline/schema/request.ts";

const GPUS = [
  ["NVIDIA GeForce RTX 4090", 24_564, 0.4],
  ["NVIDIA GeForce RTX 3090", 24_576, 0.2],
  ["NVIDIA H100 80GB HBM3", 81_559, 2.4],
  ["NVIDIA L40S", 46_068, 0.9],
  ["NVIDIA A100-SXM4-80GB", 81_920, 1.5],
] as const;
const MODELS = ["qwen2:7b", "deepseek-r1:14b", "llama3:70b", "mistral:7b"];

/** Writes directories `from` … `to` − 1 below `root`/data/raw, each a run of its own, with `requests` request lines. Only what is `measured` may be ranked. */
export async function generate(
  root: string,
  from: number,
  to: number,
  requests: number,
  origin: "simulated" | "measured" = "simulated",
): Promise<void> {
  for (let index = from; index < to; index++) await generateDirectory(root, index, requests, origin);
}

/** The run that directory `index` belongs to. */
export function runOf(index: number): string {
  return `20260101-000000-${index.toString(16).padStart(4, "0")}`;
}

async function generateDirectory(
  root: string,
  index: number,
  requests: number,
  origin: "simulated" | "measured",
): Promise<void> {
  const random = generator(index + 1);
  const [gpu, memory, price] = GPUS[index % GPUS.length] ?? GPUS[0];
  const model = MODELS[Math.floor(index / GPUS.length) % MODELS.length] ?? "";
  const entry = `simulated-${index}`;
  const dir = join(root, "data", "raw", runOf(index), entry);
  await Deno.mkdir(dir, { recursive: true });
  const start = Date.UTC(2026, 0, 1) / 1000 + index * 3600;
  const { lines, seconds } = requestLines(start, requests, 40 + index % 50, random);
  await Deno.writeTextFile(join(dir, "results.jsonl"), lines);
  await Deno.writeTextFile(join(dir, "gpu.csv"), gpuLines(start, seconds, memory, random));
  await Deno.writeTextFile(
    join(dir, "metadata.json"),
    `${JSON.stringify(metadata(gpu, memory, model, start))}\n`,
  );
  await sealRawDirectory(dir, {
    run_id: runOf(index),
    entry_id: entry,
    origin,
    provider: "local",
    location: "US",
    price_per_hour: price,
    collected_at: new Date(start * 1000).toISOString(),
  });
}

function requestLines(start: number, count: number, rate: number, random: () => number) {
  let now = 0;
  const lines: string[] = [];
  for (let n = 0; n < count; n++) {
    const tps = rate * (0.9 + 0.2 * random());
    const first = 0.02 + 0.05 * random();
    const dur = first + 255 / tps;
    const at = (seconds: number) => Math.round((now + seconds) * 1e9);
    const line: RequestLine = {
      t: Math.round((start + now) * 1000) / 1000,
      n,
      tok: 256,
      tps: Math.round(tps * 1e6) / 1e6,
      dur: Math.round(dur * 1e6) / 1e6,
      err: false,
      phase: "measure",
      level: 1,
      prompt: ["coding", "technical", "creative", "general"][n % 4] ?? "",
      scheduled_ns: at(0),
      sent_ns: at(0.0001),
      first_frame_ns: at(first),
      first_text_ns: at(first),
      last_text_ns: at(dur),
      end_ns: at(dur + 0.0002),
      prompt_tok: 40 + n % 30,
      cached_tok: 0,
      frames: 256,
      stop: "length",
      http: 200,
      engine: { prompt_ns: Math.round(first * 1e9), decode_ns: Math.round((dur - first) * 1e9) },
    };
    lines.push(JSON.stringify(line));
    now += dur + 0.001;
  }
  return { lines: `${lines.join("\n")}\n`, seconds: now };
}

function gpuLines(start: number, seconds: number, memory: number, random: () => number): string {
  const lines = [
    "timestamp,gpu_index,gpu_uuid,utilization_pct,memory_used_mib,memory_total_mib,temperature_c,power_w",
  ];
  for (let second = 0; second < Math.min(seconds, 300); second++) {
    const timestamp = new Date((start + second) * 1000).toISOString().slice(0, 23).replaceAll("-", "/")
      .replace("T", " ");
    const used = Math.round(memory * 0.6);
    lines.push(
      `${timestamp},0,GPU-0,${90 + Math.round(9 * random())},${used},${memory},${
        60 + Math.round(9 * random())
      },${(250 + 50 * random()).toFixed(2)}`,
    );
  }
  return `${lines.join("\n")}\n`;
}

function metadata(gpu: string, memory: number, model: string, start: number): Metadata {
  return {
    benchmark_version: "1",
    started_at: new Date(start * 1000).toISOString(),
    completed_at: new Date((start + 300) * 1000).toISOString(),
    hostname: "simulated",
    hardware: {
      gpu_name: gpu,
      gpu_memory_mib: memory,
      gpu_count: 1,
      driver_version: "580.65",
      cuda_version: "13.0",
    },
    model: { name: model, runtime: "ollama", runtime_version: "0.12.0", size: 4_400_000_000 },
    test_config: { duration_seconds: 300, max_tokens: 256, concurrency: [1], warmup_requests: 0 },
  };
}

/** Marsaglia's xorshift, 0 to 1. */
function generator(seed: number): () => number {
  let state = seed * 2654435769 | 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
