// Money and time of a run: what is set aside, what is refused, and that both end the run in time to pay for the end of its machines.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { Fleet } from "../pipeline/fleet/mod.ts";
import type { Journal } from "../pipeline/run/journal.ts";
import { type Limits, Purse } from "../pipeline/run/purse.ts";
import { Failure } from "../pipeline/schema/failures.ts";
import { type MachineRecord, mayExist } from "../pipeline/schema/machine.ts";
import { type At, gone, machine, requested, settled, StoppedClock } from "./rented_fixtures.ts";

/** A purse over machines that may be added and changed, at $1 an hour each. */
function purse(limits: Partial<Limits>) {
  const clock = new StoppedClock();
  const machines = new Map<string, MachineRecord>();
  const fleet = {
    records: () => [...machines.values()],
    live: () => [...machines.values()].filter(mayExist),
  };
  const journal = { lines: [] };
  const known = { max_usd: null, max_hours: null, ...limits };
  return {
    clock,
    purse: new Purse(known, fleet as unknown as Fleet, journal as unknown as Journal, clock),
    /** `seconds` 0 is the start of the clock. */
    rent: (lease_id: string, events: readonly At[] = [[0, requested]]) =>
      machines.set(
        lease_id,
        machine(events, { machine_id: lease_id, lease_id, offer: { price_per_hour: 1 } }),
      ),
  };
}

Deno.test("money is set aside until it is used up; what is refused names what is needed, spent and promised", () => {
  const { purse: own } = purse({ max_usd: 2 });
  equal(own.promise("a", 1.2), null);
  equal(
    own.promise("b", 0.9),
    "about $0.90 are needed; of $2.00 are $0.00 spent and $1.20 promised to other leases",
  );
  equal(own.promise("c", 0.8), null);
  match(own.promise("d", 0.01) ?? "", /\$2\.00 promised/);
});

Deno.test("a refused lease is promised nothing, and what a lease did not need is free once it is over", () => {
  const { purse: own } = purse({ max_usd: 2 });
  ok(own.promise("a", 3) !== null);
  equal(own.promise("b", 2), null);
  ok(own.promise("c", 1) !== null);
  own.release("b");
  equal(own.promise("c", 1), null);
});

Deno.test("without a limit every lease is paid, and the cost is told all the same", async () => {
  const { purse: own, rent, clock } = purse({});
  equal(own.promise("a", 1e6), null);
  rent("a");
  await clock.pass(1800);
  equal(own.cost().usd, 0.5);
});

Deno.test("what a working lease has spent is not counted a second time as promised to it", async () => {
  const { purse: own, rent, clock } = purse({ max_usd: 2 });
  equal(own.promise("a", 1), null);
  rent("a");
  await clock.pass(3240);
  match(own.promise("b", 1.1) ?? "", /\$0\.90 spent and \$0\.10 promised/);
  equal(own.promise("b", 1), null);
});

Deno.test("a lease that costs more than it was promised has nothing promised any more, and its cost counts whole", async () => {
  const { purse: own, rent, clock } = purse({ max_usd: 2 });
  own.promise("a", 0.5);
  rent("a");
  await clock.pass(3600);
  match(own.promise("b", 1.5) ?? "", /\$1\.00 spent and \$0\.00 promised/);
  equal(own.promise("b", 1), null);
});

Deno.test("what a resumed run has cost before is spent, and is not taken off what its leases are promised now", () => {
  const { purse: own, rent } = purse({ max_usd: 2 });
  rent("a", [[-3600, requested], [0, gone]]);
  equal(own.promise("a", 0.8), null);
  match(own.promise("b", 0.3) ?? "", /\$1\.00 spent and \$0\.80 promised/);
});

/** Lets time pass in looks until the purse stops the run; after how many seconds that was, and why. */
async function untilStopped({ purse: own, clock }: ReturnType<typeof purse>, most = 10_000) {
  const end = new AbortController();
  const watching = own.watch(end.signal);
  const began = clock.now();
  while (!own.signal.aborted && clock.now() - began < most * 1000) await clock.pass(5);
  const seconds = (clock.now() - began) / 1000;
  end.abort();
  await watching;
  const reason: unknown = own.signal.reason;
  return { seconds, code: reason instanceof Failure ? reason.code : null, reason };
}

/** Whether a time is that of the next look, every 5 s. */
const isNext = (seconds: number, due: number) => due <= seconds && seconds <= due + 5;

Deno.test("a run is stopped over budget while there is money left to end its machines, and not much earlier", async () => {
  const one = purse({ max_usd: 1 });
  one.rent("a");
  const { seconds, code, reason } = await untilStopped(one);
  equal(code, "over_budget");
  ok(isNext(seconds, 3600 - 120));
  match(String(reason), /\$1\.00 are spent, or needed to end the machines/);
  ok(one.purse.cost().usd + 115 / 3600 <= 1);
});

Deno.test("several machines need more money to be ended, and machines that are gone need none", async () => {
  const three = purse({ max_usd: 1 });
  for (const id of ["a", "b", "c"]) three.rent(id);
  ok(isNext((await untilStopped(three)).seconds, 1200 - 120));
  const over = purse({ max_usd: 1 });
  over.rent("a", [[-3590, requested], [0, gone]]);
  equal((await untilStopped(over, 500)).code, null);
});

Deno.test("a run is stopped when its hours are over, counted from its start", async () => {
  const timed = purse({ max_hours: 0.5 });
  await timed.clock.pass(600);
  const { seconds, code, reason } = await untilStopped(timed);
  deepEqual([seconds, code], [1200, "total_deadline"]);
  match(String(reason), /the run has had its 0\.5 hours/);
});

Deno.test("without limits a run is never stopped, and watching ends with the run", async () => {
  const free = purse({});
  free.rent("a");
  deepEqual(await untilStopped(free, 20_000).then(({ code, seconds }) => [code, seconds]), [null, 20_000]);
});

Deno.test("watching ends by itself once the run is stopped", async () => {
  const { purse: own, clock } = purse({ max_hours: 0.001 });
  let isOver = false;
  const watching = own.watch(new AbortController().signal).then(() => isOver = true);
  for (let n = 0; n < 3; n++) await clock.pass(5);
  await settled();
  equal(isOver, true);
  await watching;
});
