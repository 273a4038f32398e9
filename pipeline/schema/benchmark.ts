// One measured result as the API gives it: the specification's BenchmarkResult, with ours riding along under new keys.
import { z } from "zod";
import { EngineSettings } from "./engine_settings.ts";
import { Arrival } from "./load.ts";
import { MARKETS, Origin, Weights } from "./names.ts";

const MOST = 1e15;
const num = (what: string) =>
  z.number().min(0).max(MOST).nullable().meta({ description: `${what}; null when not measured.` });
const count = (what: string, most = MOST) =>
  z.int().min(0).max(most).nullable().meta({ description: `${what}; null when not known.` });
const str = (what: string) => z.string().nullable().meta({ description: `${what}; null when not known.` });

/** Of each its severity; `either`: by how far the limit is crossed. */
export const VERDICTS = {
  cache_hit: "fatal",
  token_mismatch: "fatal",
  decode_mismatch: "either",
  wrong_model: "fatal",
  client_bound: "fatal",
  schedule_lag: "fatal",
  server_errors: "fatal",
  truncated_stream: "fatal",
  wrong_gpu: "fatal",
  driver_error: "fatal",
  clock_skew: "fatal",
  beyond_bandwidth: "fatal",
  rate_mismatch: "fatal",
  overlapping_requests: "fatal",
  wrong_time: "fatal",
  rejected_lines: "fatal",
  cpu_spill: "advisory",
  exceeds_vram: "advisory",
  frames_counted: "advisory",
  short_output: "advisory",
  throttled_thermal: "advisory",
  power_capped: "advisory",
  telemetry_gap: "advisory",
  co_tenant: "advisory",
  stalled: "advisory",
  non_stationary: "advisory",
  too_few_requests: "advisory",
  interrupted: "advisory",
} as const satisfies Record<string, "fatal" | "advisory" | "either">;

export type VerdictCode = keyof typeof VERDICTS;
const VerdictCode = z.enum(Object.keys(VERDICTS) as [VerdictCode]);

export const Verdict = z.strictObject({
  code: VerdictCode.meta({ description: "Reason code." }),
  severity: z.enum(["fatal", "advisory"]).meta({
    description: "Fatal: the number does not mean what it says; kept out of rankings.",
  }),
  value: z.number().meta({ description: "What was found." }),
  limit: z.number().meta({ description: "The limit it crossed." }),
  unit: z.string().meta({ description: "Unit of value and limit." }),
}).meta({ id: "Verdict", description: "Why a benchmark is not fully valid, with its evidence." });

export const Hardware = z.strictObject({
  gpu_name: z.string().meta({ description: "GPU; without one, the processor." }),
  gpu: z.string().meta({
    description: "The GPU by its name in the catalogue; gpu_name where that lacks it.",
  }),
  gpu_memory_mib: count("Memory of one GPU, MiB"),
  gpu_count: count("Number of GPUs", 1e4),
  driver_version: str("GPU driver version"),
  cuda_version: str("CUDA version"),
  cpu_model: str("Processor"),
  cpu_cores: count("Logical processor cores", 1e5),
  ram_gib: count("Main memory, GiB"),
}).meta({ id: "Hardware", description: "The machine under test." });

export const Model = z.strictObject({
  name: z.string().meta({ description: "Model name." }),
  family: str("Architecture family"),
  parameter_count: num("Number of parameters"),
  quantization: str("Quantisation"),
  size_gb: num("Size of the weights, GB (10^9 bytes)"),
  runtime: str("Engine that served it"),
  runtime_version: str("Version of the engine"),
  runtime_asked: str("Version that was asked for, or latest"),
  runtime_source: str("Where the engine came from: a file's address, PyPI, image, running"),
  runtime_sha256: str("SHA-256 of what was fetched for it, compared with its publisher's"),
  digest: str("Digest of the weights"),
  weights: Weights,
}).meta({ id: "Model", description: "The model under test." });

export const TestConfig = z.strictObject({
  duration_minutes: count("Planned window, whole minutes, at least one"),
  window_seconds: num("Planned window, seconds"),
  max_tokens: count("Most tokens a request may generate", 1e9),
  prompt_types: z.array(z.string()).meta({ description: "Kinds of prompts used." }),
  concurrent_reqs: z.int().positive().max(1e5).nullable().meta({
    description: "Load level: requests in flight; null in an open loop, whose level is request_rate.",
  }),
  warmup_requests: count("Warm-up requests, not counted", 1e9),
  arrival: Arrival,
  request_rate: z.number().positive().max(1e5).nullable().meta({
    description:
      "Load level of an open loop: requests per second, of a ramp at its end; null in a closed loop.",
  }),
  workload: str(
    "What requests asked for: standard, fixed <tokens in>/<out>, chat, rag, code or shared_prefix …; never compared with another",
  ),
}).meta({ id: "TestConfig", description: "How it was tested." });

