// What a lease is reckoned to take: the numbers a user says yes to, and by which a machine is ended.
import { deepEqual, equal, ok } from "node:assert/strict";
import { estimate } from "../pipeline/plan/estimate.ts";
import { planLeases } from "../pipeline/plan/leases.ts";
import type { Entry } from "../pipeline/schema/entry.ts";
import { catalogOf, generator, offer, rentedEntry } from "./rented_fixtures.ts";

const catalog = catalogOf({ m: 5, large: 40 });
const BOOT_SECONDS = 360;

function of(entries: readonly Entry[], changes: Parameters<typeof offer>[0] = {}) {
  const [lease, ...more] = planLeases(entries, catalog);
  if (lease === undefined || more.length > 0) throw new TypeError("one lease");
  return estimate(lease, offer(changes), catalog);
}

const seconds = (hours: number) => Math.round(hours * 3600);
const workload = (changes: object = {}) => ({
  workload: { duration_seconds: 300, warmup_requests: 2, ...changes },
});

Deno.test("boot, pull at the offer's speed, load, warm-up, the window of every level, and collecting are reckoned with", () => {
  // 40 s to pull 5 GB at 1000 Mbit/s, 60 s to load, 300 s + 2 x 5 s a level, 10 s to collect.
  const fast = { download_mbps: 1000 };
  equal(seconds(of([rentedEntry("1", workload())], fast).hours), BOOT_SECONDS + 40 + 60 + 310 + 10);
  const levels = rentedEntry("1", workload({ concurrency: [1, 4, 16] }));
  equal(seconds(of([levels], fast).hours), BOOT_SECONDS + 40 + 60 + 4 * 310 + 10);
  equal(
    seconds(of([rentedEntry("1", workload())], { download_mbps: 100 }).hours),
    BOOT_SECONDS + 400 + 60 + 320,
  );
});

Deno.test("a model is pulled once for all its entries, and no library is faster than 2 Gbit/s", () => {
  const two = [rentedEntry("1", workload()), rentedEntry("2", workload({ name: "other" }))];
  equal(seconds(of(two, { download_mbps: 1000 }).hours), BOOT_SECONDS + 40 + 60 + 2 * 320);
  equal(of(two, { download_mbps: 10_000 }).hours, of(two, { download_mbps: 2000 }).hours);
  equal(of(two, { download_mbps: 500 }).hours, of(two).hours);
});

Deno.test("dollars are hours times the price, and paid traffic for each model once, that of the canary too", () => {
  const entries = [
    rentedEntry("1", workload()),
    rentedEntry("2", workload({ name: "other" })),
    rentedEntry("3", { model: "large", ...workload() }),
  ];
  const free = of(entries, { price_per_hour: 2 });
  equal(free.usd, free.hours * 2);
  equal(free.max_usd, free.max_hours * 2);
  const metered = of(entries, { price_per_hour: 2, download_per_gb: 0.1 });
  deepEqual([metered.usd, metered.max_usd], [free.usd + 4.59, free.max_usd + 4.59]);
  deepEqual([of(entries, { price_per_hour: null }).usd, of(entries, { price_per_hour: null }).max_usd], [
    0,
    0,
  ]);
});

Deno.test("a lease may take twice its time and at least half an hour, but never more than its deadline", () => {
  const bound = (duration_seconds: number, max_hours?: number) => {
    const offers = max_hours === undefined ? {} : { max_hours };
    return of([rentedEntry("1", { ...workload({ duration_seconds }), offers })]);
  };
  equal(bound(10).max_hours, 0.5);
  const hour = bound(3600);
  equal(hour.max_hours, 2 * hour.hours);
  equal(bound(3600, 1.5).max_hours, 1.5);
});

Deno.test("a machine that has no price is not ended by a deadline that is there for money's sake", () => {
  const day = rentedEntry("1", { ...workload({ duration_seconds: 86_400 }), offers: { max_hours: 1 } });
  equal(of([day]).max_hours, 1);
  ok(of([day], { price_per_hour: null }).max_hours > 24);
});

Deno.test("never is more expected than the most that can be: what does not fit into the deadline is ended by it", () => {
  const long = of([
    rentedEntry("1", { ...workload({ duration_seconds: 20_000 }), offers: { max_hours: 2 } }),
  ]);
  deepEqual([long.hours, long.max_hours, long.usd], [2, 2, long.max_usd]);
  const random = generator(5);
  for (let round = 0; round < 300; round++) {
    const entry = rentedEntry("1", {
      model: ["m", "large", "unknown"][random(3)] ?? "m",
      ...workload({ duration_seconds: 1 + random(9000), concurrency: [1, 2].slice(random(2)) }),
      offers: { max_hours: (1 + random(100)) / 10 },
    });
    const [lease] = planLeases([entry], catalog);
    ok(lease !== undefined);
    const { hours, max_hours, usd, max_usd } = estimate(
      lease,
      offer({ download_mbps: 50 + random(3000) }),
      catalog,
    );
    ok(hours <= max_hours && usd <= max_usd && max_hours <= entry.offers.max_hours, `round ${round}`);
  }
});

Deno.test("every kind of load is reckoned with all its windows, what settles it and the repeated first level", () => {
  const work = (changes: Parameters<typeof workload>[0]) =>
    seconds(of([rentedEntry("1", workload(changes))], { download_mbps: 1000 }).hours) - BOOT_SECONDS - 40 -
    60 - 10;
  const poisson = { kind: "poisson", rates: [1, 2] } as const;
  equal(work({ concurrency: [1, 4], repeat_first: false }), 2 * 310);
  equal(work({ concurrency: [1, 4], settle_seconds: 15 }), 3 * 325);
  equal(work({ load: poisson }), 3 * 310);
  equal(work({ load: { kind: "ramp", from: 0, to: 4 } }), 310);
  equal(work({ load: { kind: "ladder", most: 16 } }), (5 + 3 + 1) * 340);
  equal(work({ load: { kind: "ladder", most: 100 }, settle_seconds: 0, repeat_first: false }), (8 + 3) * 310);
  equal(work({ least_requests: 300 }), 2.5 * 300 + 10);
});

Deno.test("a faster line never makes a lease longer, and more work never makes it shorter", () => {
  const [lease] = planLeases([rentedEntry("1", { model: "large", ...workload() })], catalog);
  ok(lease !== undefined);
  const speeds = [100, 200, 500, 1000, 2000].map((mbps) =>
    estimate(lease, offer({ download_mbps: mbps }), catalog).hours
  );
  deepEqual(speeds, speeds.toSorted((a, b) => b - a));
  ok(
    of([rentedEntry("1", workload()), rentedEntry("2", workload({ name: "b" }))]).hours >
      of([rentedEntry("1", workload())]).hours,
  );
});
