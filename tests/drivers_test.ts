// Drivers that say more than they were asked, or of which one fails beside another: no GPU is lost over it, and none made up.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { readAmdStatic } from "../pipeline/agent/amd_smi.ts";
import { isComplaint } from "../pipeline/agent/driver_words.ts";
import { gpuLineFault, readGpuHeader } from "../pipeline/schema/evidence.ts";
import { measure, measureWith, program, readable } from "./driver_runs.ts";
import { fakeNvidiaSmi } from "./fakes/nvidia_smi.ts";

const NO_DRIVER = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.";
const STALE = `echo "${NO_DRIVER}"; exit 9`;
const WARNING = "WARNING: failed to open /dev/kfd, using defaults";
const GPU = {
  asic: { market_name: "AMD Instinct MI300X" },
  bus: { bdf: "0000:05:00.0" },
  vram: { size: { value: 196592, unit: "MB" } },
  driver: { name: "amdgpu", version: "6.12.12" },
};
const HEADER = "timestamp,gpu,gfx_activity,umc_activity,socket_power,edge,hotspot,mem,used_vram,total_vram";
const ROW = "1767323045,0,97,40,612,N/A,68,61,151000,196592";

/** amd-smi that prints `before` ahead of whatever it is asked, and `told` of its GPUs. */
function amdSmi({ before = "", told = JSON.stringify([GPU]), list = "GPU: 0" } = {}): string {
  const said = before === "" ? ":" : `echo '${before}'`;
  return `${said}
case "$*" in
  list) echo "${list}";;
  static*) echo '${told}';;
  *"-i 1") echo '${HEADER}'; echo '${ROW}';;
  metric*) echo '${HEADER}'; trap 'exit 0' TERM
    while true; do echo '${ROW}'; sleep 0.05; done;;
esac`;
}

/** A run beside both programs. */
async function beside(nvidia: string, amd: string) {
  const folder = await program("nvidia-smi", nvidia);
  await Deno.writeTextFile(join(folder, "amd-smi"), `#!/bin/sh\n${amd}\n`, { mode: 0o755 });
  return await measureWith(folder);
}