export const Results = z.strictObject({
  total_requests: count("Requests in the measure phase, failed ones included"),
  total_tokens: count("Output tokens of the successful requests"),
  total_prompt_tokens: count("Prompt tokens of the successful requests"),
  cached_pct: num("Share of prompt tokens that the engine took from a cache, %"),
  total_errors: count("Failed requests"),
  duration_seconds: num("Wall window, seconds"),
  avg_tokens_per_second: num("Mean over requests of tokens/s of the decode phase"),
  min_tokens_per_second: num("Slowest request, tokens/s"),
  max_tokens_per_second: num("Fastest request, tokens/s"),
  p50_tokens_per_second: num("Median over requests, tokens/s"),
  p95_tokens_per_second: num("95th percentile over requests, tokens/s"),
  p99_tokens_per_second: num("99th percentile over requests, tokens/s"),
  avg_latency_ms: num("Mean duration of a request, ms"),
  min_latency_ms: num("Shortest request, ms"),
  max_latency_ms: num("Longest request, ms"),
  p50_latency_ms: num("Median duration, ms"),
  p95_latency_ms: num("95th percentile of duration, ms"),
  p99_latency_ms: num("99th percentile of duration, ms"),
  requests_per_minute: num("Successful requests per minute of the window"),
  avg_tokens_per_request: num("Mean output tokens of a successful request"),
  error_rate: num("Share of requests that failed, 0 to 1"),
  avg_ttft_ms: num("Mean time to first token from the scheduled time, ms"),
  p50_ttft_ms: num("Median time to first token from the scheduled time, ms"),
  p95_ttft_ms: num("95th percentile of time to first token, ms"),
  p99_ttft_ms: num("99th percentile of time to first token, ms"),
  p50_ttfa_ms: num("Median time to the first answer after any reasoning, from the scheduled time, ms"),
  p95_ttfa_ms: num("95th percentile of time to first answer, ms"),
  p99_ttfa_ms: num("99th percentile of time to first answer, ms"),
  avg_tpot_ms: num("Mean over requests of time per output token after the first, ms"),
  p50_tpot_ms: num("Median over requests of time per output token, ms"),
  p95_tpot_ms: num("95th percentile over requests of time per output token, ms"),
  p99_tpot_ms: num("99th percentile over requests of time per output token, ms"),
  avg_itl_ms: num("Mean gap between two frames with text, over all gaps of all requests, ms"),
  p50_itl_ms: num("Median gap between two frames with text, ms"),
  p95_itl_ms: num("95th percentile of the gap between two frames with text, ms"),
  p99_itl_ms: num("99th percentile of the gap between two frames with text, ms"),
  max_itl_ms: num("Longest gap between two frames with text, ms"),
}).meta({ id: "Results", description: "The figures." });

export const GpuStats = z.strictObject({
  avg_utilization_pct: num("Mean GPU utilisation, %"),
  max_utilization_pct: num("Highest GPU utilisation, %"),
  avg_memory_used_mib: count("Mean GPU memory in use, MiB"),
  max_memory_used_mib: count("Highest GPU memory in use, MiB"),
  avg_temperature_c: num("Mean temperature, degrees Celsius"),
  max_temperature_c: num("Highest temperature, degrees Celsius"),
  avg_power_draw_w: num("Mean power of all GPUs together, W"),
  max_power_draw_w: num("Highest power of all GPUs together, W"),
  idle_power_draw_w: num("Median power of all GPUs together before the first request, W"),
  enforced_power_limit_w: num("Power limit in force, of the GPU that is capped most, W"),
  default_power_limit_w: num("Its power limit as the maker set it, W"),
  power_cap_pct: num("Share of the window in which the power limit held a GPU's clocks down, %"),
  thermal_throttle_pct: num("Share of the window in which heat held a GPU's clocks down, %"),
  avg_sm_clock_mhz: num("Mean clock of the multiprocessors, MHz"),
  max_sm_clock_mhz: num("Highest clock of the multiprocessors, MHz"),
  avg_memory_clock_mhz: num("Mean clock of the memory, MHz"),
  pcie_generation_under_load: count("PCIe generation of the slowest link while its GPU worked", 100),
  pcie_width_under_load: count("PCIe lanes of the narrowest link while its GPU worked", 100),
}).meta({ id: "GpuStats", description: "GPU telemetry over the measured window." });

export const Goodput = z.strictObject({
  tier: z.string().meta({ description: "Tier of table slo_tiers." }),
  requests_per_second: z.number().min(0).meta({
    description: "Requests within its limits on TTFT and TPOT, for each second of the window.",
  }),
}).meta({ id: "Goodput", description: "What a machine serves within the limits of a tier." });

