// Whether a machine is good enough, number by number, and what its driver says while it works.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { machineRows } from "../pipeline/build/machines.ts";
import { linkUnderLoad, readStates, tightestPower, watchGpus } from "../pipeline/machines/gpu_watch.ts";
import { canaryInWords, judgeCanary, refusalOf, usualSpeed } from "../pipeline/plan/canary.ts";
import { leastDownloadMbps } from "../pipeline/plan/estimate.ts";
import type { Canary, CanarySigns } from "../pipeline/schema/canary.ts";
import type { MachineRecord } from "../pipeline/schema/machine.ts";
import { type Card, fakeNvidiaSmi } from "./fakes/nvidia_smi.ts";
import { entry } from "./fixtures.ts";
import { destroying, gone, machine, machineEvents, ready, requested, work } from "./rented_fixtures.ts";

/** An honest RTX 4090. */
const HONEST: CanarySigns = {
  model: "qwen2:1.5b",
  weights_bytes: 935e6,
  tokens_per_second: 280,
  memory_bandwidth_gb_s: 262,
  size_loaded_bytes: 1.3e9,
  size_vram_bytes: 1.3e9,
  power_limit_w: 450,
  power_default_limit_w: 450,
  pcie_generation: 4,
  pcie_width: 16,
  downloaded_bytes: 935e6,
  download_seconds: 15,
};
const EXPECTED = { bandwidth_gb_s: 1008, usual_tokens_per_second: null, least_download_mbps: 60 };

type Row = readonly [
  what: string,
  check: Canary["findings"][number]["check"],
  found: string,
  signs: Partial<CanarySigns>,
  expected?: Partial<typeof EXPECTED> | { usual_tokens_per_second: number },
];

const ROWS: readonly Row[] = [
  ["a card at its default power", "power_limit", "100 of 70: passed", {}],
  ["a card at 70 % of its power", "power_limit", "70 of 70: noted", { power_limit_w: 315 }],
  ["a card below that", "power_limit", "69.8 of 70: refused", { power_limit_w: 314 }],
  ["a driver without power limits", "power_limit", "null of 70: not_measured", { power_limit_w: null }],
  ["a model wholly in GPU memory", "gpu_memory", "100 of 100: passed", {}],
  ["a model partly beside it", "gpu_memory", "50 of 100: refused", { size_vram_bytes: 0.65e9 }],
  ["an engine that tells no sizes", "gpu_memory", "null of 100: not_measured", { size_vram_bytes: null }],
  ["an honest speed", "decode_speed", "280 of 127.3: passed", {}],
  ["the slowest speed that passes", "decode_speed", "127.3 of 127.3: passed", { tokens_per_second: 127.31 }],
  ["a speed below what the card can do", "decode_speed", "127 of 127.3: refused", { tokens_per_second: 127 }],
  ["a speed of which nothing is known", "decode_speed", "null of 127.3: not_measured", {
    tokens_per_second: null,
  }],
  ["70 % of the usual speed", "decode_speed", "280 of 280: passed", {}, { usual_tokens_per_second: 400 }],
  ["less than that", "decode_speed", "280 of 280.7: refused", {}, { usual_tokens_per_second: 401 }],
  ["a usual speed below what the card can do", "decode_speed", "120 of 127.3: refused", {
    tokens_per_second: 120,
  }, { usual_tokens_per_second: 130 }],
  ["a model of unknown size, held against the usual", "decode_speed", "30 of 35: refused", {
    weights_bytes: null,
    tokens_per_second: 30,
  }, { usual_tokens_per_second: 50 }],
  ["a model of unknown size, alone", "decode_speed", "280 of null: not_measured", { weights_bytes: null }],
  ["a line that is fast enough", "download", "498.7 of 30: passed", {}],
  ["half of the speed that is needed", "download", "30 of 30: passed", { download_seconds: 249.3 }],
  ["a line below that", "download", "29.9 of 30: refused", { download_seconds: 250 }],
  ["nothing that was downloaded", "download", "null of 30: not_measured", { downloaded_bytes: null }],
  ["a download that stalled from the start", "download", "null of 30: not_measured", { downloaded_bytes: 0 }],
  ["a link of four lanes", "pcie_link", "8 of 4: passed", { pcie_width: 4 }],
  ["a riser of one lane", "pcie_link", "2 of 4: noted", { pcie_width: 1 }],
  ["sixteen lanes of the first generation", "pcie_link", "4 of 4: passed", { pcie_generation: 1 }],
  ["a link that is not told", "pcie_link", "null of 4: not_measured", { pcie_generation: null }],
];

