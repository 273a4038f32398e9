// The agent's telemetry against programs that answer as drivers do, healthy and broken.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { amdReader, readAmdStatic } from "../pipeline/agent/amd_smi.ts";
import { readConfig } from "../pipeline/agent/config.ts";
import { readApple } from "../pipeline/agent/hardware.ts";
import { migProfiles, queryFor, readNvidiaLine, readProcesses } from "../pipeline/agent/nvidia_smi.ts";
import { run } from "../pipeline/agent/run.ts";
import { gpuLineFault, readGpuHeader } from "../pipeline/schema/evidence.ts";
import { HEADERLESS_COLUMNS } from "../pipeline/schema/gpu_sample.ts";
import { Metadata } from "../pipeline/schema/metadata.ts";
import { fakeNvidiaSmi, type Options } from "./fakes/nvidia_smi.ts";
import { fakeOllama } from "./fakes/ollama.ts";

const CARD = {};

/** What a run leaves on a machine whose programs lie in `folder`, which is removed. */
async function measureWith(folder: string, env: Record<string, string> = {}) {
  const path = Deno.env.get("PATH") ?? "";
  const out = await Deno.makeTempDir();
  Deno.env.set("PATH", `${folder}:${path}`);
  try {
    await using ollama = fakeOllama(["m:latest"], {});
    const config = readConfig(
      { MODEL: "m", URL: ollama.url, DURATION: "0.3", WARMUP: "1", MAX_TOKENS: "8", OUT: out, ...env },
      new Date(),
    );
    await run(config, new AbortController().signal, { progress: () => undefined, ended: () => undefined })
      .catch(() => undefined);
    const { hardware, telemetry } = Metadata.parse(
      JSON.parse(await Deno.readTextFile(join(out, "metadata.json"))),
    );
    const gpu = await Deno.readTextFile(join(out, "gpu.csv")).catch(() => null);
    const [header = "", ...rows] = (gpu ?? "").trim().split("\n");
    const log = await Deno.readTextFile(join(out, "agent.log"));
    return { gpu, header, rows, hardware, telemetry, log };
  } finally {
    Deno.env.set("PATH", path);
    await Deno.remove(out, { recursive: true });
    await Deno.remove(folder, { recursive: true });
  }
}

async function measure(options: Options, env: Record<string, string> = {}) {
  return await measureWith(await fakeNvidiaSmi(options), env);
}

/** All rows can be read. */
function readable({ header, rows }: { header: string; rows: string[] }): void {
  const { columns } = readGpuHeader(header);
  deepEqual(rows.map((row) => gpuLineFault(row, columns)).filter((fault) => fault !== null), []);
}

Deno.test("gpu.csv has the specification's columns first, a row a GPU and tick, and the driver's own words for what it does not know", async () => {
  const result = await measure({ cards: [CARD, CARD] });
  const columns = result.header.split(",");
  deepEqual(columns.slice(0, 6), [...HEADERLESS_COLUMNS]);
  equal(columns.length, 23);
  readable(result);
  const cells = (row = "") =>
    Object.fromEntries(row.split(", ").map((cell, index) => [columns[index], cell]));
  const [first, second] = result.rows.map(cells);
  deepEqual([first?.gpu_index, second?.gpu_index, second?.gpu_uuid], ["0", "1", "GPU-1"]);
  deepEqual([first?.power_w, first?.memory_temperature_c, first?.power_limit_w], ["[N/A]", "N/A", "450.00"]);
  ok(result.rows.length >= 2 * 4, "at rest before the load");
  deepEqual(
    [result.hardware.gpu_name, result.hardware.gpu_count, result.hardware.cuda_version],
    ["NVIDIA GeForce RTX 4090", 2, "13.0"],
  );
  deepEqual(
    [result.telemetry?.program, result.telemetry?.interval_ms, result.telemetry?.failures],
    ["nvidia-smi", 200, []],
  );
  equal(result.telemetry?.driver_version, result.telemetry?.driver_version_after);
});

Deno.test("a driver is asked only for fields that it knows, under their older names where it must be", () => {
  const { columns, fields } = queryFor(
    '"index"\n"utilization.gpu"\n"clocks_event_reasons.active" or "clocks_throttle_reasons.active"\n"power.draw"',
  );
  deepEqual(columns, ["timestamp", "utilization_pct", "power_w", "gpu_index", "throttle_reasons"]);
  deepEqual(fields, ["timestamp", "utilization.gpu", "power.draw", "index", "clocks_event_reasons.active"]);
  const older = queryFor('"index"\n"clocks_throttle_reasons.active"');
  deepEqual(older.fields, ["timestamp", "index", "clocks_throttle_reasons.active"]);
});

