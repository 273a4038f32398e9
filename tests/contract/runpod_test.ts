// RunPod against its simulated cloud: the contract of all, and what only it does.
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { join } from "node:path";
import { realClock } from "../../pipeline/lib/clock.ts";
import { runpod } from "../../pipeline/providers/runpod.ts";
import { OfferLimits } from "../../pipeline/schema/offer.ts";
import * as cloud from "../cloud/runpod.ts";
import { type Script, scripted } from "../cloud/server.ts";
import { contract, never, open, type Opened, order, settled, wanted, withCode } from "./rented.ts";
import { at, CARD, create, machineOf, rented } from "./runpod.ts";

/** What 60 GB of container disk cost in an hour. */
const DISK = 60 * 0.1 / 720;
const HTML = { status: 404, text: "<html>404 Not Found</html>", headers: { "content-type": "text/html" } };

contract(rented);

async function placesOf({ provider }: Opened, limits: Partial<OfferLimits> = {}) {
  const offers = await provider.offers(wanted({ limits: OfferLimits.parse(limits) }), never);
  return offers.map(({ location }) => location);
}

Deno.test("runpod offers both clouds, and each data centre by itself, at the price of all GPUs and the disk", async () => {
  const two = at("CA-MTL-1", { gpu_count: 2, price_per_hour: 1.38 });
  await using opened = await open(rented, {
    options: { stock: [...rented.stock, at("EUR-IS-1"), two, at("EU-XYZ-1")] },
  });
  const offers = await opened.provider.offers(wanted(), never);
  deepEqual(
    offers.map(({ id, location, country, price_per_hour }) => [id, location, country, price_per_hour]),
    [
      [`SECURE/US-TX-3/${CARD}`, "US-TX-3", "US", 0.69 + DISK],
      [`SECURE/EU-RO-1/${CARD}`, "EU-RO-1", "RO", 0.69 + DISK],
      [`SECURE/EUR-IS-1/${CARD}`, "EUR-IS-1", "IS", 0.69 + DISK],
      [`SECURE/EU-XYZ-1/${CARD}`, "EU-XYZ-1", null, 0.69 + DISK],
      [`COMMUNITY//${CARD}`, null, null, 0.34 + DISK],
    ],
  );
  const pairs = await opened.provider.offers(wanted({ gpu_count: 2 }), never);
  deepEqual(pairs.map(({ id, price_per_hour }) => [id, price_per_hour]), [[
    `SECURE/CA-MTL-1/${CARD}`,
    0.69 * 2 + DISK,
  ]]);
});

Deno.test("runpod offers no data centre that is full", async () => {
  await using opened = await open(rented);
  equal((await order(opened.provider)).offer.location, "US-TX-3");
  await create(opened);
  deepEqual(await placesOf(opened), ["EU-RO-1", null]);
});

Deno.test("runpod offers no GPU that is another, not there, not in such numbers or without a price", async () => {
  const type = {
    id: CARD,
    name: "RTX 4090",
    memory: 24,
    secure: true,
    community: true,
    price: { secure: 0.69, community: 0.34 },
    maxCount: { secure: 8, community: 4 },
    availability: "LOW",
  };
  const other = {
    "nothing else": {},
    "another name": { id: `${CARD} D` },
    "other memory": { memory: 20 },
    "no stock": { availability: "NONE" },
    "another cloud": { secure: false, community: false },
    "too few of them": { maxCount: { secure: 0, community: 0 } },
    "no price": { price: { secure: 0, community: null } },
    "no name": { id: null },
  };
  const offered: Record<string, number> = {};
  for (const [what, changes] of Object.entries(other)) {
    const reply = { json: { gpus: [{ ...type, ...changes }] } };
    await using opened = await open(rented, { script: scripted({ offers: { 0: { reply } } }) });
    offered[what] = (await opened.provider.offers(wanted(), never)).length;
  }
  const none = Object.fromEntries(Object.keys(other).map((what) => [what, 0]));
  deepEqual(offered, { ...none, "nothing else": 2 });
});