for (const [what, check, found, changes, expected = {}] of ROWS) {
  Deno.test(`${check}: ${what} is ${found}`, () => {
    const findings = judgeCanary({ ...HONEST, ...changes }, { ...EXPECTED, ...expected });
    const told = findings.find((each) => each.check === check);
    const rounded = (value: number | null | undefined) =>
      value === null || value === undefined ? "null" : String(Math.round(value * 10) / 10);
    equal(`${rounded(told?.value)} of ${rounded(told?.limit)}: ${told?.verdict}`, found);
  });
}

Deno.test("a machine with several faults is given back for the first of them, and all are told", () => {
  const signs = { ...HONEST, power_limit_w: 100, tokens_per_second: 20, size_vram_bytes: 0 };
  const { refused, reason } = refusalOf(signs, judgeCanary(signs, EXPECTED));
  equal(refused, "power_too_low");
  match(
    reason ?? "",
    /^its GPU may draw 100 W.*; the engine puts qwen2:1\.5b beside the GPU; .*20 tokens\/s/,
  );
});

Deno.test("a model that lies wholly beside the GPU is CUDA that failed, one that lies there in part is spilled", () => {
  const codeWith = (size_vram_bytes: number) => {
    const signs = { ...HONEST, size_vram_bytes };
    return refusalOf(signs, judgeCanary(signs, EXPECTED)).refused;
  };
  deepEqual([0, 1e9, 1.3e9].map(codeWith), ["cuda_failed", "gpu_memory_spilled", null]);
});

Deno.test("where nothing could be found out, nothing is refused", () => {
  const keys = Object.keys(HONEST).filter((key) => key !== "model");
  const unknown = { ...HONEST, ...Object.fromEntries(keys.map((key) => [key, null])) };
  const findings = judgeCanary(unknown, {
    bandwidth_gb_s: null,
    usual_tokens_per_second: null,
    least_download_mbps: null,
  });
  deepEqual(new Set(findings.map(({ verdict }) => verdict)), new Set(["not_measured"]));
  deepEqual(refusalOf(unknown, findings), { refused: null, reason: null });
  equal(canaryInWords(unknown), "nothing is known");
});

/** A machine on `host` that decoded at this speed. */
function decoded(host: string, tokens_per_second: number, changes: Partial<Canary> = {}): MachineRecord {
  return machine([[1, requested], [9, {
    event: "canary",
    canary: canaryOf({ tokens_per_second, ...changes }),
  }]], {
    machine_id: `m-${host}`,
    offer: { id: host, host, gpu: "RTX 4090" },
  });
}

function canaryOf(changes: Partial<Canary>): Canary {
  return {
    looked_at: "2026-11-25T12:00:00.000Z",
    seconds: 25,
    gpu_name: "NVIDIA GeForce RTX 4090",
    gpu_count: 1,
    gpu_memory_mib: 24_564,
    driver_version: "570.124.04",
    engine: "ollama",
    engine_flags: null,
    ...HONEST,
    findings: judgeCanary({ ...HONEST, ...changes }, EXPECTED),
    refused: null,
    reason: null,
    ...changes,
  };
}

Deno.test("usual is the median of at least three hosts with the same GPUs, engine, flags and model that were good enough", () => {
  const { offer } = decoded("x", 1);
  const like = { engine: "ollama", engine_flags: null, model: "qwen2:1.5b" } as const;
  const usual = (...machines: MachineRecord[]) => usualSpeed(machines, offer, like, false);
  const [a, b, c] = [decoded("a", 300), decoded("b", 260), decoded("c", 100)];
  equal(usual(a, b), null);
  equal(usual(a, b, c), 260);
  equal(usual(a, b, c, decoded("d", 280)), 270);
  // The last of one host counts, and only once.
  equal(usual(a, decoded("a", 200), b, c), 200);
  for (
    const other of [
      decoded("d", 280, { refused: "power_too_low", reason: "r" }),
      decoded("d", 280, { model: "phi3:mini" }),
      decoded("d", 280, { engine: "vllm" }),
      decoded("d", 280, { engine_flags: ["--enforce-eager"] }),
      decoded("d", 280, { tokens_per_second: null }),
      { ...decoded("d", 280), simulated: true },
      machine([[1, requested]]),
    ]
  ) equal(usual(a, b, c, other), 260);
  equal(usualSpeed([a, b, c], { ...offer, gpu_count: 2 }, like, false), null);
});

Deno.test("the models must be there when what is left of the lease, without its measuring, is over", () => {
  const one = entry("a", { model: "qwen2:7b", workload: { duration_seconds: 100, warmup_requests: 0 } });
  const sitting = { entries: [one], capacity: one.workload };
  const catalog = { gpus: [], models: [] };
  // 20 GB of a model that the catalogue lacks, in 1000 s less 60 to load, 100 to measure and 10 to collect.
  equal(leastDownloadMbps({ sittings: [sitting] }, 1000, catalog), 20 * 8000 / 830);
  equal(leastDownloadMbps({ sittings: [sitting] }, 170, catalog), null);
});

