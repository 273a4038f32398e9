// A whole plan: which offers its leases take, in which order they work, for how much and how long, and the matrix that is planned.
import { deepEqual, equal, ok } from "node:assert/strict";
import { join } from "node:path";
import { readCatalog } from "../pipeline/lib/catalog.ts";
import { pathsOf } from "../pipeline/paths.ts";
import { expand } from "../pipeline/plan/expand.ts";
import { entriesOf, type Lease, planLeases } from "../pipeline/plan/leases.ts";
import { admit, choose, type Choosing, type Market, objectToSize, type Plan } from "../pipeline/plan/plan.ts";
import { schedule } from "../pipeline/run/schedule.ts";
import { levelsOf } from "../pipeline/schema/load.ts";
import { Matrix } from "../pipeline/schema/matrix.ts";
import type { Offer } from "../pipeline/schema/offer.ts";
import {
  catalogOf,
  generator,
  lease,
  offer,
  rentedEntry,
  settled,
  START,
  StoppedClock,
} from "./rented_fixtures.ts";

const catalog = catalogOf({ m: 5 });

/** The plan of leases that all see the same offers, or each its own. */
function planOf(
  leases: readonly Lease[],
  offers: readonly Offer[] | Record<string, Market>,
  changes: Partial<Choosing> = {},
): Plan {
  const markets = new Map(
    leases.map(({ id }) => [id, Array.isArray(offers) ? { offers } : (offers as Record<string, Market>)[id]]),
  );
  const known = new Map([...markets].flatMap(([id, market]) => market === undefined ? [] : [[id, market]]));
  const choosing = { catalog, memories: [], now: START, parallel: 8, held: new Map(), ...changes };
  return choose(leases, known, choosing);
}

const taken = ({ leases }: Plan) => leases.map(({ id, offer }) => `${id}: ${offer.id}`);

/** Leases for GPUs of different kinds, an offer for each, so long each. */
function several(durations: readonly number[], gpus: readonly string[]): [Lease[], Record<string, Market>] {
  const leases = durations.map((duration_seconds, n) =>
    lease(`l${n}`, { gpu: gpus[n] ?? "any" }, [rentedEntry(`e${n}`, { workload: { duration_seconds } })])
  );
  const markets = leases.map(({ id, gpu }) => [id, { offers: [offer({ id: `o${id}`, gpu })] }] as const);
  return [leases, Object.fromEntries(markets)];
}

Deno.test("a host is had once at a time: a second lease takes another, and with no other they work one after another", () => {
  const [one, two] = [offer({ id: "1" }), offer({ id: "2", price_per_hour: 0.5 })];
  deepEqual(taken(planOf([lease("a"), lease("b")], [one, two])), ["a: 1", "b: 2"]);
  const shared = planOf([lease("a"), lease("b", { gpu: "any" })], [one]);
  deepEqual([taken(shared), shared.left], [["a: 1", "b: 1"], []]);
  equal(new Set(shared.leases.map(({ resource }) => resource)).size, 1);
  equal(shared.hours, 2 * (shared.leases[0]?.hours ?? 0));
});

Deno.test("an offer that stands for many machines serves every lease, those of other kinds side by side", () => {
  const kind = offer({ id: "1", host: null });
  const plan = planOf([lease("a"), lease("b", { gpu: "any" })], [kind]);
  deepEqual(taken(plan), ["a: 1", "b: 1"]);
  equal(plan.hours, plan.leases[0]?.hours);
});

Deno.test("a computer that has more to do than one lease may last is planned whole", () => {
  const entries = Array.from(
    { length: 40 },
    (_, n) => rentedEntry(`e${n}`, { provider: "local", gpu: "any", model: `m${n}` }),
  );
  const own = offer({ id: "local", provider: "local", gpu: "any", price_per_hour: null });
  const leases = planLeases(entries, catalog);
  ok(leases.length > 1);
  const { left, leases: planned } = planOf(leases, [own]);
  deepEqual([left, planned.flatMap(entriesOf).length], [[], 40]);
});

Deno.test("a lease goes on with the machine it holds, before all that is cheaper, and nobody else takes that machine", () => {
  const held = offer({ id: "held", price_per_hour: 2 });
  const other = offer({ id: "other", price_per_hour: 0.1 });
  const leases = [lease("a"), lease("b")];
  const plan = planOf(leases, [{ ...held, price_per_hour: 0.05 }, other], { held: new Map([["b", held]]) });
  deepEqual(taken(plan), ["b: held", "a: other"]);
  equal(plan.leases[0]?.offer.price_per_hour, 2);
  const blamed = [{ offer: held, code: "boot_failed" as const, at: START }];
  const again = planOf([lease("b")], [], { held: new Map([["b", held]]), memories: blamed });
  deepEqual(taken(again), ["b: held"]);
});

