// PURE. How long work on a machine takes, and what that costs. Estimates for the plan; what counts is the ledger.
import { levelsOf, usualSettle } from "../schema/load.ts";
import type { Workload } from "../schema/matrix.ts";
import type { Offer } from "../schema/offer.ts";
import { type Catalog, sizeGb } from "./fit.ts";
import type { Lease, Sitting } from "./leases.ts";

/** Mbit/s that a download is reckoned with where the offer does not say. */
export const USUAL_MBPS = 500;
/** No library sends faster than this, Mbit/s. */
const FASTEST_MBPS = 2000;
/** From create to a prepared machine: boot, driver, engine. */
const BOOT_SECONDS = 360;
/** To load a model and warm it up, besides its pull. */
const LOAD_SECONDS = 60;
const COLLECT_SECONDS = 10;
const WARMUP_SECONDS = 5;
/** The small model of the canary, GB. */
const CANARY_GB = 0.9;
/** What is reckoned with for a model whose size nobody knows, GB. */
export const UNKNOWN_DOWNLOAD_GB = 20;
/** How much longer than estimated a lease may take before it is ended. */
const PATIENCE = 2;
const LEAST_BOUND_SECONDS = 1800;
/** Windows that wait for a number of requests may take five times as long; with our patience that is just within the bound. */
const LONGER = 5 / PATIENCE;
/** Levels between the last good and the first bad one of a ladder that are measured. */
const BISECTIONS = 3;

export interface Estimate {
  readonly hours: number;
  /** Hours after which the machine is ended, whatever it does. */
  readonly max_hours: number;
  /** US dollars, traffic included. */
  readonly usd: number;
  readonly max_usd: number;
}

/** What a lease takes on an offer. A machine without a price has no deadline but that of work that hangs. */
export function estimate(
  { sittings, limits }: Pick<Lease, "sittings" | "limits">,
  offer: Offer,
  catalog: Catalog,
): Estimate {
  const { price_per_hour: price, download_mbps: mbps } = offer;
  const work = sittings.reduce(
    (sum, sitting) => sum + sittingSeconds(sitting, catalog, mbps ?? USUAL_MBPS),
    0,
  );
  const max_hours = Math.min(boundSeconds(work) / 3600, price === null ? Infinity : limits.max_hours);
  const hours = Math.min((BOOT_SECONDS + work) / 3600, max_hours);
  const traffic = (CANARY_GB + pulledGb({ sittings }, catalog)) * offer.download_per_gb;
  return {
    hours,
    max_hours,
    usd: hours * (price ?? 0) + traffic,
    max_usd: max_hours * (price ?? 0) + traffic,
  };
}

/** The download speed below which the models cannot be there in time when `seconds` are left, Mbit/s; null when no time is left for them anyway. */
export function leastDownloadMbps(
  lease: Pick<Lease, "sittings">,
  seconds: number,
  catalog: Catalog,
): number | null {
  const work = lease.sittings.flatMap(({ entries }) => entries)
    .reduce((sum, { workload }) => sum + workloadSeconds(workload), LOAD_SECONDS * lease.sittings.length);
  return seconds > work ? pulledGb(lease, catalog) * 8000 / (seconds - work) : null;
}

/** Seconds to give `work` seconds of work: twice the time, and not less than half an hour. */
export function boundSeconds(work: number): number {
  return Math.max(LEAST_BOUND_SECONDS, PATIENCE * (BOOT_SECONDS + work));
}

/** Seconds from the start of a sitting's engine to its last result. */
export function sittingSeconds({ entries }: Sitting, catalog: Catalog, mbps: number): number {
  const [first] = entries;
  const gb = first === undefined ? 0 : sizeGb(first.model, catalog) ?? UNKNOWN_DOWNLOAD_GB;
  const pull = gb * 8000 / Math.min(mbps, FASTEST_MBPS);
  return entries.reduce((sum, { workload }) => sum + workloadSeconds(workload), pull + LOAD_SECONDS);
}

function workloadSeconds(workload: Workload): number {
  const { load, duration_seconds, warmup_requests, least_requests } = workload;
  const settle = workload.settle_seconds ?? usualSettle(load, duration_seconds);
  const window = duration_seconds * (least_requests > 0 ? LONGER : 1);
  return measurements(workload) * (settle + window + warmup_requests * WARMUP_SECONDS) + COLLECT_SECONDS;
}

/** How many windows a workload is likely to take. */
function measurements(workload: Workload): number {
  const { load, repeat_first } = workload;
  const levels = load?.kind === "ladder" ? rungs(load.most) : levelsOf(workload).length;
  return levels + (repeat_first && levels > 1 ? 1 : 0);
}

/** Of a ladder all doublings up to its highest level, and what lies between the last two. */
function rungs(most: number): number {
  return Math.ceil(Math.log2(most)) + 1 + BISECTIONS;
}

function pulledGb({ sittings }: Pick<Lease, "sittings">, catalog: Catalog): number {
  const models = new Set(sittings.flatMap(({ entries }) => entries.map(({ model }) => model)));
  return [...models].reduce((sum, model) => sum + (sizeGb(model, catalog) ?? UNKNOWN_DOWNLOAD_GB), 0);
}