Deno.test("fields that a driver does not have are left out of the file", async () => {
  const result = await measure({ cards: [CARD], without: ["power.draw.instant", "power.default_limit"] });
  readable(result);
  equal(result.header.includes("power_default_limit_w"), false);
  ok(result.header.includes("power_w"));
});

Deno.test("a field that the driver names and then refuses fails no query: it is left out", async () => {
  const refused = ["temperature.memory", "clocks_event_reasons_counters.sw_power_cap"];
  const result = await measure({ cards: [CARD], refused });
  readable(result);
  ok(result.rows.length > 0);
  equal(/memory_temperature_c|sw_power_cap_us/.test(result.header), false);
  deepEqual(result.telemetry?.failures, []);
});

Deno.test("a driver that fails is told in its own words, and no GPU is not said", async () => {
  const words = "Failed to initialize NVML: Driver/library version mismatch";
  const { gpu, hardware, telemetry, log } = await measure({ cards: [CARD], broken: words });
  equal(gpu, null);
  deepEqual([hardware.gpu_name, hardware.gpu_count], [null, null]);
  match(telemetry?.failures?.join() ?? "", /Driver\/library version mismatch/);
  match(log, /no telemetry: .*version mismatch/);
});

Deno.test("a driver's tool on a machine without a GPU is no failure", async () => {
  const { gpu, hardware, telemetry } = await measure({ cards: [] });
  deepEqual([gpu, hardware.gpu_count, telemetry], [null, 0, null]);
});

Deno.test("a GPU that is lost while it is measured is told in the driver's words, and the rows before it stay", async () => {
  const saying =
    "Unable to determine the device handle for GPU0: 0000:01:00.0: GPU is lost.  Reboot the system";
  const result = await measure({ cards: [CARD], dies: { ticks: 2, saying } });
  readable(result);
  ok(result.rows.length >= 3);
  match(result.telemetry?.failures?.join() ?? "", /GPU is lost/);
  match(result.log, /nvidia-smi ended by itself: code 15/);
});

Deno.test("a GPU whose cells say that it is lost keeps its rows as they came", async () => {
  const card = {
    "utilization.gpu": "[GPU is lost]",
    "memory.used": "[GPU is lost]",
    pstate: "[GPU is lost]",
  };
  const result = await measure({ cards: [card] });
  readable(result);
  match(result.rows[0] ?? "", /\[GPU is lost\]/);
});

Deno.test("a last line that is cut off is left out", async () => {
  const result = await measure({ cards: [CARD], cut: true });
  readable(result);
  equal(result.gpu?.endsWith("\n"), true);
  equal(result.rows.some((row) => row.startsWith("2026/01/01 00:00:0")), false);
  deepEqual(result.telemetry?.failures, []);
});

Deno.test("a driver that is exchanged meanwhile is seen at the end", async () => {
  const { telemetry, log } = await measure({ cards: [CARD], laterDriver: "580.82.07" });
  deepEqual([telemetry?.driver_version, telemetry?.driver_version_after], ["580.65.06", "580.82.07"]);
  match(log, /the driver was 580\.65\.06 and is 580\.82\.07/);
});

Deno.test("processes on the GPUs are kept from before and after the load", async () => {
  const processes = ["4711, /usr/bin/ollama, 18000, GPU-0", "12, python, [N/A], GPU-0"];
  const { telemetry } = await measure({ cards: [CARD], processes });
  const found = [
    { pid: 4711, name: "/usr/bin/ollama", used_memory_mib: 18000, gpu_uuid: "GPU-0" },
    { pid: 12, name: "python", used_memory_mib: null, gpu_uuid: "GPU-0" },
  ];
  deepEqual([telemetry?.processes_before, telemetry?.processes_after], [found, found]);
  equal(typeof telemetry?.model_was_loaded, "boolean");
});

Deno.test("a process whose name has a comma is read whole, a sentence is no process", () => {
  deepEqual(readProcesses("7, a, b, 5, GPU-1\n\nNo running processes found\n"), [
    { pid: 7, name: "a, b", used_memory_mib: 5, gpu_uuid: "GPU-1" },
  ]);
});

Deno.test("a MIG device is named as the slice that it is, and its memory is not the whole GPU's", async () => {
  const none = "[N/A]";
  const card = {
    name: "NVIDIA H100 80GB HBM3",
    "memory.total": "81559",
    "utilization.gpu": none,
    "utilization.memory": none,
    "memory.used": "[Insufficient Permissions]",
  };
  const list = ["  MIG 1g.10gb     Device  0: (UUID: MIG-a)", "  MIG 1g.10gb     Device  1: (UUID: MIG-b)"];
  const result = await measure({ cards: [card], list });
  readable(result);
  const { gpu_name, gpu_memory_mib, gpu_count, mig_profiles } = result.hardware;
  deepEqual([gpu_name, gpu_memory_mib, gpu_count], ["NVIDIA H100 80GB HBM3 MIG 1g.10gb", null, 2]);
  deepEqual(mig_profiles, ["1g.10gb", "1g.10gb"]);
  deepEqual(migProfiles("GPU 0: NVIDIA A100 (UUID: GPU-a)"), []);
});

