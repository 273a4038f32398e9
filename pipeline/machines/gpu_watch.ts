// What a machine's driver says of its GPUs while they work: power limits and the PCIe link, which sleeps when nothing is asked of it.
import { QUESTION } from "./limits.ts";
import type { Machine } from "./machine.ts";

/** One GPU at one moment. */
export interface GpuState {
  readonly index: string;
  readonly utilization_pct: number | null;
  readonly power_limit_w: number | null;
  readonly power_default_limit_w: number | null;
  readonly pcie_generation: number | null;
  readonly pcie_width: number | null;
}

const FIELDS = [
  "index",
  "utilization.gpu",
  "enforced.power.limit",
  "power.default_limit",
  "pcie.link.gen.current",
  "pcie.link.width.current",
];
/** $1 how often, $2 seconds between two looks. */
const SCRIPT = `n=0
while [ $n -lt "$1" ]; do
  nvidia-smi --query-gpu=${FIELDS.join(",")} --format=csv,noheader,nounits 2>/dev/null |
    while read -r line; do echo "state $line"; done
  n=$((n + 1)); sleep "$2"
done`;
/** Of several GPUs, those that are at least so busy do the work, %. */
const AT_WORK_PCT = 10;

/** Looks at all GPUs `times` times. */
export async function watchGpus(
  machine: Machine,
  times: number,
  pause_seconds: number,
  signal: AbortSignal,
): Promise<GpuState[]> {
  const lines: string[] = [];
  await machine.run(["sh", "-c", SCRIPT, "sh", String(times), String(pause_seconds)], {
    signal,
    seconds: QUESTION.seconds + times * pause_seconds,
    onStdout: (line) => lines.push(line),
  });
  return readStates(lines);
}

/** The states that lines of the script tell; a cell that is no number, or an endless one, is null. Pure. */
export function readStates(lines: readonly string[]): GpuState[] {
  return lines.filter((line) => line.startsWith("state ")).flatMap((line) => {
    const cells = line.slice("state ".length).split(",").map((cell) => cell.trim());
    const [index = "", ...told] = cells;
    if (cells.length !== FIELDS.length) return [];
    const [utilization = null, limit = null, standard = null, generation = null, width = null] = told.map(
      (cell) => /^\d{1,9}(\.\d{1,9})?$/.test(cell) ? Number(cell) : null,
    );
    return [{
      index,
      utilization_pct: utilization,
      power_limit_w: limit,
      power_default_limit_w: standard,
      pcie_generation: generation,
      pcie_width: width,
    }];
  });
}

/** The power limits of the GPU that is limited most; nulls when no driver tells them. Pure. */
export function tightestPower(states: readonly GpuState[]) {
  const share = ({ power_limit_w, power_default_limit_w }: GpuState) =>
    power_limit_w === null || !power_default_limit_w ? Infinity : power_limit_w / power_default_limit_w;
  const tightest = states.reduce<GpuState | null>(
    (least, state) => share(state) < (least === null ? Infinity : share(least)) ? state : least,
    null,
  );
  return {
    power_limit_w: tightest?.power_limit_w ?? null,
    power_default_limit_w: tightest?.power_default_limit_w ?? null,
  };
}

/** The narrowest link of the GPUs that worked, each at its best; nulls when that is not known. Pure. */
export function linkUnderLoad(states: readonly GpuState[]) {
  const gpus = [...Map.groupBy(states, ({ index }) => index).values()];
  const isAtWork = (seen: readonly GpuState[]) =>
    gpus.length === 1 || seen.some(({ utilization_pct }) => (utilization_pct ?? 0) >= AT_WORK_PCT);
  const links = gpus.filter(isAtWork).map((seen) => ({
    pcie_generation: greatest(seen.map(({ pcie_generation }) => pcie_generation)),
    pcie_width: greatest(seen.map(({ pcie_width }) => pcie_width)),
  }));
  const lanes = ({ pcie_generation, pcie_width }: typeof links[number]) =>
    2 ** (pcie_generation ?? Infinity) * (pcie_width ?? 1);
  const none = { pcie_generation: null, pcie_width: null };
  return links.reduce((least, link) => lanes(link) < lanes(least) ? link : least, links[0] ?? none);
}

function greatest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}