Deno.test("a driver's tool that was left behind hides no GPU of another maker", async () => {
  const result = await beside(STALE, amdSmi());
  readable(result);
  ok(result.rows.length > 0);
  deepEqual([result.hardware.gpu_name, result.hardware.gpu_count], ["AMD Instinct MI300X", 1]);
  deepEqual([result.telemetry?.program, result.telemetry?.failures], ["amd-smi", []]);
  match(result.log, /couldn't communicate with the NVIDIA driver.*; amd-smi answers/);
});

Deno.test("where one maker's tool fails and the other's knows of no GPU, the failure is told and no number of GPUs", async () => {
  const { hardware, telemetry } = await beside(STALE, amdSmi({ list: "", told: "[]" }));
  deepEqual([hardware.gpu_name, hardware.gpu_count], [null, null]);
  match(telemetry?.failures?.join() ?? "", /couldn't communicate/);
});

Deno.test("a warning before what AMD's tool was asked for costs neither the GPU nor its samples", async () => {
  const result = await measureWith(await program("amd-smi", amdSmi({ before: WARNING })));
  readable(result);
  ok(result.rows.length > 0);
  const { gpu_name, gpu_count, driver_version } = result.hardware;
  deepEqual([gpu_name, gpu_count, driver_version], ["AMD Instinct MI300X", 1, "6.12.12"]);
  deepEqual(result.telemetry?.failures, []);
  equal(
    readAmdStatic(`[WARNING] no group render\n${JSON.stringify({ gpu_data: [GPU] }, null, 2)}`)?.gpu_count,
    1,
  );
});

Deno.test("what AMD's tool tells of its GPUs and cannot be read is not known, and not no GPU", async () => {
  const result = await measureWith(await program("amd-smi", amdSmi({ told: "AMDSMI_STATUS_BUSY" })));
  ok(result.rows.length > 0);
  deepEqual([result.hardware.gpu_name, result.hardware.gpu_count], [null, null]);
  equal(readAmdStatic("{}"), null);
});

Deno.test("a warning is no complaint, whatever words it has", () => {
  deepEqual([WARNING, "[WARNING] GPU 0: error count is high", NO_DRIVER].map(isComplaint), [
    false,
    false,
    true,
  ]);
});

/** The stand-in of nvidia-smi, of which the text is changed. */
async function changed(change: (text: string, folder: string) => string | Promise<string>) {
  const folder = await fakeNvidiaSmi({ cards: [{}] });
  const path = join(folder, "nvidia-smi");
  await Deno.writeTextFile(path, await change(await Deno.readTextFile(path), folder));
  return await measureWith(folder);
}

Deno.test("a warning before what nvidia-smi was asked for is no version of a driver", async () => {
  const warning = "WARNING: infoROM is corrupted at gpu 0000:01:00.0, 0, 0, 0";
  const { hardware, telemetry } = await changed((text) =>
    text.replace("#!/bin/sh\n", `#!/bin/sh\necho '${warning}'\n`)
  );
  deepEqual([hardware.gpu_count, hardware.gpu_name], [1, "NVIDIA GeForce RTX 4090"]);
  deepEqual([telemetry?.driver_version, telemetry?.failures], ["580.65.06", []]);
});

Deno.test("lines that end in CR LF are rows like all others, the first and the last too", async () => {
  const result = await changed(async (text, folder) => {
    await Deno.writeTextFile(join(folder, "own"), text, { mode: 0o755 });
    return `#!/bin/sh\ncase "$*" in\n  *-lms*) exec "${folder}/own" "$@";;\nesac\n"${folder}/own" "$@" | sed 's/$/\\r/'\n`;
  });
  readable(result);
  equal(result.gpu?.includes("\r"), false);
});

Deno.test("a GPU whose name holds a comma is known by it", async () => {
  const { hardware } = await measure({ cards: [{ name: "NVIDIA RTX A6000, Ada" }] });
  deepEqual([hardware.gpu_name, hardware.gpu_memory_mib, hardware.gpu_count], [
    "NVIDIA RTX A6000, Ada",
    24564,
    1,
  ]);
});

const { columns } = readGpuHeader("timestamp, utilization_pct, memory_used_mib, power_w");
const fault = (cell: string) => gpuLineFault(`2026/01/01 10:00:00.123, 5, 18000, ${cell}`, columns);

for (
  const words of [
    "Not Active",
    "Not Available",
    "Not Specified",
    "Function Not Found",
    "Requested functionality has been deprecated",
    "Error",
    "ERR",
    "N/S",
    "Disabled",
    "GPU is lost",
    "GPU requires reset",
    "[Error 43]",
    "Words of a Driver of Later Years",
    "not available",
    "gpu is lost",
  ]
) {
  Deno.test(`a cell that says ${words} costs no row`, () => equal(fault(words), null));
}

for (const cell of ["oops", "2026/01/01 10:00:00", "P2", "0x40", "GPU-5d5b", "1.2.3", "a\u0007b"]) {
  Deno.test(`a number's cell that holds ${JSON.stringify(cell)} is no word of a driver, and the row is refused`, () => {
    match(fault(cell) ?? "", /its power_w is/);
  });
}

for (
  const [cells, reason] of [
    ["2026/01/01 10:00:00.123, 100.01, 18000, 300", /its utilization_pct is "100.01"/],
    ["2026/01/01 10:00:00.123, 97, 9000000, 300", /its memory_used_mib is "9000000"/],
    ["2026/01/01 10:00:00.123, 97, 18000, 9999999999", /its power_w is "9999999999"/],
    ["2026-01-01T10:00:00+99:99, 97, 18000, 300", /its timestamp is "2026-01-01T10:00:00\+99:99"/],
  ] as const
) {
  Deno.test(`a sample that no GPU can give is refused: ${cells}`, () => {
    match(gpuLineFault(cells, columns) ?? "", reason);
  });
}

Deno.test("samples at the edge of what GPUs give are taken", () => {
  equal(gpuLineFault("2026-01-01T10:00:00+14:00, 100, 294912, 1400.5 W", columns), null);
});
