// Lambda Cloud against its simulated cloud: the contract of all, and what only it does.
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { realClock } from "../../pipeline/lib/clock.ts";
import { lambda } from "../../pipeline/providers/lambda.ts";
import { Failure } from "../../pipeline/schema/failures.ts";
import { OfferLimits } from "../../pipeline/schema/offer.ts";
import * as cloud from "../cloud/lambda.ts";
import { type Reply, type Script, scripted } from "../cloud/server.ts";
import { stockOf } from "../cloud/stock.ts";
import { keysOf, LABEL, rented, sent } from "./lambda.ts";
import { contract, never, open, type Opened, order, settled, wanted, withCode } from "./rented.ts";

const GH200 = { name: "NVIDIA GH200 480GB", memory_mib: 97_871 };

contract(rented);

const atRegions = async ({ provider }: Opened, limits: Partial<OfferLimits>) =>
  (await provider.offers(wanted({ limits: { ...OfferLimits.parse({}), ...limits } }), never))
    .map(({ location }) => location);

Deno.test("lambda offers each region that has the type, with the price of all its GPUs in dollars", async () => {
  await using opened = await open(rented);
  const one = await opened.provider.offers(wanted(), never);
  deepEqual(one.map(({ id, price_per_hour, location, country }) => [id, price_per_hour, location, country]), [
    ["gpu_1x_rtx_4090@us-south-1", 0.29, "us-south-1", "US"],
    ["gpu_1x_rtx_4090@europe-central-1", 0.29, "europe-central-1", "DE"],
    ["gpu_1x_rtx_4090@south-pole-1", 0.29, "south-pole-1", null],
  ]);
  const [eight] = await opened.provider.offers(
    wanted({ gpu: "A100 80GB", vram_gib: 80, gpu_count: 8 }),
    never,
  );
  deepEqual([eight?.gpu, eight?.vram_gib, eight?.price_per_hour], ["A100 80GB", 80, 14.32]);
});

Deno.test("lambda offers nothing with too small a disk, other memory or another number of GPUs", async () => {
  await using opened = await open(rented);
  const count = async (changes: Parameters<typeof wanted>[0]) =>
    (await opened.provider.offers(wanted(changes), never)).length;
  // 512 GiB are 549.8 GB.
  deepEqual([await count({ disk_gb: 549 }), await count({ disk_gb: 550 })], [3, 0]);
  const byMemory = [
    await count({ vram_gib: 25 }),
    await count({ vram_gib: 22 }),
    await count({ vram_gib: 26 }),
  ];
  deepEqual(byMemory, [3, 0, 0]);
  deepEqual([await count({ gpu_count: 2 }), await count({ gpu_count: 4 })], [1, 0]);
});

Deno.test("lambda offers only what the limits on price and countries allow", async () => {
  await using opened = await open(rented);
  deepEqual(await atRegions(opened, { max_price_per_hour: 0.28 }), []);
  deepEqual(await atRegions(opened, { countries: ["DE", "FR"] }), ["europe-central-1"]);
  deepEqual(await atRegions(opened, { not_countries: ["US"] }), ["europe-central-1", "south-pole-1"]);
});

Deno.test("lambda leaves out machines with an aarch64 processor unless their GPU is asked for by name", async () => {
  const stock = [stockOf("1", "GH200", { card: GH200 }), stockOf("2", "H200"), stockOf("3", "H100")];
  await using opened = await open(rented, { options: { stock } });
  const found = async (gpu: string) =>
    (await opened.provider.offers(wanted({ gpu, vram_gib: null }), never)).map((offer) => offer.gpu);
  deepEqual(await found("any"), ["H200", "H100"]);
  deepEqual(await found("GH200"), ["GH200"]);
  deepEqual(await found("H200"), ["H200"]);
});

