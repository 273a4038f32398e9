// How entries share machines: who pays for a boot once, what begins first, and what does not fit into a machine's time.
import { deepEqual, equal, ok } from "node:assert/strict";
import { boundSeconds, sittingSeconds, USUAL_MBPS } from "../pipeline/plan/estimate.ts";
import { diskGb, entriesOf, planLeases, type Sitting, wantedFor } from "../pipeline/plan/leases.ts";
import { resourceOf } from "../pipeline/plan/plan.ts";
import { remaining } from "../pipeline/run/prepare.ts";
import type { Entry } from "../pipeline/schema/entry.ts";
import { OfferLimits } from "../pipeline/schema/offer.ts";
import { catalogOf, generator, lease, rentedEntry } from "./rented_fixtures.ts";

const catalog = catalogOf({ small: 1, middle: 5, large: 20 });
const leasesOf = (entries: readonly Entry[]) => planLeases(entries, catalog);
const limits = (changes: Partial<OfferLimits> = {}) => OfferLimits.parse(changes);

/** Ids of entries by lease and sitting. */
function shape(entries: readonly Entry[]): string[][] {
  return leasesOf(entries).map(({ sittings }) =>
    sittings.map((sitting) => sitting.entries.map(({ id }) => id).join("+"))
  );
}

Deno.test("entries for the same machines share one lease, and entries with the same engine and model one start of it", () => {
  deepEqual(
    shape([
      rentedEntry("1", { model: "small" }),
      rentedEntry("2", { model: "middle" }),
      rentedEntry("3", { model: "small", workload: { name: "wide", concurrency: [8] } }),
    ]),
    [["1+3", "2"]],
  );
});

for (
  const [what, change] of [
    ["provider", { provider: "runpod" }],
    ["GPU", { gpu: "L4" }],
    ["number of GPUs", { gpu_count: 2 }],
    ["price cap", { offers: { max_price_per_hour: 0.5 } }],
    ["country", { offers: { countries: ["DE"] } }],
  ] as [string, Parameters<typeof rentedEntry>[1]][]
) {
  Deno.test(`entries that ask for another ${what} get a lease of their own`, () => {
    deepEqual(shape([rentedEntry("1"), rentedEntry("2", change)]), [["1"], ["2"]]);
  });
}

Deno.test("an engine with other settings is another start on the same machine", () => {
  const engine = (api: "chat" | "completions") => ({ engine: { name: "openai" as const, api } });
  deepEqual(
    shape([
      rentedEntry("1", engine("chat")),
      rentedEntry("2", engine("completions")),
      rentedEntry("3", engine("chat")),
    ]),
    [["1+3", "2"]],
  );
});

Deno.test("another version of an engine is another start on the same machine, and the usual one is not the named one", () => {
  const engine = (version?: string) => ({
    engine: { name: "vllm" as const, ...(version === undefined ? {} : { version }) },
  });
  deepEqual(
    shape([
      rentedEntry("1", engine("0.32.0")),
      rentedEntry("2", engine("latest")),
      rentedEntry("3", engine()),
      rentedEntry("4", engine("0.32.0")),
    ]),
    [["1+4", "2", "3"]],
  );
});

Deno.test("the smallest model comes first within each engine, so that the least is spent when something fails", () => {
  const models = ["large", "small", "middle"];
  deepEqual(
    shape([
      ...models.map((model) => rentedEntry(`o-${model}`, { model })),
      ...models.map((model) => rentedEntry(`v-${model}`, { model, engine: { name: "openai" } })),
    ]),
    [["o-small", "o-middle", "o-large", "v-small", "v-middle", "v-large"]],
  );
});

Deno.test("the engine is started for the highest concurrency of its entries, and anew for another context", () => {
  const [planned] = leasesOf([
    rentedEntry("1", { workload: { concurrency: [1, 4], context_tokens: 2048 } }),
    rentedEntry("2", { workload: { concurrency: [16, 2], context_tokens: 2048 } }),
    rentedEntry("3", { workload: { concurrency: [1], context_tokens: 8192 } }),
  ]);
  deepEqual(
    planned?.sittings.map(({ capacity }) => [capacity.concurrency, capacity.context_tokens]),
    [[[16], 2048], [[1], 8192]],
  );
});

Deno.test("what would pass the deadline of a machine becomes further leases, in order, each with an id of its own", () => {
  const hour = { duration_seconds: 3600 };
  const entries = ["small", "middle", "large"].map((model) => rentedEntry(model, { model, workload: hour }));
  const planned = leasesOf(entries);
  deepEqual(planned.map(({ id }) => id), ["vastai-rtx-4090", "vastai-rtx-4090-2", "vastai-rtx-4090-3"]);
  deepEqual(planned.flatMap(entriesOf).map(({ id }) => id), ["small", "middle", "large"]);
});

