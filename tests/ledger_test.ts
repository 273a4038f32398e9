// What machines cost and what for, to the cent: $0.36 an hour are $0.0001 a second.
import { deepEqual, equal, ok } from "node:assert/strict";
import { costOfRun } from "../pipeline/schema/fold.ts";
import { billedTime, COST_KINDS, costOf, type CostSplit, sumOfCosts } from "../pipeline/schema/ledger.ts";
import type { MachineRecord } from "../pipeline/schema/machine.ts";
import { journal } from "./fixtures.ts";
import {
  type At,
  destroying,
  generator,
  gone,
  machine,
  type MachineOptions,
  ready,
  requested,
  START,
  time,
  work,
} from "./rented_fixtures.ts";

const all = () => true;
const never = () => false;
const later = START + 10_000_000;

/** US dollars that are a whole number of seconds' price, without the noise of floating point. */
function tidy(usd: number): number {
  return Math.round(usd * 1e9) / 1e9;
}

function spent(
  events: readonly At[],
  options: MachineOptions = {},
  succeeded: (id: string) => boolean = all,
  now = later,
): { usd: number; split: Partial<CostSplit>; by_entry: Record<string, number> } {
  const { usd, split, by_entry } = costOf(machine(events, options), succeeded, now);
  const kinds = COST_KINDS.filter((kind) => tidy(split[kind]) !== 0);
  return {
    usd: tidy(usd),
    split: Object.fromEntries(kinds.map((kind) => [kind, tidy(split[kind])])),
    by_entry: Object.fromEntries([...by_entry].map(([id, value]) => [id, tidy(value)])),
  };
}

const started: At = [100, { event: "starting" }];

Deno.test("every second from the create's answer to the proven end is paid, booked by what it was spent on", () => {
  deepEqual(
    spent([
      [10, requested],
      started,
      [200, ready],
      [210, work("setup", "a", "b")],
      [310, work("pull", "a")],
      [350, work("load", "a")],
      [360, work("measure", "a")],
      [660, work("collect", "a")],
      [670, work("measure", "b")],
      [970, work("collect", "b")],
      [980, destroying()],
      [1010, gone],
    ]),
    {
      usd: 0.1,
      // 10 to 310, 40 s, 10 s, 2 x 300 s; collected 2 x 10 s and ended in 30 s.
      split: { boot: 0.03, pull: 0.004, load: 0.001, measure: 0.06, idle: 0.005 },
      by_entry: { a: 0.0525, b: 0.0475 },
    },
  );
});

Deno.test("work that led to no result is booked as failed, the machine's own time only when nothing on it succeeded", () => {
  const events: At[] = [
    [0, requested],
    [100, ready],
    [100, work("measure", "a")],
    [200, work("measure", "b")],
    [400, destroying()],
    [410, gone],
  ];
  deepEqual(spent(events, {}, (id) => id === "a").split, {
    boot: 0.01,
    measure: 0.01,
    idle: 0.001,
    failed: 0.02,
  });
  deepEqual(spent(events, {}, never).split, { failed: 0.041 });
  equal(spent(events, {}, never).usd, spent(events, {}, all).usd);
});

Deno.test("an entry pays for its own work, and an equal share of what is for all", () => {
  const events: At[] = [[0, requested], [90, work("measure", "b")], [390, work("idle")], [450, gone]];
  deepEqual(spent(events, { entries: ["a", "b", "c"] }).by_entry, { a: 0.005, b: 0.035, c: 0.005 });
});

for (
  const [what, end, step, usd] of [
    ["second", 61, 1, 0.0061],
    ["begun minute", 61, 60, 0.012],
    ["whole minute exactly", 120, 60, 0.012],
    ["begun hour", 61, 3600, 0.36],
    ["second where the provider names no step", 61, 0, 0.0061],
  ] as const
) {
  Deno.test(`a machine of ${end} s that is billed by the ${what} costs $${usd}`, () => {
    deepEqual(spent([[0, requested], [end, gone]], { billing_step_seconds: step }), {
      usd,
      split: { boot: tidy(end / 1e4), ...(tidy(usd - end / 1e4) > 0 ? { idle: tidy(usd - end / 1e4) } : {}) },
      by_entry: { a: usd / 2, b: usd / 2 },
    });
  });
}

Deno.test("the rest of a step is not yet spent while the machine runs", () => {
  equal(spent([[0, requested]], { billing_step_seconds: 60 }, all, START + 61_000).usd, 0.0061);
});

Deno.test("before it runs only the disk is paid, where that has a price of its own, and afterwards the whole price", () => {
  const events: At[] = [[0, requested], started, [150, destroying("boot_failed")], [200, gone]];
  equal(spent(events).usd, 0.02);
  equal(spent(events, { offer: { storage_per_hour: 0.036 } }).usd, 0.001 + 0.01);
  const dead: At[] = [[0, requested], [150, destroying("boot_failed")], [200, gone]];
  equal(spent(dead, { offer: { storage_per_hour: 0.036 } }).usd, 0.002);
});

