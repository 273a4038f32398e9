// PURE. Whether a machine is good enough to go on, by what its first two minutes showed.
import type { Canary, CanaryFinding, CanarySigns } from "../schema/canary.ts";
import { CANARY } from "../schema/canary_limits.ts";
import type { FailureCode } from "../schema/failures.ts";
import type { MachineRecord } from "../schema/machine.ts";
import { median } from "../schema/median.ts";

/** What the machine is held against; null where nothing is known. */
export interface Expected {
  /** Memory bandwidth of one such GPU by the catalogue, GB/s. */
  readonly bandwidth_gb_s: number | null;
  /** Median of other machines with the same GPUs, engine and model, tokens/s. */
  readonly usual_tokens_per_second: number | null;
  /** Below it the models cannot be there before the lease ends, Mbit/s. */
  readonly least_download_mbps: number | null;
}

const GB_S_A_LANE: Readonly<Record<number, number>> = { 1: 0.25, 2: 0.5, 3: 1, 4: 2, 5: 4, 6: 8 };

/** Every number against its limit. */
export function judgeCanary(signs: CanarySigns, expected: Expected): CanaryFinding[] {
  const { power_limit_w, power_default_limit_w, size_vram_bytes, size_loaded_bytes } = signs;
  const power = percent(power_limit_w, power_default_limit_w);
  const refusing = (limit: number) => (value: number) => value < limit ? "refused" : "passed";
  const least = leastTokensPerSecond(signs, expected);
  const download = downloadMbps(signs);
  const mbps = expected.least_download_mbps === null
    ? null
    : expected.least_download_mbps / CANARY.download_slack;
  return [
    finding(
      "power_limit",
      power,
      100 * CANARY.least_share,
      "% of the default power limit",
      (value) => value < 100 * CANARY.least_share ? "refused" : value < 100 ? "noted" : "passed",
    ),
    finding(
      "gpu_memory",
      percent(size_vram_bytes, size_loaded_bytes),
      100,
      "% of the model in GPU memory",
      refusing(100),
    ),
    finding("decode_speed", signs.tokens_per_second, least, "tokens/s", refusing(least ?? 0)),
    finding("download", download, mbps, "Mbit/s", refusing(mbps ?? 0)),
    finding(
      "pcie_link",
      pcieGbS(signs),
      CANARY.least_pcie_gb_s,
      "GB/s",
      (value) => value < CANARY.least_pcie_gb_s ? "noted" : "passed",
    ),
  ];
}

/** Why a machine with these findings is given back; nulls when it is good enough. */
export function refusalOf(
  signs: CanarySigns,
  findings: readonly CanaryFinding[],
): Pick<Canary, "refused" | "reason"> {
  const refusals = findings.filter(({ verdict }) => verdict === "refused");
  const [first] = refusals;
  if (first === undefined) return { refused: null, reason: null };
  const reason = refusals.map((each) => inWords(each, signs)).join("; ");
  return { refused: codeOf(first), reason };
}

/**
 * Median speed of other machines of the same kind that were good enough, tokens/s; null when fewer than three hosts are known.
 * Simulated machines are held against simulated ones.
 */
export function usualSpeed(
  machines: readonly MachineRecord[],
  { gpu, gpu_count }: MachineRecord["offer"],
  { engine, engine_flags, model }: Pick<Canary, "engine" | "engine_flags" | "model">,
  simulated: boolean,
): number | null {
  const flags = JSON.stringify(engine_flags);
  const alike = machines.filter(({ offer, canary, simulated: other }) =>
    canary !== null && canary.refused === null && canary.tokens_per_second !== null && other === simulated &&
    offer.gpu === gpu && offer.gpu_count === gpu_count &&
    canary.engine === engine && canary.model === model && JSON.stringify(canary.engine_flags) === flags
  );
  const hosts = new Map(
    alike.map(({ offer, canary }) => [offer.host ?? offer.id, canary?.tokens_per_second ?? 0]),
  );
  return hosts.size < CANARY.least_hosts ? null : median([...hosts.values()]);
}