Deno.test("runpod offers no place that may be in a country that is not wanted", async () => {
  await using opened = await open(rented);
  deepEqual(await placesOf(opened, { countries: ["RO", "DE"] }), ["EU-RO-1"]);
  deepEqual(await placesOf(opened, { not_countries: ["RO"] }), ["US-TX-3"]);
});

Deno.test("runpod asks for hosts whose driver runs the image", async () => {
  const stock = [at("US-TX-3", { cuda: "12.4" }), at("EU-RO-1", { cuda: "13.0" })];
  await using opened = await open(rented, { options: { stock } });
  deepEqual(await placesOf(opened), ["EU-RO-1"]);
  deepEqual(await placesOf(opened, { image: "ubuntu:24.04" }), ["US-TX-3", "EU-RO-1"]);
  deepEqual(await placesOf(opened, { image: "ubuntu:24.04", min_cuda: 12.6 }), ["EU-RO-1"]);
  const limits = OfferLimits.parse({ image: "ubuntu:24.04", min_cuda: 13 });
  const id = await opened.provider.create({ ...await order(opened.provider), limits }, never);
  equal(machineOf(opened, id).stock.cuda, "13.0");
});

Deno.test("runpod takes our request to the last field, refuses one more, and no key of the account is in it", async () => {
  await using opened = await open(rented);
  const wish = { ...await order(opened.provider), disk_gb: 60.2 };
  await opened.provider.create(wish, never);
  const body = opened.started.asked.find(({ verb }) => verb === "create")?.asked.body as object;
  deepEqual(body, {
    name: wish.label,
    image: "runpod/pytorch:1.0.2-cu1281-torch280-ubuntu2404",
    cloud: "SECURE",
    gpu: { id: CARD, count: 1, minCudaVersion: "12.8" },
    dataCenterIds: ["US-TX-3"],
    disk: 61,
    ports: ["22/tcp"],
    startSsh: true,
    env: { PUBLIC_KEY: wish.public_key, SSH_PUBLIC_KEY: wish.public_key, ALMANAC_LABEL: wish.label },
  });
  const { url, cloud: { key, machines } } = opened.started;
  ok(!JSON.stringify(body).includes(key));
  const response = await fetch(`${url}/pods`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify({ ...body, terminateAfter: "2026-11-24T07:00:00Z" }),
  });
  equal(response.status, 422);
  ok((await response.text()).includes("additional properties 'terminateAfter' not allowed"));
  equal(machines.size, 1);
});

Deno.test("runpod leaves the place open where none was told", async () => {
  await using opened = await open(rented, { options: { stock: rented.stock.slice(0, 1) } });
  const id = await create(opened);
  const body = opened.started.asked.find(({ verb }) => verb === "create")?.asked.body as object;
  ok(!("dataCenterIds" in body));
  equal(machineOf(opened, id).stock.id, `COMMUNITY//${CARD}`);
});

for (
  const [what, reply, code] of [
    ["too little credit", cloud.problem(402, "Payment Required", "Insufficient balance."), "no_credit"],
    ["too little credit in other words", { status: 402, text: "pay first" }, "no_credit"],
    ["a key that may not create", cloud.FORBIDDEN, "bad_key"],
    ["the account's cap", cloud.problem(400, "Bad Request", "Hourly spend limit reached."), "quota"],
    ["a broken rule", cloud.problem(400, "Bad Request", "mounts are exclusive"), "request_refused"],
    ["a wrong body", cloud.problem(422, "Unprocessable Entity", "Unknown GPU type: RTX"), "request_refused"],
    ["a proxy's own refusal", { status: 403, text: "error code: 1010" }, "provider_unavailable"],
    ["a pod without an id", { status: 201, json: { name: "pod" } }, "create_unknown"],
  ] as const
) {
  Deno.test(`runpod that answers a create with ${what} is understood as ${code}`, async () => {
    await using opened = await open(rented, { script: scripted({ create: { 1: { reply } } }) });
    await rejects(create(opened), withCode(code));
    equal(opened.started.asked.filter(({ verb }) => verb === "create").length, 1);
  });
}

