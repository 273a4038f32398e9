// The agent's telemetry against programs that answer as drivers do, healthy and broken.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { amdReader, readAmdStatic } from "../pipeline/agent/amd_smi.ts";
import { csvCells } from "../pipeline/agent/csv.ts";
import { readApple } from "../pipeline/agent/hardware.ts";
import { queryFor, readGpuList, readNvidiaLine, readProcesses } from "../pipeline/agent/nvidia_smi.ts";
import { isGpu } from "../pipeline/schema/gpu_name.ts";
import { HEADERLESS_COLUMNS } from "../pipeline/schema/gpu_sample.ts";
import { measure, measureWith, program, readable } from "./driver_runs.ts";

const CARD = {};

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
});

/** Two kinds of cards, as `nvidia-smi -L` lists them with their slices. */
const LIST = `GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-5d5ba0d6-d33d)
  MIG 1g.5gb      Device  0: (UUID: MIG-5c89852c)
  MIG 3g.20gb     Device  1: (UUID: MIG-8d3a6a2e)
GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-9f1c)
GPU 2: Tesla T4 (UUID: GPU-77aa)
`;

Deno.test("slices belong to the GPU above them, whatever else the list holds", () => {
  deepEqual(readGpuList(LIST), [
    { uuid: "GPU-5d5ba0d6-d33d", mig: ["1g.5gb", "3g.20gb"] },
    { uuid: "GPU-9f1c", mig: [] },
    { uuid: "GPU-77aa", mig: [] },
  ]);
  deepEqual(readGpuList("  MIG 1g.5gb Device 0: (UUID: MIG-1)\nno such thing\n"), []);
  deepEqual(readGpuList("GPU 0: x (UUID: GPU-1)\r\n  MIG 1c.3g.40gb+me  Device  0: (UUID: MIG-1)\r\n"), [
    { uuid: "GPU-1", mig: ["1c.3g.40gb+me"] },
  ]);
});

Deno.test("GPUs of two kinds are named as both, and no memory is said to be that of each", async () => {
  const cards = [CARD, { name: "Tesla T4", "memory.total": "15360" }, CARD];
  const { hardware, rows } = await measure({ cards });
  deepEqual([hardware.gpu_name, hardware.gpu_count, hardware.gpu_memory_mib], [
    "2 × NVIDIA GeForce RTX 4090 + Tesla T4",
    3,
    null,
  ]);
  deepEqual(hardware.gpu_names, ["NVIDIA GeForce RTX 4090", "Tesla T4", "NVIDIA GeForce RTX 4090"]);
  ok(rows.length >= 3);
  equal(isGpu("RTX 4090", hardware.gpu_name ?? ""), false);
});

Deno.test("slices of two sizes, beside a whole GPU, are each named as what they are", async () => {
  const list = ["  MIG 1g.10gb     Device  0: (UUID: MIG-a)", "  MIG 2g.20gb     Device  1: (UUID: MIG-b)"];
  const { hardware } = await measure({ cards: [{ name: "NVIDIA T4" }, { name: "NVIDIA H100" }], list });
  deepEqual([hardware.gpu_name, hardware.gpu_count, hardware.gpu_memory_mib], [
    "NVIDIA T4 + NVIDIA H100 MIG 1g.10gb + NVIDIA H100 MIG 2g.20gb",
    3,
    null,
  ]);
  deepEqual(hardware.mig_profiles, ["1g.10gb", "2g.20gb"]);
});

for (
  const word of [
    "[N/A]",
    "N/A",
    "[Unknown Error]",
    "Unknown Error",
    "Not Supported",
    "[Not Found]",
    "Not Active",
    "ERR!",
  ]
) {
  Deno.test(`a driver that answers ${word} has told no name, memory, version or id`, async () => {
    const card = { name: word, "memory.total": word, driver_version: word, uuid: word };
    const { hardware, telemetry } = await measure({ cards: [card, card] });
    deepEqual([hardware.gpu_name, hardware.gpu_memory_mib, hardware.gpu_count, hardware.driver_version], [
      null,
      null,
      2,
      null,
    ]);
    deepEqual([hardware.gpu_uuids, telemetry?.driver_version, telemetry?.driver_version_after], [
      ["", ""],
      null,
      null,
    ]);
    deepEqual(telemetry?.failures, []);
  });
}

