// The load of a workload: how many requests are in flight (closed loop), or when they arrive, whatever the server does (open loop).
import { z } from "zod";

export const ARRIVALS = ["closed", "constant", "poisson", "gamma", "ramp"] as const;
export const Arrival = z.enum(ARRIVALS).meta({
  description:
    "When requests are sent: `closed` a new one when one ends; else at times of their own, at equal distances (`constant`), at random (`poisson`), in bursts (`gamma`) or at a rate that grows (`ramp`).",
});

const rate = z.number().positive().max(10_000);
const rates = z.array(rate).min(1).max(100).meta({
  description: "Load levels, each measured by itself: requests per second.",
});
const most_in_flight = z.int().min(1).max(1024).default(64).meta({
  description:
    "Places that an engine is started with (it does not bound the load; more requests wait in its queue).",
});
const limit = (what: string) =>
  z.number().positive().optional().meta({
    description: `A level whose 99th percentile of the ${what} is above this is too high, ms.`,
  });

const Ladder = z.strictObject({
  kind: z.literal("ladder").meta({
    description: "Closed loop at 1, 2, 4 … requests in flight until more bring nothing, then between.",
  }),
  most: z.int().min(2).max(1024).meta({ description: "Highest number of requests in flight." }),
  ttft_ms: limit("time to first token"),
  tpot_ms: limit("time per output token"),
});
const Constant = z.strictObject({
  kind: z.literal("constant").meta({ description: "Open loop, requests at equal distances." }),
  rates,
  most_in_flight,
});
const Poisson = z.strictObject({
  kind: z.literal("poisson").meta({ description: "Open loop, requests at random, each by itself." }),
  rates,
  most_in_flight,
});
const Gamma = z.strictObject({
  kind: z.literal("gamma").meta({ description: "Open loop, gamma-distributed time between requests." }),
  rates,
  burstiness: z.number().min(0.01).max(100).meta({
    description: "Shape of the distribution: 1 is Poisson, below 1 comes in bursts, above 1 is more even.",
  }),
  most_in_flight,
});
const Ramp = z.strictObject({
  kind: z.literal("ramp").meta({ description: "Open loop, requests at random at a rate that changes." }),
  from: z.number().min(0).max(10_000).meta({ description: "Requests per second at the window's start." }),
  to: rate.meta({ description: "Requests per second at its end." }),
  most_in_flight,
});

export const Load = z.discriminatedUnion("kind", [Ladder, Constant, Poisson, Gamma, Ramp]).meta({
  id: "Load",
  description: "A load in place of `concurrency`.",
});

/** Orders in which levels may be measured. */
export const ORDERS = ["random", "given"] as const;

/** Seeds are whole numbers below this. */
export const SEEDS = 2 ** 32;
export const Seed = z.int().min(0).max(SEEDS - 1).meta({
  description:
    "Decides the order of levels, the times of requests and all else that is random; by default made of run and entry.",
});

export type Arrival = z.infer<typeof Arrival>;
export type Load = z.infer<typeof Load>;
export type Ladder = z.infer<typeof Ladder>;
export type OpenLoad = Exclude<Load, Ladder>;

/** What of a workload says how much is asked of the engine. */
export interface Loaded {
  readonly concurrency?: readonly number[] | undefined;
  readonly load?: Load | undefined;
}

/** Requests in flight when a workload says nothing about its load. */
const USUAL_CONCURRENCY = [1];

/** Why these do not go together: a sentence each. Pure. */
export function loadFaults(
  { concurrency, load, least_requests = 0 }: Loaded & { readonly least_requests?: number },
): string[] {
  const levels = load !== undefined && "rates" in load ? load.rates : concurrency ?? [];
  const twice = levels.find((level, index) => levels.indexOf(level) !== index);
  return [
    ...(concurrency !== undefined && load !== undefined
      ? ["it has both concurrency and load; give one"]
      : []),
    ...(twice === undefined ? [] : [`the level ${twice} stands there twice`]),
    ...(load?.kind === "ramp" && least_requests > 0
      ? ["a ramp ends when it has come to its rate; it takes no least_requests"]
      : []),
  ];
}

/** How long the load is on before a window where nothing else is said: a tenth of the window in a ladder, else not at all. Pure. */
export function usualSettle(load: Load | undefined, duration_seconds: number): number {
  return load?.kind === "ladder" ? duration_seconds / 10 : 0;
}

/** The levels that are known beforehand, as they were given; those of a ladder are not, so of it the highest. Pure. */
export function levelsOf({ concurrency = USUAL_CONCURRENCY, load }: Loaded): readonly number[] {
  if (load === undefined) return concurrency;
  if (load.kind === "ladder") return [load.most];
  return load.kind === "ramp" ? [load.to] : load.rates;
}

/** How many requests an engine must be able to take at once. Pure. */
export function mostInFlight(workload: Loaded): number {
  const { load } = workload;
  if (load === undefined || load.kind === "ladder") return Math.max(...levelsOf(workload));
  return load.most_in_flight;
}

/** `concurrency 4`, `2 requests/s (Poisson)`, `up to 8 requests/s (ramp)`; several levels as a list. Pure. */
export function loadLabel(arrival: Arrival, ...levels: readonly number[]): string {
  const list = levels.join(", ");
  if (arrival === "closed") return `concurrency ${list}`;
  if (arrival === "ramp") return `up to ${list} requests/s (ramp)`;
  return `${list} requests/s (${arrival === "poisson" ? "Poisson" : arrival})`;
}

/** The same as short as a table's cell wants it: `4`, `2/s`. Pure. */
export function shortLoad(arrival: Arrival, level: number): string {
  return arrival === "closed" ? String(level) : `${level}/s`;
}

/** The load level that a benchmark's test_config tells, in whichever key. Pure. */
export function levelOf(
  told: { readonly concurrent_reqs: number | null; readonly request_rate: number | null },
): number {
  return told.concurrent_reqs ?? told.request_rate ?? 1;
}

/** A whole workload's load: as loadLabel, or `a ladder up to concurrency 64`. Pure. */
export function workloadLabel(workload: Loaded): string {
  const { load } = workload;
  if (load?.kind === "ladder") return `a ladder up to concurrency ${load.most}`;
  return loadLabel(load?.kind ?? "closed", ...levelsOf(workload));
}
