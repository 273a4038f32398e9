// Lambda's keys as its API tells them, and what it says of a machine's memory and cores.
import { deepEqual, equal, ok } from "node:assert/strict";
import { isWithin } from "../../pipeline/plan/pick.ts";
import { OfferLimits } from "../../pipeline/schema/offer.ts";
import { type Script, scripted } from "../cloud/server.ts";
import { keysOf, LABEL, rented } from "./lambda.ts";
import { never, open, type Opened, order, wanted } from "./rented.ts";

const KEY = "ssh-ed25519 AAAAC3 noname";

async function ask({ started }: Opened, method: string, path: string, body?: unknown) {
  const response = await fetch(`${started.url}${path}`, {
    method,
    headers: { authorization: `Basic ${btoa(`${started.cloud.key}:`)}` },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const { data, error } = await response.json();
  return { status: response.status, data, code: error?.code };
}

Deno.test("lambda tells each machine's memory and cores, and a plan keeps to what is wanted of them", async () => {
  await using opened = await open(rented);
  const asked = (gpu: string, gpu_count: number) =>
    opened.provider.offers(wanted({ gpu, vram_gib: null, gpu_count }), never);
  const [[one], [eight]] = [await asked("RTX 4090", 1), await asked("A100 80GB", 8)];
  deepEqual([one?.cpu_cores, one?.ram_gib], [26, 200]);
  deepEqual([eight?.cpu_cores, eight?.ram_gib], [208, 1600]);
  ok(one);
  const fits = (changes: Partial<OfferLimits>) => isWithin(one, OfferLimits.parse(changes), 2);
  // 200 GiB are 214.7 GB.
  deepEqual([fits({ min_ram_gb: 214 }), fits({ min_ram_gb: 215 })], [true, false]);
  deepEqual([fits({ min_cpu_cores: 26 }), fits({ min_cpu_cores: 27 })], [true, false]);
  deepEqual([fits({ tier: "secure" }), fits({ market: "interruptible" })], [true, false]);
});

Deno.test("lambda's type that tells no memory or cores is offered all the same", async () => {
  for (const told of [{}, { vcpus: null, memory_gib: "much" }, { vcpus: 0, memory_gib: 0 }]) {
    const instance_type = {
      name: "gpu_1x_a10",
      gpu_description: "A10 (24 GB PCIe)",
      price_cents_per_hour: 75,
      specs: { gpus: 1, storage_gib: 1400, ...told },
    };
    const type = { instance_type, regions_with_capacity_available: [{ name: "us-west-1" }] };
    const reply = { json: { data: { gpu_1x_a10: type } } };
    await using opened = await open(rented, { script: scripted({ offers: { 0: { reply } } }) });
    const offers = await opened.provider.offers(wanted({ gpu: "any", vram_gib: null }), never);
    deepEqual(offers.map(({ cpu_cores, ram_gib }) => [cpu_cores, ram_gib]), [[null, null]]);
  }
});

Deno.test("lambda's keys: one with a public key, one that it makes, no name twice, and none that is not there", async () => {
  await using opened = await open(rented);
  deepEqual(await ask(opened, "GET", "/ssh-keys"), { status: 200, data: [], code: undefined });
  const added = await ask(opened, "POST", "/ssh-keys", { name: "mine", public_key: KEY });
  deepEqual([added.data.name, added.data.public_key, "private_key" in added.data], ["mine", KEY, false]);
  const made = await ask(opened, "POST", "/ssh-keys", { name: "made" });
  deepEqual([made.data.name, typeof made.data.private_key], ["made", "string"]);
  for (
    const wrong of [{ name: "mine", public_key: KEY }, { name: "made" }, { name: "" }, {
      name: "a".repeat(65),
    }, { name: "long", public_key: "k".repeat(4097) }]
  ) {
    const { status, code } = await ask(opened, "POST", "/ssh-keys", wrong);
    deepEqual([status, code], [400, "global/invalid-parameters"], JSON.stringify(wrong));
  }
  const { data } = await ask(opened, "GET", "/ssh-keys");
  deepEqual(data.map((key: object) => Object.keys(key)), [["id", "name", "public_key"], [
    "id",
    "name",
    "public_key",
  ]]);
  deepEqual(await ask(opened, "DELETE", `/ssh-keys/${data[0].id}`), {
    status: 200,
    data: {},
    code: undefined,
  });
  const again = await ask(opened, "DELETE", `/ssh-keys/${data[0].id}`);
  deepEqual([again.status, again.code], [400, "global/invalid-parameters"]);
  deepEqual(await keysOf(opened), ["made"]);
});

Deno.test("lambda's key whose removal arrived although its answer did not is removed, whatever the second answer is", async () => {
  let deletes = 0;
  const script: Script = (_verb, _n, { method }) =>
    method === "DELETE" && deletes++ === 0 ? { lost: "after" } : undefined;
  await using opened = await open(rented, { script });
  await opened.provider.create(await order(opened.provider), never);
  await opened.provider.forget?.(LABEL);
  equal(opened.started.asked.filter(({ asked }) => asked.method === "DELETE").length, 2);
  deepEqual(await keysOf(opened), []);
});

Deno.test("lambda's machine names the one key that lets us in", async () => {
  await using opened = await open(rented);
  const id = await opened.provider.create(await order(opened.provider), never);
  deepEqual((await ask(opened, "GET", `/instances/${id}`)).data.ssh_key_names, [LABEL]);
});
