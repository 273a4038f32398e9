// Given rows of gpu.csv, expect figures and verdicts: what telemetry says of a benchmark, each reason provoked, none without cause.
import { deepEqual, equal, ok } from "node:assert/strict";
import { buildData } from "../pipeline/build/mod.ts";
import { Database } from "../pipeline/lib/duckdb.ts";
import { list } from "../pipeline/query/mod.ts";
import { BenchmarkList } from "../pipeline/schema/api.ts";
import type { BenchmarkResult } from "../pipeline/schema/benchmark.ts";
import { jsonl, metadata, sealed, temporaryRoot } from "./fixtures.ts";

const START = 1767323045;
/** Twelve clean requests, one every two seconds: the window is 23.2 s, with a sample in each of its 24 whole seconds. */
const REQUESTS = Array.from({ length: 12 }, (_, n) => request(n));
const WINDOW_S = 23.2;
const SECONDS = Array.from({ length: 30 }, (_, index) => index - 4);
const HEALTHY = {
  utilization_pct: 97,
  memory_used_mib: 18000,
  power_w: 300,
  power_limit_w: 450,
  power_default_limit_w: 450,
  sm_clock_mhz: 2520,
  memory_clock_mhz: 10501,
  pcie_generation: 4,
  pcie_width: 16,
  throttle_reasons: "0x0",
  sw_power_cap_us: 7,
  sw_thermal_slowdown_us: 7,
  hw_thermal_slowdown_us: 7,
};
const AT_REST = { utilization_pct: 0, memory_used_mib: 400, power_w: 25, pcie_generation: 1 };

type Cells = Readonly<Record<string, number | string>>;
/** What a GPU tells at a second that a healthy one would not. */
type Change = (second: number, gpu: number) => Cells;

function request(n: number, fields: object = {}): object {
  const ns = (offset: number) => Math.round((n * 2 + offset) * 1e9);
  return {
    t: START + n * 2,
    n,
    tok: 256,
    tps: 255,
    dur: 1.2,
    err: false,
    phase: "measure",
    level: 1,
    scheduled_ns: ns(0),
    sent_ns: ns(0),
    first_text_ns: ns(0.2),
    last_text_ns: ns(1.2),
    end_ns: ns(1.2),
    ...fields,
  };
}

function gpuCsv(change: Change = () => ({}), gpus = 1, seconds = SECONDS): string {
  const rows = seconds.flatMap((second) =>
    Array.from({ length: gpus }, (_, gpu) => {
      const cells = { ...HEALTHY, ...(second < 0 ? AT_REST : {}), ...change(second, gpu) };
      return [new Date((START + second) * 1000).toISOString(), gpu, ...Object.values(cells)].join(", ");
    })
  );
  return [`timestamp,gpu_index,${Object.keys(HEALTHY).join(",")}`, ...rows, ""].join("\n");
}

interface Case {
  readonly what: string;
  readonly gpu: string;
  readonly told?: object;
  readonly gpus?: number;
  readonly requests?: readonly object[];
  /** Each verdict as `code value > limit`; none when left out. */
  readonly verdicts?: readonly string[];
  readonly stats?: Partial<BenchmarkResult["gpu_stats"]>;
  readonly joules?: number | null;
}

const held = (second: number, after: number, us: number) => 7 + (second >= after ? us : 0);
const JOULES = 300 * WINDOW_S / (12 * 256);
const process = (gpu: number, used_memory_mib: number | null) => ({
  gpu_uuid: `GPU-${gpu}`,
  used_memory_mib,
});

