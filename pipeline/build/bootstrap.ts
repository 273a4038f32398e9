// Intervals by hierarchical bootstrap: hosts are drawn anew, then the benchmarks of each, then the requests of each of these. Pure.
import { type RandomIndex, randomIndex } from "./random.ts";

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
/** Figures of a block with its requests drawn anew, of which every draw takes one. */
const REDRAWS = 200;
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
  const redrawn = hosts.map((blocks) => blocks.map((block) => redraw(block, index)));
  const medians = new Float64Array(draws);
  const ofHosts = new Float64Array(hosts.length);
  const ofBlocks = hosts.map((blocks) => new Float64Array(blocks.length));
  for (let draw = 0; draw < draws; draw++) {
    for (let place = 0; place < hosts.length; place++) {
      const host = index(hosts.length);
      ofHosts[place] = drawHost(redrawn[host] ?? [], ofBlocks[host] ?? ofHosts, index);
    }
    medians[draw] = median(ofHosts);
  }
  medians.sort();
  return { low: quantile(medians, ENDS[0]), high: quantile(medians, ENDS[1]) };
}

/** Blocks drawn from a host's into `drawn`, each with one of its redrawn figures; their median. */
function drawHost(blocks: readonly Float64Array[], drawn: Float64Array, index: RandomIndex): number {
  for (let place = 0; place < blocks.length; place++) {
    drawn[place] = blocks[index(blocks.length)]?.[index(REDRAWS)] ?? NaN;
  }
  return median(drawn);
}

/** The block's figure as it would be with its parts drawn anew: times the ratio of their sums, beside that over its own parts. */
function redraw({ figure, numerators, denominators }: Block, index: RandomIndex): Float64Array {
  const own = sum(numerators) / sum(denominators);
  return Float64Array.from({ length: REDRAWS }, () => {
    let [above, below] = [0, 0];
    for (let place = 0; place < numerators.length; place++) {
      const part = index(numerators.length);
      above += numerators[part] ?? 0;
      below += denominators[part] ?? 0;
    }
    const factor = above / below / own;
    return Number.isFinite(factor) ? figure * factor : figure;
  });
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Sorts `values`, which are few, by insertion and gives the middle one, of an even number the mean of the middle two. */
function median(values: Float64Array): number {
  for (let place = 1; place < values.length; place++) {
    const value = values[place] ?? NaN;
    let before = place - 1;
    for (; before >= 0 && (values[before] ?? NaN) > value; before--) {
      values[before + 1] = values[before] ?? NaN;
    }
    values[before + 1] = value;
  }
  return quantile(values, 0.5);
}

/** Linear between sorted values, as quantile_cont. */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const lower = sorted[Math.floor(place)] ?? NaN;
  const upper = sorted[Math.ceil(place)] ?? NaN;
  return lower + (upper - lower) * (place - Math.floor(place));
}