export const LoadGenerator = z.strictObject({
  calibrated_at: str("When it was calibrated on this machine, ISO 8601 UTC"),
  ceiling_chunks_per_second: num("Chunks/s up to which the calibration found it true"),
  chunks_per_second: num("Chunks/s that it took in over the window"),
  p99_ttft_error_ms: num("99th percentile of its error in time to first token by the calibration, ms"),
  p99_itl_error_ms: num("99th percentile of its error in inter-token latency by the calibration, ms"),
  p99_schedule_lag_ms: num("99th percentile of how late requests were sent, ms"),
  p99_loop_lag_ms: num("99th percentile of how late its event loop was, ms"),
  cpu_pct: num("CPU time of its process, % of one core"),
  shards: count("Threads that read answers"),
  in_flight: num("Mean requests in flight, by its own count"),
  server_in_flight: num("Mean requests in flight, by the server's count"),
  tokens: num(
    "Output tokens of the requests that server_tokens counts, those that settled the load among them",
  ),
  server_tokens: num("Output tokens by the server's count"),
}).meta({ id: "LoadGenerator", description: "Whether the load generator kept up with what it measured." });

export const BenchmarkResult = z.strictObject({
  id: z.string().meta({
    description: "Stable id: the same raw evidence gives the same id on every machine.",
  }),
  timestamp: z.string().meta({ description: "Start of the measurement, ISO 8601 UTC." }),
  hardware: Hardware,
  model: Model,
  engine: EngineSettings.extend({
    flags: z.array(z.string()).nullable().meta({
      description: "Flags that its server was started with; null when it ran already or takes none.",
    }),
  }).meta({ id: "EngineOptions", description: "How its server was started." }),
  test_config: TestConfig,
  results: Results,
  gpu_stats: GpuStats,
  provider: z.string().meta({ description: "Who lent the machine." }),
  location: str("Where the machine stands"),
  price_per_hour: num("US dollars per hour"),
  market: z.enum(MARKETS).nullable().meta({
    description:
      "How its machine was rented: on demand, or interruptible, which is cheaper and may be taken away; null where none was rented, or not known.",
  }),
  origin: Origin,
  verdicts: z.array(Verdict).meta({ description: "Why it is not fully valid; empty when it is." }),
  checked: z.array(VerdictCode).nullable().meta({
    description: "Verdicts for which there was data to check it; null without raw evidence.",
  }),
  throughput_tokens_per_second: num("All output tokens of the level divided by its wall window, tokens/s"),
  steady_throughput_tokens_per_second: num(
    "Output tokens that came while the load was on divided by that time, tokens/s",
  ),
  achieved_request_rate: num(
    "Requests begun while the load was on divided by that time, 1/s; of an open loop to be held against request_rate, of a ramp against the middle of its rates",
  ),
  rate_tokens_per_second: num(
    "What ranks and prices it: avg_tokens_per_second at concurrency 1, throughput above and in open loops",
  ),
  rate_tokens_per_second_per_gpu: num("rate_tokens_per_second / gpu_count"),
  throughput_tokens_per_second_per_gpu: num("throughput_tokens_per_second / gpu_count"),
  tokens_per_dollar: num("rate × 3600 / price_per_hour"),
  joules_per_output_token: num(
    "GPU energy per output token, J; needs every GPU's power without a gap of more than 3 s",
  ),
  goodput: z.array(Goodput).nullable().meta({
    description: "Requests a second within the limits of each SLO tier; null when not measured.",
  }),
  client: LoadGenerator.nullable().meta({
    description: "The load generator beside the server; null when nothing of it is known.",
  }),
  memory: z.strictObject({
    context_tokens: num("Context length that memory is kept for, tokens"),
    needed_gib: num("Weights, keys and values of the context, and 1 GiB for driver and engine, GiB"),
    available_gib: num("Memory of all GPUs, GiB"),
    fits: z.boolean().nullable().meta({
      description:
        "Whether the model lies wholly in GPU memory: as the engine said, else needed ≤ available.",
    }),
  }).meta({ id: "Memory", description: "Whether the model fits into GPU memory." }),
  provenance: z.strictObject({
    run_id: z.string().meta({ description: "Run, import or file that brought it." }),
    entry_id: z.string().nullable().meta({ description: "Entry of that run; null without raw evidence." }),
    evidence_id: z.string().meta({ description: "Digest of the evidence, or of the figures without one." }),
    source: str("Who published the figures, of results without raw evidence"),
    note: str("A remark of the source"),
    raw_dir: z.string().nullable().meta({ description: "Folder below data/raw." }),
    files: z.array(z.string()).meta({ description: "Raw files in it." }),
    rejected_lines: z.int().meta({ description: "Malformed lines left out." }),
  }).meta({ id: "BenchmarkProvenance", description: "Where the evidence lies." }),
}).meta({ id: "BenchmarkResult", description: "One measured result: one entry at one load level." });

export const CostAnalysis = z.strictObject({
  cost_per_hour: num("US dollars per hour"),
  tokens_per_dollar: num("rate × 3600 / price_per_hour"),
  cost_per_million_tokens: num("US dollars per million output tokens"),
  estimated_monthly_24x7: num("price × 24 × 30, US dollars"),
  delivered_tokens_per_dollar: num("throughput × 3600 / price_per_hour"),
}).meta({ id: "CostAnalysis", description: "What it costs." });

export type Verdict = z.infer<typeof Verdict>;
export type BenchmarkResult = z.infer<typeof BenchmarkResult>;
export type CostAnalysis = z.infer<typeof CostAnalysis>;