const CASES: readonly Case[] = [
  {
    what: "a healthy GPU has its figures and no verdict",
    gpu: gpuCsv(),
    stats: {
      idle_power_draw_w: 25,
      enforced_power_limit_w: 450,
      default_power_limit_w: 450,
      power_cap_pct: 0,
      thermal_throttle_pct: 0,
      avg_sm_clock_mhz: 2520,
      max_sm_clock_mhz: 2520,
      avg_memory_clock_mhz: 10501,
      pcie_generation_under_load: 4,
      pcie_width_under_load: 16,
    },
    joules: JOULES,
  },
  {
    what: "heat between two samples is counted to the microsecond",
    gpu: gpuCsv((second) => ({ sw_thermal_slowdown_us: held(second, 10, 460_000) })),
    verdicts: ["throttled_thermal 2 > 1"],
    stats: { thermal_throttle_pct: 2 },
  },
  {
    what: "of two GPUs the hotter one decides",
    gpu: gpuCsv((second, gpu) => ({ hw_thermal_slowdown_us: held(second, 10, gpu * 920_000) }), 2),
    gpus: 2,
    verdicts: ["throttled_thermal 4 > 1"],
    joules: 2 * JOULES,
  },
  {
    what: "a hundredth of the window is not too hot, and is reported",
    gpu: gpuCsv((second) => ({ sw_thermal_slowdown_us: held(second, 10, 230_000) })),
    stats: { thermal_throttle_pct: 1 },
  },
  {
    what: "heat before the window is not the window's",
    gpu: gpuCsv((second) => ({ sw_thermal_slowdown_us: held(second, 0, 9_000_000) })),
    stats: { thermal_throttle_pct: 0 },
  },
  {
    what: "a counter that was set back says nothing, the mask of reasons stands in",
    gpu: gpuCsv((second) => ({
      sw_thermal_slowdown_us: second < 10 ? 5_000_000 : 1,
      hw_thermal_slowdown_us: "[N/A]",
      throttle_reasons: second < 6 ? "0x0000000000000020" : "0x0",
    })),
    verdicts: ["throttled_thermal 25 > 1"],
  },
  {
    what: "a hardware slowdown by the power brake is not heat",
    gpu: gpuCsv(() => ({
      sw_thermal_slowdown_us: "N/A",
      hw_thermal_slowdown_us: "N/A",
      throttle_reasons: "0x88",
    })),
    stats: { thermal_throttle_pct: 0 },
  },
  {
    what: "a GPU that works at its power limit is normal, and its share is reported",
    gpu: gpuCsv((second) => ({ sw_power_cap_us: 7 + Math.max(0, second) * 1e6, throttle_reasons: "0x4" })),
    stats: { power_cap_pct: 100, thermal_throttle_pct: 0 },
  },
  {
    what: "a host that caps one of its cards below the default is told with both limits",
    gpu: gpuCsv((_, gpu) => ({ power_limit_w: gpu === 1 ? 300 : 450 }), 2),
    gpus: 2,
    verdicts: ["power_capped 300 > 450"],
    stats: { enforced_power_limit_w: 300, default_power_limit_w: 450 },
  },
  {
    what: "a limit whose default is not known caps nothing",
    gpu: gpuCsv(() => ({ power_limit_w: 300, power_default_limit_w: "[N/A]" })),
    stats: { enforced_power_limit_w: 300, default_power_limit_w: null },
  },
  {
    what: "PCIe is what the link reaches at work, of the slowest GPU",
    gpu: gpuCsv((second, gpu) => ({
      pcie_generation: second % 2 === 0 ? 3 : 1,
      utilization_pct: second < 0 ? 0 : second % 2 === 0 ? 97 : 20,
      pcie_width: gpu === 1 ? 4 : 16,
    }), 2),
    gpus: 2,
    stats: { pcie_generation_under_load: 3, pcie_width_under_load: 4 },
  },
  {
    what: "a sample that is missing for more than three seconds is a gap",
    gpu: gpuCsv(() => ({}), 1, SECONDS.filter((second) => second < 8 || second > 11)),
    verdicts: ["telemetry_gap 5 > 3"],
    joules: null,
  },
  {
    what: "a window whose end was not seen is a gap",
    gpu: gpuCsv(() => ({}), 1, SECONDS.filter((second) => second < 20)),
    verdicts: ["telemetry_gap 4.2 > 3"],
    joules: null,
  },
  {
    what: "a GPU of the machine without any sample is a gap",
    gpu: gpuCsv(),
    gpus: 2,
    verdicts: ["telemetry_gap 1 > 0"],
    joules: null,
  },
  {
    what: "energy is not known when one of two GPUs does not tell its power",
    gpu: gpuCsv((_, gpu) => gpu === 1 ? { power_w: "[N/A]" } : {}, 2),
    gpus: 2,
    stats: { idle_power_draw_w: null, avg_power_draw_w: 300 },
    joules: null,
  },
  {
    what: "energy is not known when power alone is missing for more than three seconds",
    gpu: gpuCsv((second) => second > 7 && second < 12 ? { power_w: "[N/A]" } : {}),
    joules: null,
  },
  {
    what: "two processes on one GPU are tenants, each small one and each on its own GPU is not",
    gpu: gpuCsv(() => ({}), 2),
    gpus: 2,
    told: {
      processes_before: [process(0, 18000), process(1, 18000), process(1, 20), process(1, null)],
      processes_after: [process(0, 18000), process(1, 9000), process(1, 2000), process(1, 600)],
    },
    verdicts: ["co_tenant 3 > 1"],
  },
  {
    what: "memory in use before the model was loaded is another's",
    gpu: gpuCsv((second) => second < 0 ? { memory_used_mib: 6000 } : {}),
    told: { model_was_loaded: false },
    verdicts: ["co_tenant 6000 > 1024"],
  },
  {
    what: "memory in use before the load is the model's where it was loaded",
    gpu: gpuCsv((second) => second < 0 ? { memory_used_mib: 6000 } : {}),
    told: { model_was_loaded: true },
  },
  {
    what: "a GPU that works before anything was asked has another tenant",
    gpu: gpuCsv((second) => second < 0 ? { utilization_pct: 40 - second } : {}),
    verdicts: ["co_tenant 41 > 10"],
  },
  {
    what: "a moment of work before the load is no tenant",
    gpu: gpuCsv((second) => second === -2 ? { utilization_pct: 100 } : {}),
  },
  {
    what: "a GPU that was lost makes the run void, and its cells are null",
    gpu: gpuCsv((second) =>
      second === 21
        ? Object.fromEntries(Object.keys(HEALTHY).map((column) => [column, "[GPU is lost]"]))
        : second > 21
        ? { utilization_pct: "[GPU requires reset]" }
        : {}
    ),
    verdicts: ["driver_error 5 > 0"],
    stats: { max_utilization_pct: 97 },
  },
  {
    what: "what the driver said instead of samples makes the run void",
    gpu: gpuCsv(),
    told: { failures: ["nvidia-smi ended with code 18 and said Driver/library version mismatch"] },
    verdicts: ["driver_error 1 > 0"],
  },
  {
    what: "a driver that was exchanged meanwhile makes the run void",
    gpu: gpuCsv(),
    told: { failures: [], driver_version: "580.65", driver_version_after: "580.82" },
    verdicts: ["driver_error 1 > 0"],
  },
  {
    what: "the same driver at both ends is no error",
    gpu: gpuCsv(),
    told: { failures: [], driver_version: "580.65", driver_version_after: "580.65" },
  },
  {
    what: "a clock that was set within the window is told by how much",
    gpu: gpuCsv(),
    requests: REQUESTS.map((_, n) => request(n, { t: START + n * 2 - (n > 5 ? 2.5 : 0) })),
    verdicts: ["clock_skew 2.5 > 1"],
  },
  {
    what: "a clock that is slewed is not",
    gpu: gpuCsv(),
    requests: REQUESTS.map((_, n) => request(n, { t: START + n * 2 + n * 0.01 })),
  },
  {
    what: "under MIG, where a driver tells next to nothing, figures are null and no verdict is made of that",
    gpu: gpuCsv(() => Object.fromEntries(Object.keys(HEALTHY).map((column) => [column, "[N/A]"]))),
    stats: {
      avg_utilization_pct: null,
      thermal_throttle_pct: null,
      power_cap_pct: null,
      pcie_width_under_load: null,
    },
    joules: null,
  },
  {
    what: "nvidia-smi's own names, older ones too, and units are understood",
    gpu: [
      "timestamp, index, pstate, utilization.gpu [%], utilization.memory [%], power.draw [W], enforced.power.limit [W], " +
      "power.default_limit [W], clocks_throttle_reasons.active, clocks_event_reasons_counters.sw_thermal_slowdown [us], pcie.link.width.current",
      ...SECONDS.filter((second) => second >= 0).map((second) =>
        `${
          new Date((START + second) * 1000).toISOString()
        }, 0, P2, 97 %, 60 %, 300.00 W, 350.00 W, 350.00 W, 0x0000000000000020, ${second * 10_000} us, 8`
      ),
      "",
    ].join("\n"),
    verdicts: [],
    stats: { thermal_throttle_pct: 1, enforced_power_limit_w: 350, pcie_width_under_load: 8 },
    joules: JOULES,
  },
];