/** A canary in one line, with what is known. */
export function canaryInWords(signs: CanarySigns): string {
  const { model, tokens_per_second, memory_bandwidth_gb_s, power_limit_w, power_default_limit_w } = signs;
  const { pcie_generation, pcie_width } = signs;
  const mbps = downloadMbps(signs);
  const parts = [
    tokens_per_second === null ? null : `${tokens_per_second.toFixed(0)} tokens/s with ${model}`,
    memory_bandwidth_gb_s === null ? null : `${memory_bandwidth_gb_s.toFixed(0)} GB/s of weights read`,
    power_limit_w === null ? null : `${power_limit_w} of ${power_default_limit_w} W`,
    pcie_generation === null ? null : `PCIe ${pcie_generation} x${pcie_width ?? "?"}`,
    mbps === null ? null : `${mbps.toFixed(0)} Mbit/s`,
  ].filter((part) => part !== null);
  return parts.join(", ") || "nothing is known";
}

/** Speed of what was downloaded, Mbit/s; null when nothing was. */
export function downloadMbps(
  { downloaded_bytes, download_seconds }: Pick<CanarySigns, "downloaded_bytes" | "download_seconds">,
): number | null {
  if (downloaded_bytes === null || download_seconds === null) return null;
  return downloaded_bytes > 0 && download_seconds > 0 ? downloaded_bytes * 8 / 1e6 / download_seconds : null;
}

type Verdict = CanaryFinding["verdict"];

function finding(
  check: CanaryFinding["check"],
  value: number | null,
  limit: number | null,
  unit: string,
  verdictOf: (value: number) => Verdict,
): CanaryFinding {
  const verdict = value === null || limit === null ? "not_measured" : verdictOf(value);
  return { check, value, limit, unit, verdict };
}

function leastTokensPerSecond(
  { weights_bytes }: CanarySigns,
  { bandwidth_gb_s, usual_tokens_per_second }: Expected,
): number | null {
  const possible = weights_bytes === null || bandwidth_gb_s === null
    ? null
    : 1 / (CANARY.overhead_seconds + weights_bytes / (CANARY.bandwidth_share * bandwidth_gb_s * 1e9));
  const usual = usual_tokens_per_second === null ? null : CANARY.least_share * usual_tokens_per_second;
  return possible === null || usual === null ? possible ?? usual : Math.max(possible, usual);
}

function pcieGbS({ pcie_generation, pcie_width }: CanarySigns): number | null {
  const lane = pcie_generation === null ? undefined : GB_S_A_LANE[pcie_generation];
  return lane === undefined || pcie_width === null ? null : lane * pcie_width;
}

function percent(part: number | null, whole: number | null): number | null {
  return part === null || whole === null || whole <= 0 ? null : 100 * part / whole;
}

function codeOf({ check, value }: CanaryFinding): FailureCode {
  switch (check) {
    case "power_limit":
      return "power_too_low";
    case "gpu_memory":
      return value === 0 ? "cuda_failed" : "gpu_memory_spilled";
    case "decode_speed":
      return "memory_too_slow";
    case "download":
      return "download_too_slow";
    case "pcie_link":
      throw new TypeError("a machine is not refused for its PCIe link");
  }
}

function inWords({ check, value, limit }: CanaryFinding, { model, ...signs }: CanarySigns): string {
  const [found, least] = [value, limit].map((each) =>
    (each ?? 0).toFixed(each !== null && each < 10 ? 1 : 0)
  );
  switch (check) {
    case "power_limit":
      return `its GPU may draw ${signs.power_limit_w} W of ${signs.power_default_limit_w}, less than ${least} %`;
    case "gpu_memory":
      return value === 0
        ? `the engine puts ${model} beside the GPU`
        : `only ${found} % of ${model} lies in GPU memory`;
    case "decode_speed":
      return `${model} runs at ${found} tokens/s, and such a GPU gives at least ${least}`;
    case "download":
      return `it downloads ${found} Mbit/s, and at less than ${least} the models do not come in time`;
    case "pcie_link":
      return `its PCIe link carries ${found} GB/s`;
  }
}