Deno.test("no planned lease is longer than its deadline allows, unless it has one sitting; none is begun in vain, nothing is lost or doubled", () => {
  const random = generator(11);
  const isTooLong = (sittings: readonly Sitting[], max_hours: number) =>
    boundSeconds(sittings.reduce((sum, sitting) => sum + sittingSeconds(sitting, catalog, USUAL_MBPS), 0)) >
      max_hours * 3600;
  for (let round = 0; round < 200; round++) {
    const max_hours = 0.5 + random(40) / 10;
    const entries = Array.from({ length: 1 + random(25) }, (_, n) =>
      rentedEntry(`e${n}`, {
        model: ["small", "middle", "large", `unknown ${n}`][random(4)] ?? "small",
        workload: { name: `w${random(3)}`, duration_seconds: 30 + random(3000) },
        gpu: ["RTX 4090", "L4"][random(2)] ?? "L4",
        offers: { max_hours },
      }));
    const planned = leasesOf(entries);
    planned.forEach(({ sittings, gpu }, index) => {
      ok(sittings.length === 1 || !isTooLong(sittings, max_hours), `round ${round}`);
      const next = planned[index + 1];
      const more = [...sittings, ...next?.sittings.slice(0, 1) ?? []];
      ok(
        next?.gpu !== gpu || isTooLong(more, max_hours),
        `round ${round}: ${index} and the next could be one`,
      );
    });
    deepEqual(planned.flatMap(entriesOf).map(({ id }) => id).sort(), entries.map(({ id }) => id).sort());
    equal(new Set(planned.map(({ id }) => id)).size, planned.length);
    deepEqual(leasesOf(entries), planned);
  }
});

Deno.test("ids are safe as names of files and machines, and tell several GPUs", () => {
  const ids = leasesOf([
    rentedEntry("1", { gpu: "A100 80GB", gpu_count: 8 }),
    rentedEntry("2", { gpu: "any", provider: "local" }),
  ]).map(({ id }) => id);
  deepEqual(ids, ["vastai-8x-a100-80gb", "local-any"]);
});

Deno.test("leases for the same kind of machine compete, those for another provider, GPU or number do not", () => {
  const resource = resourceOf(lease("1"));
  equal(resourceOf(lease("2")), resource);
  const others = [{ provider: "runpod" }, { gpu: "L4" }, { gpu_count: 2 }] as const;
  equal(new Set([resource, ...others.map((change) => resourceOf(lease("3", change)))]).size, 4);
});

Deno.test("what is left of a lease keeps its id and sittings; with nothing left there is no lease", () => {
  const [whole] = leasesOf(
    ["small", "middle"].flatMap((model) =>
      ["1", "2"].map((n) => rentedEntry(`${model}${n}`, { model, workload: { name: n } }))
    ),
  );
  ok(whole !== undefined);
  const left = (...done: string[]) =>
    remaining(whole, new Set(done)).map(({ id, sittings }) => [
      id,
      ...sittings.map(({ entries }) => entries.map((entry) => entry.id).join("+")),
    ]);
  deepEqual(left(), [["vastai-rtx-4090", "small1+small2", "middle1+middle2"]]);
  deepEqual(left("small1", "middle1", "middle2"), [["vastai-rtx-4090", "small2"]]);
  deepEqual(left("small1", "small2", "middle1", "middle2"), []);
});

Deno.test("the disk has room for every model once with a tenth to spare, an unknown one included, and for the system", () => {
  const disk = (...models: string[]) =>
    diskGb(lease("1", {}, models.map((model, n) => rentedEntry(`${n}`, { model }))), catalog);
  equal(disk("large"), 47);
  equal(disk("large", "large"), 47);
  equal(disk("large", "middle"), 53);
  equal(disk("unknown"), 69);
  const entries = [rentedEntry("1", { model: "large", offers: { disk_gb: 200 } })];
  equal(diskGb(lease("1", {}, entries), catalog), 200);
});

Deno.test("providers are asked for the whole time and without the price cap, so that a dearer offer can be named", () => {
  const asked = wantedFor(
    { ...lease("1"), limits: limits({ max_price_per_hour: 0.4, max_hours: 5, min_reliability: 0.99 }) },
    catalog,
  );
  deepEqual([asked.gpu, asked.vram_gib, asked.gpu_count, asked.hours], ["RTX 4090", 24, 1, 5]);
  deepEqual([asked.limits.max_price_per_hour, asked.limits.min_reliability], [undefined, 0.99]);
  equal(wantedFor({ ...lease("1"), gpu: "any" }, catalog).vram_gib, null);
});