const rounded = (value: number) => Math.round(value * 1e6) / 1e6;

Deno.test("what telemetry says of a benchmark", async (test) => {
  await using root = await temporaryRoot();
  for (const [index, { gpu, told, gpus = 1, requests = REQUESTS }] of CASES.entries()) {
    const whole = JSON.parse(metadata({ hardware: { gpu_count: gpus } }));
    await sealed(root.paths, "run", `case-${index}`, {
      // Evidence is known by its requests: numbers of their own keep the cases apart.
      "results.jsonl": jsonl(requests.map((line, n) => ({ ...line, n: index * 100 + n }))),
      "metadata.json": JSON.stringify({ ...whole, ...(told === undefined ? {} : { telemetry: told }) }),
      "gpu.csv": gpu,
    });
  }
  await buildData(root.paths, root.log);
  using db = await Database.reading(root.paths.database);
  const { benchmarks } = BenchmarkList.parse(await list(db, { limit: 200 }));
  equal(benchmarks.length, CASES.length);
  for (const [index, { what, verdicts = [], stats = {}, joules }] of CASES.entries()) {
    await test.step(what, () => {
      const found = benchmarks.find(({ provenance }) => provenance.entry_id === `case-${index}`);
      ok(found);
      equal(found.provenance.rejected_lines, 0);
      deepEqual(
        found.verdicts.map(({ code, value, limit }) => `${code} ${rounded(value)} > ${rounded(limit)}`),
        verdicts,
      );
      const names = Object.keys(stats) as (keyof typeof stats)[];
      deepEqual(Object.fromEntries(names.map((name) => [name, found.gpu_stats[name]])), stats);
      if (joules === null) equal(found.joules_per_output_token, null);
      else if (joules !== undefined) equal(rounded(found.joules_per_output_token ?? 0), rounded(joules));
    });
  }
});