Deno.test("traffic is paid by the gigabyte, by those it was for, as part of the pull", () => {
  const events: At[] = [
    [0, requested],
    [10, { event: "traffic", downloaded_gb: 4, seconds: 60, entries: ["a"] }],
    [100, gone],
  ];
  deepEqual(spent(events, { offer: { download_per_gb: 0.01 } }), {
    usd: 0.05,
    split: { boot: 0.01, pull: 0.04 },
    by_entry: { a: 0.045, b: 0.005 },
  });
});

Deno.test("a machine that was never made costs nothing, whatever was thought in between", () => {
  const refused = { event: "not_created", code: "offer_gone", reason: "r" } as const;
  const lost = { event: "unknown", reason: "r" } as const;
  for (const events of [[[5, refused]], [[5, lost], [300, refused]], []] as At[][]) {
    deepEqual(spent(events), { usd: 0, split: {}, by_entry: { a: 0, b: 0 } });
    equal(billedTime(machine(events), later), null);
  }
});

Deno.test("a machine whose create got no answer is paid from then on, as long as nobody knows that it was not made", () => {
  const lost: At = [10, { event: "unknown", reason: "r" }];
  equal(spent([lost], {}, all, START + 60_000).usd, 0.005);
  equal(spent([lost, [40, requested], [110, gone]]).usd, 0.01);
});

Deno.test("a machine that still runs is priced until now, in the phase it is in, and never below zero", () => {
  const events: At[] = [[0, requested], [60, work("measure", "a")]];
  deepEqual(spent(events, {}, all, START + 100_000).split, { boot: 0.006, measure: 0.004 });
  equal(spent(events, {}, all, START + 30_000).usd, 0.003);
  equal(spent(events, {}, all, START - 5000).usd, 0);
});

Deno.test("a machine without a price costs nothing", () => {
  equal(spent([[0, requested], [3600, gone]], { offer: { price_per_hour: null } }).usd, 0);
});

Deno.test("in a run an entry's success counts on the machine that gave it, and its failed tries stay its own cost", () => {
  const [first, second] = ["m1", "m2"].map((machine_id) =>
    machine([[0, requested], [100, work("measure", "a")], [200, gone]], { machine_id, entries: ["a"] })
  ) as [MachineRecord, MachineRecord];
  const lines = journal({
    event: "success",
    at: time(200),
    entry_id: "a",
    raw_dir: "r",
    tokens_per_second: 1,
    machine_id: "m2",
  });
  const { usd, split, by_entry } = costOfRun(lines, [first, second], later);
  deepEqual([tidy(usd), tidy(split.failed), tidy(split.measure), tidy(split.boot)], [0.04, 0.02, 0.01, 0.01]);
  equal(tidy(by_entry.get("a") ?? 0), 0.04);
});

Deno.test("whatever happens to machines, the parts by purpose and by entry add up to the whole, and to billed time and traffic", () => {
  const random = generator(17);
  const phases = ["setup", "pull", "load", "measure", "collect", "idle"] as const;
  for (let round = 0; round < 400; round++) {
    let second = random(20);
    const next = () => second += random(500);
    const entries = ["a", "b", "c"].slice(0, 1 + random(3));
    const some = () => entries.filter(() => random(2) === 0);
    const events: At[] = [];
    if (random(4) === 0) events.push([next(), { event: "unknown", reason: "r" }]);
    events.push([next(), requested]);
    if (random(2) === 0) events.push([next(), { event: "starting" }]);
    if (random(2) === 0) {
      events.push([next(), ready]);
      for (let n = random(8); n > 0; n--) {
        const pulled = {
          event: "traffic" as const,
          downloaded_gb: random(50),
          seconds: null,
          entries: some(),
        };
        events.push([next(), random(4) === 0 ? pulled : work(phases[random(6)] ?? "idle", ...some())]);
      }
    }
    if (random(3) > 0) events.push([next(), destroying()]);
    if (random(3) > 0) events.push([next(), gone]);
    const record = machine(events, {
      entries,
      billing_step_seconds: [0, 1, 60, 3600][random(4)] ?? 1,
      offer: { storage_per_hour: random(2) / 100, download_per_gb: random(3) / 100 },
    });
    const now = START + random(6000) * 1000;
    const { usd, split, by_entry } = costOf(record, (id) => id < "c" && random(2) === 0, now);
    const total = (values: Iterable<number>) => [...values].reduce((sum, value) => sum + value, 0);
    ok(Math.abs(total(Object.values(split)) - usd) < 1e-9, `round ${round}: by purpose`);
    ok(Math.abs(total(by_entry.values()) - usd) < 1e-9, `round ${round}: by entry`);
    ok([...Object.values(split), ...by_entry.values()].every((value) => value >= 0), `round ${round}`);
    const { from, to } = billedTime(record, now) ?? { from: 0, to: 0 };
    const traffic = total(events.map(([, event]) => event.event === "traffic" ? event.downloaded_gb : 0)) *
      record.offer.download_per_gb;
    const most = (to - from) / 1000 + (record.state === "gone" ? record.billing_step_seconds : 0);
    ok(usd - traffic <= most * 0.36 / 3600 + 1e-9, `round ${round}: more than every second at full price`);
    const doubled = sumOfCosts([{ usd, split, by_entry }, { usd, split, by_entry }]);
    equal(doubled.usd, 2 * usd);
  }
});