Deno.test("what is no row of an output is a sentence", () => {
  deepEqual(readNvidiaLine("2026/01/02 03:04:05.000, 0, [Not Supported]", 3), {
    row: "2026/01/02 03:04:05.000, 0, [Not Supported]",
  });
  deepEqual(readNvidiaLine("Unable to determine the device handle", 3), {
    said: "Unable to determine the device handle",
  });
  equal(readNvidiaLine("", 3), null);
});

/** Shaped as ROCm 6.4 prints an MI300X: clocks for each die, N/A for what it lacks. */
const AMD_HEADER =
  "timestamp,gpu,gfx_activity,umc_activity,mm_activity,socket_power,gfx_voltage,throttle_status," +
  "gfx_0_clk,gfx_1_clk,mem_0_clk,edge,hotspot,mem,total_vram,used_vram,free_vram";
const AMD_ROW = "1767323045,1,98,41,N/A,612,N/A,N/A,2102,2098,1300,N/A,71,58,196592,150001,46591";

Deno.test("amd-smi's columns are found by their names, and its repeated headers are no rows", () => {
  const read = amdReader();
  equal(read(AMD_HEADER), null);
  const row = "1767323045, 98, 150001, 196592, 71, 612, 1, 41, 58, 2102, 1300";
  deepEqual(read(AMD_ROW), { row });
  equal(read(AMD_HEADER), null);
  deepEqual(read("ERROR: the driver is not initialized"), { said: "ERROR: the driver is not initialized" });
});

Deno.test("an older amd-smi has other names and fewer columns: what is not there is N/A", () => {
  const read = amdReader();
  read("timestamp,gpu,gfx_activity,average_socket_power,gfx_clk,edge,hotspot");
  deepEqual(read("1767323045,0,5,N/A,500,40,N/A"), {
    row: "1767323045, 5, N/A, N/A, 40, N/A, 0, N/A, N/A, 500, N/A",
  });
});

Deno.test("a machine with AMD's tool alone has its telemetry and hardware from there", async () => {
  const folder = await Deno.makeTempDir();
  const told = {
    asic: { market_name: "AMD Instinct MI300X" },
    bus: { bdf: "0000:05:00.0" },
    vram: { size: { value: 196592, unit: "MB" } },
    driver: { name: "amdgpu", version: "6.12.12" },
  };
  await Deno.writeTextFile(
    join(folder, "amd-smi"),
    `#!/bin/sh
case "$*" in
  list) echo "GPU: 0";;
  static*) echo '${JSON.stringify({ gpu_data: [told, told] })}';;
  *"-i 1") echo '${AMD_HEADER}'; echo '${AMD_ROW}';;
  metric*) echo '${AMD_HEADER}'; trap 'exit 0' TERM
    while true; do echo '${AMD_ROW}'; sleep 0.05; done;;
esac\n`,
    { mode: 0o755 },
  );
  const result = await measureWith(folder);
  readable(result);
  ok(result.rows.length >= 4);
  deepEqual(
    [result.hardware.gpu_name, result.hardware.gpu_memory_mib, result.hardware.gpu_count],
    ["AMD Instinct MI300X", 196592, 2],
  );
  deepEqual(
    [result.telemetry?.program, result.telemetry?.driver_version_after, result.telemetry?.failures],
    ["amd-smi", "6.12.12", []],
  );
  equal(readAmdStatic("[]"), null);
  equal(readAmdStatic("not JSON"), null);
});

Deno.test("an Apple GPU is named with its cores and has no memory of its own", () => {
  const { gpu_name, gpu_count, gpu_memory_mib } = readApple(JSON.stringify({
    SPDisplaysDataType: [{
      _name: "Apple M3 Max",
      sppci_bus: "spdisplays_builtin",
      sppci_cores: "40",
      sppci_model: "Apple M3 Max",
    }],
  }));
  deepEqual([gpu_name, gpu_count, gpu_memory_mib], ["Apple M3 Max (40-core GPU)", 1, null]);
  equal(readApple("{}").gpu_count, null);
});

Deno.test("of an engine on another machine neither hardware nor telemetry is claimed", async () => {
  // An address kept for documentation, at a port that fetch refuses: nothing is ever sent.
  const elsewhere = { ENGINE: "openai", URL: "http://192.0.2.1:1", TIMEOUT: "0.01" };
  const { hardware, gpu, telemetry, log } = await measure({ cards: [CARD] }, elsewhere);
  deepEqual(Object.values(hardware).filter((value) => value !== null), []);
  deepEqual([gpu, telemetry], [null, null]);
  match(log, /another machine: its hardware is not known/);
});