Deno.test("runpod is given the seconds that it asks for, at most a minute", async () => {
  const [minute, hour] = cloud.TOO_MANY;
  if (minute === undefined || hour === undefined) throw new Error("there are two windows");
  const script = scripted({ list: { 1: { reply: minute }, 2: { reply: hour } } });
  await using opened = await open(rented, { script });
  const clock = realClock(0.001);
  const slept: number[] = [];
  const provider = runpod.open({
    key: opened.started.cloud.key,
    simulated: opened.started,
    clock: { ...clock, sleep: (seconds, signal) => (slept.push(seconds), clock.sleep(seconds, signal)) },
    log: { info: () => undefined, warn: () => undefined },
    hosts: [],
    known_hosts: "",
  });
  deepEqual(await provider.list(), []);
  deepEqual(slept.filter((seconds) => seconds === 12 || seconds === 60), [12, 60]);
});

Deno.test("runpod calls a pod running before it has an address, and it is still starting", async () => {
  await using opened = await open(rented, { options: { machines: () => ({ neverBoots: true }) } });
  const id = await create(opened);
  const sighting = await opened.provider.get(id);
  deepEqual([sighting?.words, sighting?.state, sighting?.addresses], ["RUNNING", "starting", []]);
});

Deno.test("runpod's way through its proxy, which carries no files, is not told", async () => {
  await using opened = await open(rented);
  const sighting = await settled(opened.provider, await create(opened));
  const { login } = opened.started;
  deepEqual(sighting?.addresses, [{ kind: "ssh", host: "127.0.0.1", port: 2222, user: login }]);
});

Deno.test("runpod's pod is known by its label when somebody gave it another name", async () => {
  await using opened = await open(rented);
  const id = await create(opened);
  Object.assign(machineOf(opened, id), { label: "renamed-by-hand" });
  deepEqual((await opened.provider.list()).map(({ label }) => label), ["ga-test-1-1795478400"]);
});

Deno.test("runpod's exited pod is dead and not gone", async () => {
  await using opened = await open(rented);
  const { provider } = opened;
  const id = await create(opened);
  await settled(provider, id);
  machineOf(opened, id).state = "stopped";
  for (const sighting of [await provider.get(id), ...await provider.list()]) {
    deepEqual([sighting?.id, sighting?.state, sighting?.trouble], [id, "dead", "machine_stopped"]);
  }
  equal((await provider.list()).length, 1);
});

Deno.test("runpod's terminated pod is gone, by get and by list", async () => {
  const pod = { id: "k3v9x2m1qz7b5d", name: "ga-test-1-1795478400", status: "TERMINATED", cost: 0 };
  await using opened = await open(rented, {
    script: scripted({
      get: { 0: { reply: { json: pod } } },
      list: { 0: { reply: { json: { pods: [pod] } } } },
    }),
  });
  equal(await opened.provider.get(pod.id), null);
  deepEqual(await opened.provider.list(), []);
});

Deno.test("runpod's 404 that is not its own says nothing about a pod", async () => {
  const fault = { 0: { reply: HTML } };
  await using opened = await open(rented, { script: scripted({ get: fault, destroy: fault }) });
  const id = await create(opened);
  await rejects(opened.provider.get(id), withCode("provider_unavailable"));
  await rejects(opened.provider.destroy(id), withCode("provider_unavailable"));
});

Deno.test("runpod that does not end a pod now is asked again later", async () => {
  for (
    const reply of [
      cloud.problem(409, "Conflict", "pod belongs to a cluster"),
      cloud.problem(400, "Bad Request", "Pod is locked"),
    ]
  ) {
    await using opened = await open(rented, { script: scripted({ destroy: { 1: { reply } } }) });
    const id = await create(opened);
    await rejects(opened.provider.destroy(id), withCode("provider_unavailable"));
    ok(await opened.provider.get(id));
  }
});

