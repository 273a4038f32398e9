// How large TensorDock's machines are, and what that costs.
import { deepEqual, match, ok } from "node:assert/strict";
import { isWithin } from "../../pipeline/plan/pick.ts";
import type { OfferLimits } from "../../pipeline/schema/offer.ts";
import { never, open, order, wanted } from "./rented.ts";
import { attributesOf, limits, offersOf, rented, resources } from "./tensordock.ts";

Deno.test("tensordock's price is that of GPUs, vCPUs, memory and disk together, as it is billed", async () => {
  await using opened = await open(rented);
  const { provider, started } = opened;
  const [one] = await provider.offers(wanted({ disk_gb: 20 }), never);
  near(one?.price_per_hour, 0.35 + 4 * 0.003 + 16 * 0.002 + 100 * 0.00005);
  const [two, ...others] = await provider.offers(wanted({ gpu_count: 2, disk_gb: 220 }), never);
  deepEqual(others, []);
  near(two?.price_per_hour, 2 * 0.5 + 8 * 0.003 + 32 * 0.002 + 250 * 0.00005);
  ok(two !== undefined);
  const id = await provider.create({ ...await order(provider), offer: two, disk_gb: 220 }, never);
  near((await provider.get(id))?.price_per_hour, two.price_per_hour ?? 0);
  deepEqual(attributesOf(started).resources, {
    vcpu_count: 8,
    ram_gb: 32,
    storage_gb: 250,
    gpus: { "geforcertx4090-pcie-24gb": { count: 2 } },
  });
});

Deno.test("a price of tensordock is as exact as what it is the sum of", async () => {
  for (const cores of [4, 6, 8, 10, 12, 14, 16]) {
    const asked = wanted({ limits: limits({ min_cpu_cores: cores, min_ram_gb: 40 }) });
    const [offer] = await offersOf({}, {}, asked);
    match(String(offer?.price_per_hour), /^\d+\.\d{1,6}$/);
  }
});

function near(found: number | null | undefined, expected: number): void {
  ok(Math.abs((found ?? NaN) - expected) < 1e-9, `${found} is not ${expected}`);
}

Deno.test("tensordock is asked for no more than a location has, and for nothing where that is too little", async () => {
  const eight = wanted({ gpu_count: 8 });
  const sizeOf = async (changes: object) =>
    (await offersOf({ resources: { ...resources, ...changes } }, {}, eight)).map(({ id }) =>
      id.split("/").slice(2, 4).join("/")
    );
  deepEqual(await sizeOf({}), ["32/128"]);
  deepEqual(await sizeOf({ max_vcpus: 14, max_ram_gb: 60 }), ["12/48"]);
  deepEqual(await sizeOf({ max_vcpus: 3 }), []);
  deepEqual(await sizeOf({ max_ram_gb: 15 }), []);
  deepEqual(await sizeOf({ max_storage_gb: 99 }), []);
  deepEqual(await offersOf({ max_count: 7 }, {}, eight), []);
});

Deno.test("tensordock is asked for the memory and the cores that are wanted, in whole steps, and tells them", async () => {
  const sizeOf = async (changes: Partial<OfferLimits>, has: object = {}, gpu_count = 1) => {
    const asked = wanted({ gpu_count, limits: limits(changes) });
    const [offer] = await offersOf({ resources: { ...resources, ...has } }, {}, asked);
    if (offer === undefined) return null;
    ok(isWithin(offer, asked.limits, 2));
    return [offer.cpu_cores, offer.ram_gib];
  };
  deepEqual(await sizeOf({}), [4, 16]);
  deepEqual(await sizeOf({ min_ram_gb: 8, min_cpu_cores: 2 }), [4, 16]);
  // 64 GiB are 68.7 GB.
  deepEqual(await sizeOf({ min_ram_gb: 68 }), [4, 64]);
  deepEqual(await sizeOf({ min_ram_gb: 69, min_cpu_cores: 9 }), [10, 80]);
  deepEqual(await sizeOf({ min_ram_gb: 69, min_cpu_cores: 9 }, {}, 8), [32, 128]);
  deepEqual(await sizeOf({ min_ram_gb: 69 }, { max_ram_gb: 79 }), null);
  deepEqual(await sizeOf({ min_cpu_cores: 31 }), [32, 16]);
  deepEqual(await sizeOf({ min_cpu_cores: 31 }, { max_vcpus: 31 }), null);
});

Deno.test("tensordock's machine has the size of its offer, and the offer the price of that size", async () => {
  await using opened = await open(rented);
  const { provider, started } = opened;
  const [offer] = await provider.offers(
    wanted({ limits: limits({ min_ram_gb: 60, min_cpu_cores: 12 }) }),
    never,
  );
  ok(offer);
  near(offer.price_per_hour, 0.35 + 12 * 0.003 + 64 * 0.002 + 100 * 0.00005);
  const id = await provider.create({ ...await order(provider), offer }, never);
  near((await provider.get(id))?.price_per_hour, offer.price_per_hour ?? 0);
  const { vcpu_count, ram_gb } = attributesOf(started).resources as Record<string, number>;
  deepEqual([vcpu_count, ram_gb], [12, 64]);
});