/** What the stand-in says of these cards. */
async function watched(cards: readonly Card[], changes: { broken?: string } = {}, times = 2) {
  const folder = await fakeNvidiaSmi({ cards, ...changes });
  try {
    const states = await watchGpus(localMachine(folder), times, 0, new AbortController().signal);
    return { states, power: tightestPower(states), link: linkUnderLoad(states) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Runs commands here, with the programs of `folder` before all others. */
function localMachine(folder: string): Parameters<typeof watchGpus>[0] {
  const run: Parameters<typeof watchGpus>[0]["run"] = async ([program = "", ...args], { onStdout } = {}) => {
    const env = { PATH: `${folder}:${Deno.env.get("PATH")}` };
    const { stdout, code } = await new Deno.Command(program, { args, env, stdin: "null" }).output();
    new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "").forEach((line) =>
      onStdout?.(line)
    );
    return code;
  };
  return { run } as Parameters<typeof watchGpus>[0];
}

Deno.test("the driver is asked as often as said, and tells limits and link of every GPU", async () => {
  const { states, power, link } = await watched([{}, { "enforced.power.limit": "300.00" }]);
  equal(states.length, 4);
  deepEqual(power, { power_limit_w: 300, power_default_limit_w: 450 });
  // Neither of the two is at work, so neither link is known.
  deepEqual(link, { pcie_generation: null, pcie_width: null });
});

Deno.test("a single GPU's link is that of its best moment, of several GPUs the narrowest that works", () => {
  const state = (index: number, busy: number, generation: number, width: number) =>
    `state ${index}, ${busy}, 450.00, 450.00, ${generation}, ${width}`;
  const link = (...lines: string[]) => Object.values(linkUnderLoad(readStates(lines)));
  deepEqual(link(state(0, 0, 1, 16), state(0, 90, 4, 16), state(0, 0, 1, 16)), [4, 16]);
  deepEqual(link(state(0, 0, 4, 16)), [4, 16]);
  deepEqual(link(state(0, 95, 4, 16), state(1, 0, 1, 1)), [4, 16]);
  deepEqual(link(state(0, 95, 4, 16), state(1, 40, 3, 1)), [3, 1]);
});

Deno.test("a figure of the driver without an end is null", () => {
  const [state] = readStates([`state 0, 90, ${"9".repeat(400)}, 450.00, 4, ${"1".repeat(400)}`]);
  deepEqual([state?.power_limit_w, state?.power_default_limit_w, state?.pcie_width], [null, 450, null]);
});

Deno.test("what a driver does not say is null, and a driver that fails says nothing", async () => {
  const none = "[N/A]";
  const { power, link } = await watched([{
    "enforced.power.limit": none,
    "power.default_limit": none,
    "pcie.link.gen.current": none,
    "pcie.link.width.current": none,
  }]);
  deepEqual([...Object.values(power), ...Object.values(link)], [null, null, null, null]);
  deepEqual((await watched([{}], { broken: "Failed to initialize NVML: Unknown Error" })).states, []);
});

Deno.test("a row of the table of machines tells cost, end and canary; refused are those that another host may replace", () => {
  const canary = canaryOf({ refused: "memory_too_slow", reason: "r" });
  const of = (machine_id: string, code: Parameters<typeof destroying>[0]) =>
    machineEvents([
      [1, requested],
      [2, ready],
      [2, work("setup")],
      [3, { event: "traffic", downloaded_gb: 0.935, seconds: 15, entries: [] }],
      [4, { event: "traffic", downloaded_gb: 4.4, seconds: null, entries: [] }],
      [30, { event: "canary", canary }],
      [31, destroying(code)],
      [3601, gone],
    ], { machine_id, offer: { price_per_hour: 0.36 } });
  const events = [...of("r-1", "memory_too_slow"), ...of("r-2", "done"), ...of("r-3", "install_failed")];
  const rows = machineRows("r", [], events, Date.now());
  deepEqual(rows.map(({ id, refused, end_code }) => [id, refused, end_code]), [
    ["r-1", true, "memory_too_slow"],
    ["r-2", false, "done"],
    ["r-3", true, "install_failed"],
  ]);
  const [{ total_cost, downloaded_gb, download_seconds, canary: told } = {}] = rows;
  ok(Math.abs((total_cost ?? 0) - 0.36) < 1e-9);
  deepEqual([downloaded_gb, download_seconds, told], [0.935, 15, canary]);
});
