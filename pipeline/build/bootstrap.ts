// Intervals by hierarchical bootstrap: hosts are drawn anew, then the benchmarks of each, then the requests of each of these. Pure.
import { randomIndex } from "./random.ts";

/** One benchmark: its figure, and what parts of its requests add to the two sums whose ratio the figure is. Parts may be missing. */
export interface Block {
  readonly figure: number;
  readonly numerators: Float64Array;
  readonly denominators: Float64Array;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export const DRAWS = 2000;
export const SEED = 20_261_125;
const FEWEST_HOSTS = 3;
/** Ends of the interval as shares of the draws: 95 % lie between. */
const ENDS = [0.025, 0.975] as const;

/** The 95 % interval of the median over hosts, each the median over its blocks; null below three hosts. */
export function bootstrap(
  hosts: readonly (readonly Block[])[],
  draws = DRAWS,
  seed = SEED,
): Interval | null {
  if (hosts.length < FEWEST_HOSTS) return null;
  const index = randomIndex(seed);
  const medians = new Float64Array(draws);
  const ofHosts = new Float64Array(hosts.length);
  const ofBlocks = hosts.map((blocks) => new Float64Array(blocks.length));
  for (let draw = 0; draw < draws; draw++) {
    for (let place = 0; place < hosts.length; place++) {
      const host = index(hosts.length);
      ofHosts[place] = drawHost(hosts[host] ?? [], ofBlocks[host] ?? ofHosts, index);
    }
    medians[draw] = median(ofHosts);
  }
  medians.sort();
  return { low: quantile(medians, ENDS[0]), high: quantile(medians, ENDS[1]) };
}

function drawHost(blocks: readonly Block[], drawn: Float64Array, index: (below: number) => number): number {
  for (let place = 0; place < blocks.length; place++) {
    const block = blocks[index(blocks.length)];
    if (block !== undefined) drawn[place] = drawBlock(block, index);
  }
  return median(drawn);
}

/** The block's figure times the ratio of its sums over drawn parts, beside that over its own parts. */
function drawBlock({ figure, numerators, denominators }: Block, index: (below: number) => number): number {
  const parts = numerators.length;
  let [above, below, ownAbove, ownBelow] = [0, 0, 0, 0];
  for (let place = 0; place < parts; place++) {
    const part = index(parts);
    above += numerators[part] ?? 0;
    below += denominators[part] ?? 0;
    ownAbove += numerators[place] ?? 0;
    ownBelow += denominators[place] ?? 0;
  }
  const factor = (above / below) / (ownAbove / ownBelow);
  return Number.isFinite(factor) ? figure * factor : figure;
}

/** Sorts `values` and gives the middle one, of an even number the mean of the middle two. */
function median(values: Float64Array): number {
  values.sort();
  return quantile(values, 0.5);
}

/** Linear between sorted values, as quantile_cont. */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const lower = sorted[Math.floor(place)] ?? NaN;
  const upper = sorted[Math.ceil(place)] ?? NaN;
  return lower + (upper - lower) * (place - Math.floor(place));
}