Deno.test("two kinds of AMD's are named as both", () => {
  const gpu = (market_name: string, size: number) => ({
    asic: { market_name },
    vram: { size: { value: size, unit: "MB" } },
  });
  const { gpu_name, gpu_count, gpu_memory_mib } = readAmdStatic(JSON.stringify([
    gpu("AMD Instinct MI300X", 196592),
    gpu("AMD Instinct MI210", 65520),
  ])) ?? {};
  deepEqual([gpu_name, gpu_count, gpu_memory_mib], ["AMD Instinct MI300X + AMD Instinct MI210", 2, null]);
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

/** Shaped as newer ones print an Instinct card: lists stand in quotes. */
const LISTS_HEADER =
  "timestamp,gpu,gfx_activity,umc_activity,vcn_activity,jpeg_activity,socket_power,gfx_clk,hotspot,mem,used_vram,total_vram";
const listsRow = (power: number) =>
  `1767323045,0,97,40,"['N/A', 'N/A', 'N/A', 'N/A']","['5', 'N/A']",${power},"[{'xcp_0': ['1,2', 3]}]",68,61,151000,196592`;

Deno.test("lists in quotes are one cell of amd-smi's, and what cannot be a cell of ours is not known", () => {
  const read = amdReader();
  equal(read(LISTS_HEADER), null);
  const row = (power: number) => ({
    row: `1767323045, 97, 151000, 196592, 68, ${power}, 0, 40, 61, N/A, N/A`,
  });
  deepEqual([read(listsRow(612)), read(listsRow(618))], [row(612), row(618)]);
  deepEqual(csvCells('a,"b,c", d ,"say ""hi""",,"x"'), ["a", "b,c", "d", 'say "hi"', "", "x"]);
  deepEqual(csvCells('a,"never closed, b'), ["a", "never closed, b"]);
});

Deno.test("a line that cannot be read is no failure of the driver, and one in which it complains is", () => {
  const read = amdReader();
  read(AMD_HEADER);
  const unread = [
    AMD_ROW.slice(0, 30),
    `${AMD_ROW},1`,
    "WARNING: User is missing the following required groups: render, video.",
    '"',
    "\u0000\u0007\u001b[31m",
    "0,[Unknown Error],[N/A],[Unknown Error]",
  ];
  for (const line of unread) deepEqual(read(line), { unread: line }, line);
  for (const line of unread) deepEqual(readNvidiaLine(line, 40), { unread: line }, line);
  const complaints = [
    "Failed to initialize NVML: Driver/library version mismatch",
    "Unable to determine the device handle for GPU0: 0000:01:00.0: GPU is lost.  Reboot the system",
    "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.",
    "Traceback (most recent call last): AmdSmiLibraryException: AMDSMI_STATUS_NOT_INIT",
  ];
  for (const line of complaints) {
    deepEqual([read(line), readNvidiaLine(line, 40)], [{ said: line }, { said: line }]);
  }
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
  equal(readAmdStatic("[]")?.gpu_count, 0);
  equal(readAmdStatic("not JSON"), null);
});

Deno.test("samples with lists in quotes are kept, and lines that cannot be read are counted and no failure", async () => {
  const rows = [...Array(6).fill(listsRow(612)), "0,97", "WARNING: User is missing the required groups"];
  const folder = await program(
    "amd-smi",
    `case "$*" in
  list) echo "GPU: 0";;
  static*) echo '[]';;
  *"-i 1") cat <<'END'\n${LISTS_HEADER}\n${listsRow(600)}\nEND\n;;
  metric*) trap 'exit 0' TERM; cat <<'END'\n${[LISTS_HEADER, ...rows].join("\n")}\nEND\n
    while true; do sleep 0.05; done;;
esac`,
  );
  const result = await measureWith(folder);
  readable(result);
  ok(result.rows.length >= 8);
  deepEqual([result.telemetry?.failures, result.telemetry?.unread_lines], [[], 2]);
  match(result.log, /amd-smi printed what cannot be read: 0,97/);
});

Deno.test("a driver's tool that prints without end or without a line break fills neither memory nor disk", async () => {
  const folder = await program(
    "nvidia-smi",
    `case "$*" in
  --help-query-gpu) echo '"index" "utilization.gpu"';;
  *-lms*) trap 'exit 0' TERM; head -c 5000000 /dev/zero | tr '\\0' x; echo; echo "2026/01/02 03:04:05.000, 9, 0"
    while true; do sleep 0.05; done;;
  -L|"") head -c 50000000 /dev/zero | tr '\\0' x;;
  --query-gpu=name*) echo "NVIDIA L4, 23034, 550.54.15, GPU-1"; echo "cut o";;
  *) echo "2026/01/02 03:04:05.000, 9, 0";;
esac`,
  );
  const result = await measureWith(folder);
  ok(result.rows.length >= 2 && result.rows.every((row) => row.length < 100));
  deepEqual([result.hardware.gpu_count, result.telemetry?.unread_lines], [1, 1]);
});

Deno.test("a driver's tool that will not end is left behind, and the measurement ends", async () => {
  const folder = await program(
    "nvidia-smi",
    `case "$*" in
  --help-query-gpu) echo '"index" "utilization.gpu"';;
  *-lms*) trap '' TERM; exec 3>&1; echo "2026/01/02 03:04:05.000, 9, 0"; sleep 3600 & echo $! > "$0.pid"; wait;;
  *) echo "2026/01/02 03:04:05.000, 9, 0";;
esac`,
  );
  const left: number[] = [];
  const result = await measureWith(folder, {}, async () => {
    left.push(Number(await Deno.readTextFile(join(folder, "nvidia-smi.pid"))));
  });
  ok(result.rows.length >= 2);
  for (const pid of left) Deno.kill(pid, "SIGKILL");
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