Deno.test("lambda reads memory and plug of a card as drivers write them", async () => {
  const types = Object.entries({ a: "H100 (80 GB PCIe)", b: "A100 (40 GB SXM4)", c: "A6000 (48 GB)" });
  const data = Object.fromEntries(types.map(([name, gpu_description]) => [name, {
    instance_type: { name, gpu_description, price_cents_per_hour: 80, specs: { gpus: 1, storage_gib: 512 } },
    regions_with_capacity_available: [{ name: "us-west-1" }],
  }]));
  const reply = { json: { data: { ...data, unreadable: null } } };
  await using opened = await open(rented, { script: scripted({ offers: { 0: { reply } } }) });
  const found = async (gpu: string, vram_gib: number | null) =>
    (await opened.provider.offers(wanted({ gpu, vram_gib }), never)).map((each) => [each.gpu, each.vram_gib]);
  deepEqual(await found("H100", 80), [["H100 PCIe", 80]]);
  deepEqual(await found("H100 SXM", 80), []);
  deepEqual(await found("A100 80GB", 80), []);
  deepEqual(await found("RTX A6000", 48), [["RTX A6000", 48]]);
  deepEqual(await found("any", null), [["H100 PCIe", 80], ["A100 40GB SXM", 40], ["RTX A6000", 48]]);
});

Deno.test("lambda launches with one key, our label and tags by its rules, and the image that is asked for", async () => {
  await using opened = await open(rented);
  const wish = await order(opened.provider);
  await opened.provider.create(wish, never);
  const limits = { ...wish.limits, image: "ubuntu-24-04" };
  const [, offer = wish.offer] = await opened.provider.offers(wanted(), never);
  await opened.provider.create({ ...wish, offer, limits, label: "ga-test-2-1795478400" }, never);
  const [plain, imaged] = sent(opened, "create");
  deepEqual(plain, {
    instance_type_name: "gpu_1x_rtx_4090",
    region_name: "us-south-1",
    ssh_key_names: [LABEL],
    name: LABEL,
    tags: [{ key: "almanac-label", value: LABEL }, {
      key: "almanac-deadline",
      value: String(wish.deadline),
    }],
  });
  deepEqual(imaged?.image, { family: "ubuntu-24-04" });
  deepEqual(await keysOf(opened), [LABEL, "ga-test-2-1795478400"]);
});

Deno.test("lambda removes a machine's key when it is told to, and only that", async () => {
  await using opened = await open(rented);
  const wish = await order(opened.provider);
  const [, offer = wish.offer] = await opened.provider.offers(wanted(), never);
  await opened.provider.create(wish, never);
  await opened.provider.create({ ...wish, offer, label: `${LABEL}0` }, never);
  await opened.provider.forget?.(LABEL);
  deepEqual(await keysOf(opened), [`${LABEL}0`]);
  await opened.provider.forget?.(LABEL);
});

Deno.test("lambda removes every key of a name, and takes one that is gone for removed", async () => {
  const data = ["a", "b"].map((id) => ({ id, name: LABEL, public_key: "" }));
  const script: Script = (_verb, _n, { method }) => ({
    reply: method === "DELETE" ? cloud.NOT_THERE : { json: { data } },
  });
  await using opened = await open(rented, { script });
  await opened.provider.forget?.(LABEL);
  deepEqual(opened.started.asked.map(({ asked }) => asked.path), ["/ssh-keys", "/ssh-keys/a", "/ssh-keys/b"]);
});

Deno.test("lambda does not take a key for removed that the account still holds", async () => {
  const script: Script = (_verb, _n, { method }) =>
    method === "DELETE" ? { reply: cloud.refused(400, "global/unknown") } : undefined;
  await using opened = await open(rented, { script });
  await opened.provider.create(await order(opened.provider), never);
  await rejects(async () => await opened.provider.forget?.(LABEL), withCode("provider_unavailable"));
});

Deno.test("lambda goes on with a key whose registration arrived although its answer did not", async () => {
  // Its own refusal of a name that is taken, and another that was seen.
  const refusals = [undefined, { reply: cloud.refused(400, "global/invalid-parameters") }];
  for (const again of refusals) {
    const faults = { 1: { lost: "after" }, ...(again === undefined ? {} : { 2: again }) } as const;
    await using opened = await open(rented, { script: scripted({ keys: faults }) });
    const id = await opened.provider.create(await order(opened.provider), never);
    equal((await settled(opened.provider, id))?.state, "running");
    deepEqual(await keysOf(opened), [LABEL]);
  }
});