Deno.test("leases work in the order of what an entry costs", () => {
  const entries = (n: number) => Array.from({ length: n }, (_, k) => rentedEntry(`e${n}${k}`));
  const [single, many] = [lease("single", {}, entries(1)), lease("many", { gpu: "L4" }, entries(6))];
  const plan = planOf([single, many], {
    single: { offers: [offer({ id: "1", price_per_hour: 0.36 })] },
    many: { offers: [offer({ id: "2", gpu: "L4", price_per_hour: 0.5 })] },
  });
  ok((plan.leases[0]?.usd ?? 0) > (plan.leases[1]?.usd ?? 0));
  deepEqual(taken(plan), ["many: 2", "single: 1"]);
});

Deno.test("a lease without an offer leaves all its entries out with the reason, and costs nothing", () => {
  const two = [rentedEntry("x"), rentedEntry("y")];
  const plan = planOf([lease("a", {}, two), lease("b")], {
    a: { code: "bad_key", reason: "the key is refused" },
    b: { offers: [offer()] },
  });
  deepEqual(plan.left.map(({ entry, code, reason }) => [entry.id, code, reason]), [
    ["x", "bad_key", "the key is refused"],
    ["y", "bad_key", "the key is refused"],
  ]);
  equal(plan.usd, plan.leases[0]?.usd);
});

Deno.test("dollars of the plan are the sums over its leases", () => {
  const [leases, markets] = several([300, 600, 900], ["RTX 4090", "L4", "H100"]);
  const plan = planOf(leases, markets);
  const sum = (of: (lease: Plan["leases"][number]) => number) =>
    plan.leases.reduce((total, lease) => total + of(lease), 0);
  equal(plan.usd, sum(({ usd }) => usd));
  equal(plan.max_usd, sum(({ max_usd }) => max_usd));
  ok(plan.usd < plan.max_usd);
});

Deno.test("the plan's hours are those that the scheduler needs for its leases, for any order and number of places", async () => {
  const random = generator(3);
  for (let round = 0; round < 60; round++) {
    const gpus = Array.from({ length: 1 + random(7) }, () => ["RTX 4090", "L4", "H100"][random(3)] ?? "L4");
    const [leases, markets] = several(gpus.map(() => 60 * (1 + random(40))), gpus);
    const parallel = 1 + random(4);
    const plan = planOf(leases, markets, { parallel });
    const clock = new StoppedClock();
    const working = schedule(
      plan.leases,
      parallel,
      ({ resource }) => resource,
      ({ hours }) => clock.sleep(hours * 3600),
    );
    let isOver = false;
    working.finally(() => isOver = true);
    await settled();
    while (!isOver) await clock.passToNext();
    ok(Math.abs(plan.hours - (clock.now() - START) / 3_600_000) < 1e-6, `round ${round}: ${plan.hours} h`);
  }
});

Deno.test("runs/planned.json is the planned test matrix of the specification, 21 entries that all fit, five minutes each", async () => {
  const paths = pathsOf(undefined);
  const matrix = Matrix.parse(JSON.parse(await Deno.readTextFile(join(paths.runs, "planned.json"))));
  const known = await readCatalog(paths);
  const entries = expand(matrix, known.gpus.map(({ name }) => name), () => null);
  const usual = ["qwen2:7b", "deepseek-r1:14b", "deepseek-r1:32b"];
  const table: [string, string[], string[]][] = [
    ["RTX 3090", ["vastai", "tensordock"], usual],
    ["RTX 4090", ["vastai", "tensordock"], usual],
    ["RTX 5090", ["vastai"], usual],
    ["A100 80GB", ["vastai"], usual],
    ["H200 NVL", ["vastai"], ["deepseek-r1:70b"]],
    ["RTX 5060 Ti", ["vastai"], ["qwen2:1.5b"]],
    ["RTX 5070", ["vastai"], ["qwen2:1.5b"]],
  ];
  const cells = table.flatMap(([gpu, providers, models]) =>
    providers.flatMap((provider) => models.map((model) => `${gpu} ${provider} ${model}`))
  );
  deepEqual(entries.map(({ gpu, provider, model }) => `${gpu} ${provider} ${model}`).sort(), cells.sort());
  equal(new Set(entries.map(({ id }) => id)).size, 21);
  for (const { workload, engine } of entries) {
    deepEqual([workload.duration_seconds, workload.max_tokens, levelsOf(workload)], [300, 256, [1]]);
    equal(engine.name, "ollama");
  }
  deepEqual(admit(entries, [objectToSize(known)]).left, []);
  equal(planLeases(entries, known).length, 9);
});