Deno.test("runpod whose second page is missing, or cannot be asked for, gives no list at all", async () => {
  const missing: Script = (verb, _n, { query }) =>
    verb === "list" && query.has("cursor") ? { reply: { status: 500, text: "oops" } } : undefined;
  const reply = { json: { pods: [], pagination: { hasNextPage: true, nextCursor: null } } };
  for (const script of [missing, scripted({ list: { 0: { reply } } })]) {
    await using opened = await open(rented, {
      script,
      options: { stock: [at("US-TX-3", { capacity: 51 })] },
    });
    const wish = await order(opened.provider);
    for (let n = 0; n < 51; n++) await opened.provider.create(wish, never);
    await rejects(opened.provider.list(), withCode("provider_unavailable"));
  }
});

Deno.test("runpod's charges are the sum of all hours of a pod, and of no other", async () => {
  await using opened = await open(rented);
  const { provider } = opened;
  const [id, other] = [await create(opened), await create(opened)];
  await provider.destroy(id);
  const machine = machineOf(opened, id);
  const to = new Date(machine.gone_at ?? 0);
  Object.assign(machine, { created_at: to.getTime() - 9_000_000 });
  const charged = await provider.charges?.([id], new Date(machine.created_at), to);
  deepEqual([...charged?.keys() ?? []], [id]);
  equal(charged?.get(id)?.toFixed(9), (0.69 * 2.5).toFixed(9));
  ok((await provider.charges?.([other], new Date(machine.created_at), to))?.has(other));
});

/** Runs what ends a pod as its shell does; `runpodctl` there writes down what it is told. */
async function endItself(
  { provider }: Opened,
  id: string,
  env: Record<string, string>,
  change = (script: string) => script,
): Promise<string> {
  const bin = await Deno.makeTempDir({ prefix: "pod-" });
  const calls = join(bin, "calls");
  await Deno.writeTextFile(calls, "");
  await Deno.writeTextFile(join(bin, "runpodctl"), `#!/bin/sh\necho "$@" >>${calls}\n`, { mode: 0o755 });
  await new Deno.Command("sh", {
    args: ["-c", `{ ${change(provider.selfDestruct?.(id) ?? "false")}; left=60; }`],
    clearEnv: true,
    env: { PATH: `${bin}:/usr/local/bin:/usr/bin:/bin`, ...env },
    stdout: "null",
    stderr: "null",
  }).output();
  const told = await Deno.readTextFile(calls);
  await Deno.remove(bin, { recursive: true });
  return told;
}

Deno.test("runpod's pod ends itself with its own key, which can do nothing else", async () => {
  await using opened = await open(rented);
  const [id, other] = [await create(opened), await create(opened)];
  const RUNPOD_API_KEY = cloud.podKey(id);
  const stopped = await endItself(opened, other, { RUNPOD_POD_ID: other, RUNPOD_API_KEY });
  equal(stopped, `pod stop ${other}\n`);
  equal(await endItself(opened, id, { RUNPOD_POD_ID: id, RUNPOD_API_KEY }), "");
  deepEqual((await opened.provider.list()).map((each) => each.id), [other]);
  const { asked } = opened.started.asked.findLast(({ status }) => status === 204) ?? {};
  equal(asked?.headers.authorization, `Bearer ${RUNPOD_API_KEY}`);
});

Deno.test("runpod's pod that does not know its key in a shell takes it from its first process", async () => {
  await using opened = await open(rented);
  const id = await create(opened);
  const file = await Deno.makeTempFile();
  await Deno.writeTextFile(
    file,
    `PUBLIC_KEY=ssh-ed25519 AAAA test\0RUNPOD_POD_ID=${id}\0RUNPOD_API_KEY=${
      cloud.podKey(id)
    }\0RUNPOD_DC_ID=A B\0`,
  );
  equal(await endItself(opened, id, {}, (script) => script.replace("/proc/1/environ", file)), "");
  equal(await opened.provider.get(id), null);
  await Deno.remove(file);
});