Deno.test("lambda launches nothing with a key that is refused", async () => {
  await using opened = await open(rented);
  const label = `ga-test-${"1".repeat(60)}`;
  await rejects(
    opened.provider.create(await order(opened.provider, label), never),
    withCode("request_refused"),
  );
  deepEqual([sent(opened, "create"), await keysOf(opened)], [[], []]);
});

const REFUSED: readonly (readonly [string, Reply])[] = [
  ["offer_gone", cloud.NO_CAPACITY],
  ["quota", cloud.refused(400, "global/quota-exceeded")],
  ["request_refused", cloud.refused(400, "global/invalid-parameters")],
  ["request_refused", cloud.refused(400, "instance-operations/launch/file-system-in-wrong-region")],
  ["request_refused", cloud.NOT_THERE],
  ["bad_key", cloud.INVALID_KEY],
  ["no_credit", cloud.refused(403, "global/account-inactive")],
  ["no_credit", cloud.refused(403, "global/invalid-address")],
];
for (const [code, reply] of REFUSED) {
  const told = (reply.json as { error: { code: string } }).error.code;
  Deno.test(`lambda takes ${told} as ${code} and keeps no key of such a launch`, async () => {
    await using opened = await open(rented, { script: scripted({ create: { 1: { reply } } }) });
    await rejects(opened.provider.create(await order(opened.provider), never), withCode(code));
    deepEqual(await keysOf(opened), []);
    equal(sent(opened, "create").length, 1);
  });
}

const UNKNOWN: Record<string, Reply> = {
  "provider/internal-unavailable": cloud.refused(503, "provider/internal-unavailable"),
  "provider/internal-unavailable with 400": cloud.refused(400, "provider/internal-unavailable"),
  "global/internal-error": cloud.refused(500, "global/internal-error"),
  "a code that nobody knows": cloud.refused(400, "global/unknown"),
  "a launch without an id": { json: { data: { instance_ids: [] } } },
  "an answer without a code": { status: 400, text: "<html>Bad request</html>" },
};
for (const [what, reply] of Object.entries(UNKNOWN)) {
  Deno.test(`lambda takes ${what} as a launch of which nobody knows, and keeps its key`, async () => {
    await using opened = await open(rented, { script: scripted({ create: { 1: { reply, after: true } } }) });
    await rejects(opened.provider.create(await order(opened.provider), never), withCode("create_unknown"));
    deepEqual((await opened.provider.list()).map(({ label }) => label), [LABEL]);
    deepEqual(await keysOf(opened), [LABEL]);
  });
}

Deno.test("lambda lists a dead machine until it is terminated", async () => {
  await using opened = await open(rented);
  const id = await opened.provider.create(await order(opened.provider), never);
  await settled(opened.provider, id);
  const machine = opened.started.cloud.machines.get(id);
  ok(machine);
  for (const [state, trouble] of [["failed", "boot_failed"], ["stopped", "machine_stopped"]] as const) {
    machine.state = state;
    const sighting = await opened.provider.get(id);
    deepEqual([sighting?.state, sighting?.trouble, sighting?.label], ["dead", trouble, LABEL]);
    deepEqual((await opened.provider.list()).map((each) => each.state), ["dead"]);
  }
});

Deno.test("lambda still lists a machine that is terminating, and none that is terminated", async () => {
  const statuses = ["terminating", "terminated", "active", "of-the-future"];
  const script: Script = (verb) => {
    const [machine] = opened.started.cloud.machines.values();
    if (machine === undefined || (verb !== "list" && verb !== "get")) return undefined;
    const all = statuses.map((status) => ({ ...cloud.told(machine), id: status, status }));
    return { reply: { json: { data: verb === "list" ? all : all[1] } } };
  };
  await using opened = await open(rented, { script });
  await opened.provider.create(await order(opened.provider), never);
  const listed = await opened.provider.list();
  deepEqual(listed.map(({ id, state, trouble }) => [id, state, trouble]), [
    ["terminating", "dead", "machine_stopped"],
    ["active", "running", undefined],
    ["of-the-future", "starting", undefined],
  ]);
  equal(await opened.provider.get("terminated"), null);
});