Deno.test("samples keep every column that the driver told, in its unit", async () => {
  await using root = await temporaryRoot();
  await sealed(root.paths, "run", "e", {
    "results.jsonl": jsonl(REQUESTS),
    "gpu.csv": CASES.at(-1)?.gpu ?? "",
  });
  await buildData(root.paths, root.log);
  using db = await Database.inMemory();
  const [row] = await db.rows(
    `SELECT performance_state, memory_utilization_pct, power_default_limit_w, sw_thermal_slowdown_us::INTEGER AS us,
      pcie_width, throttle_reasons, memory_temperature_c
     FROM read_parquet($glob) ORDER BY sampled_at LIMIT 1 OFFSET 1`,
    { glob: `${root.paths.exported}/gpu_samples.parquet/*.parquet` },
  );
  deepEqual(row, {
    performance_state: "P2",
    memory_utilization_pct: 60,
    power_default_limit_w: 350,
    us: 10_000,
    pcie_width: 8,
    throttle_reasons: "0x0000000000000020",
    memory_temperature_c: null,
  });
});

Deno.test("words in place of an id are none, in brackets or not, and a lost GPU is lost either way", async () => {
  const words = ["GPU-0a1", "[N/A]", "N/A", "Unknown Error", "Not Supported", "MIG-5c", "GPU is lost"];
  const rows = words.map((uuid, second) => {
    const lost = uuid.includes("lost") ? uuid : "97";
    return `${new Date((START + second) * 1000).toISOString()}, 0, ${uuid}, ${lost}`;
  });
  await using root = await temporaryRoot();
  await sealed(root.paths, "run", "e", {
    "results.jsonl": jsonl(REQUESTS),
    "gpu.csv": ["timestamp,gpu_index,gpu_uuid,utilization_pct", ...rows, ""].join("\n"),
  });
  await buildData(root.paths, root.log);
  using db = await Database.inMemory();
  const found = await db.rows("SELECT gpu_uuid FROM read_parquet($glob) ORDER BY sampled_at", {
    glob: `${root.paths.exported}/gpu_samples.parquet/*.parquet`,
  });
  deepEqual(found.map(({ gpu_uuid }) => gpu_uuid).slice(0, 6), ["GPU-0a1", null, null, null, null, "MIG-5c"]);
});