Deno.test("lambda knows a machine by its tag when somebody gave it another name", async () => {
  const script: Script = (verb) => {
    const [machine] = opened.started.cloud.machines.values();
    if (machine === undefined || verb !== "list") return undefined;
    const tags = [{ key: "almanac-label", value: LABEL }];
    const renamed = { ...cloud.told(machine, tags), name: "mine" };
    return {
      reply: { json: { data: [renamed, { ...renamed, tags: [] }, { ...renamed, name: null, tags: [] }] } },
    };
  };
  await using opened = await open(rented, { script });
  await opened.provider.create(await order(opened.provider), never);
  deepEqual((await opened.provider.list()).map(({ label }) => label), [LABEL, "mine", null]);
});

Deno.test("lambda is asked again for an end that it refuses because the machine has not launched yet", async () => {
  for (const code of ["global/invalid-parameters", "global/unknown"]) {
    const reply = cloud.refused(400, code);
    await using opened = await open(rented, { script: scripted({ destroy: { 1: { reply } } }) });
    const id = await opened.provider.create(await order(opened.provider), never);
    await rejects(opened.provider.destroy(id), withCode("provider_unavailable"));
    ok(await opened.provider.get(id));
    await opened.provider.destroy(id);
    equal(await opened.provider.get(id), null);
  }
});

Deno.test("lambda terminates one machine a call, and believes it only when it is named", async () => {
  const empty = { reply: { json: { data: { terminated_instances: [] } } } };
  await using opened = await open(rented, { script: scripted({ destroy: { 1: empty } }) });
  const wish = await order(opened.provider);
  const [, offer = wish.offer] = await opened.provider.offers(wanted(), never);
  const ids = [
    await opened.provider.create(wish, never),
    await opened.provider.create({ ...wish, offer, label: "ga-test-2-1795478400" }, never),
  ];
  await rejects(opened.provider.destroy(ids[0] ?? ""), withCode("provider_unavailable"));
  await Promise.all(ids.map((id) => opened.provider.destroy(id)));
  deepEqual(sent(opened, "destroy"), [ids[0], ...ids].map((id) => ({ instance_ids: [id] })));
  deepEqual(await opened.provider.list(), []);
});

Deno.test("lambda takes only its own word for a machine's end, not any 404", async () => {
  for (
    const reply of [{ status: 404, text: "<html>Not found</html>" }, cloud.refused(404, "global/unknown")]
  ) {
    const fault = { 0: { reply } };
    await using opened = await open(rented, {
      script: scripted({ get: fault, destroy: fault, list: fault }),
    });
    const { provider } = opened;
    for (const ask of [() => provider.get("1"), () => provider.destroy("1"), () => provider.list()]) {
      await rejects(ask, Failure);
    }
  }
});

Deno.test("lambda asks its own address, and reaches real machines as ubuntu at port 22", async () => {
  const { fetch } = globalThis;
  const urls: string[] = [];
  globalThis.fetch = (input) => {
    urls.push(String(input));
    const data = [{ id: "0b3a7c5e", name: LABEL, ip: "198.51.100.40", status: "active" }];
    return Promise.resolve(Response.json({ data }));
  };
  try {
    const log = { info: () => undefined, warn: () => undefined };
    const provider = lambda.open({ key: "a", clock: realClock(), log, hosts: [], known_hosts: "" });
    deepEqual((await provider.list()).map(({ addresses }) => addresses), [
      [{ kind: "ssh", host: "198.51.100.40", port: 22, user: "ubuntu" }],
    ]);
    deepEqual(urls, ["https://cloud.lambda.ai/api/v1/instances"]);
  } finally {
    globalThis.fetch = fetch;
  }
});
