// TensorDock against its simulated cloud: the contract of all, and what only it does.
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { HalfDone } from "../../pipeline/providers/provider.ts";
import { tensordock } from "../../pipeline/providers/tensordock.ts";
import type { OfferLimits } from "../../pipeline/schema/offer.ts";
import { startCloud } from "../cloud/mod.ts";
import { type Reply, scripted } from "../cloud/server.ts";
import * as cloud from "../cloud/tensordock.ts";
import { contract, never, open, order, type Rented, settled, wanted, withCode } from "./rented.ts";
import { attributesOf, DALLAS, limits, offersOf, rented } from "./tensordock.ts";

const MACHINE = "7d0e3c12-55a1-4c0e-b0b2-9d1f6a7e8c44";

contract(rented);

const REFUSALS: readonly (readonly [what: string, reply: Reply, code: string])[] = [
  ["no node", cloud.NO_NODES, "offer_gone"],
  ["a host that is away", cloud.NO_HOST, "offer_gone"],
  ["no public address", cloud.NO_PUBLIC_IP, "no_public_ip"],
  ["a port that is not forwarded", cloud.inside(cloud.NOT_FORWARDED), "request_refused"],
  ["the same in an array", cloud.faults(cloud.NOT_FORWARDED), "request_refused"],
  ["an array of faults", cloud.faults("SSH key is required", "Invalid image"), "request_refused"],
  [
    "an array of faults with status 400",
    { ...cloud.faults("Invalid image"), status: 400 },
    "request_refused",
  ],
  ["an unknown error with status 400", { status: 400, json: { error: "Invalid image" } }, "request_refused"],
  ["too little balance", cloud.inside("Your balance is below the minimum"), "no_credit"],
  ["a sum that is missing", cloud.inside("You need at least $1 to deploy"), "no_credit"],
  ["status 402", { status: 402, json: { error: "Payment required" } }, "no_credit"],
  ["a wrong key told inside", cloud.inside("Unauthorized", 401), "bad_key"],
  ["another cloud's words", cloud.inside("disk resize failed"), "create_unknown"],
  ["an internal error inside", cloud.inside("Internal error", 500), "create_unknown"],
  ["no node with status 500", { ...cloud.NO_NODES, status: 500 }, "create_unknown"],
  ["no id", { status: 201, json: { data: { type: "virtualmachine", status: "queued" } } }, "create_unknown"],
  ["an empty id", { json: { data: { id: "", status: "queued" } } }, "create_unknown"],
  ["an empty array", { json: [] }, "create_unknown"],
  ["an error page", { status: 413, text: "<html>balance</html>" }, "create_unknown"],
];
for (const [what, reply, code] of REFUSALS) {
  Deno.test(`tensordock that answers a create with ${what} means ${code}`, async () => {
    await using opened = await open(rented, { script: scripted({ create: { 1: { reply } } }) });
    await rejects(opened.provider.create(await order(opened.provider), never), withCode(code));
    equal(opened.started.asked.filter(({ verb }) => verb === "create").length, 1);
  });
}

Deno.test("tensordock that says no and names a machine all the same tells which one", async () => {
  const reply = { json: { status: 500, error: "Internal error", data: { id: MACHINE } } };
  await using opened = await open(rented, { script: scripted({ create: { 1: { reply } } }) });
  await rejects(opened.provider.create(await order(opened.provider), never), (error) => {
    ok(error instanceof HalfDone);
    equal(error.id, MACHINE);
    return withCode("create_half_done")(error);
  });
});

Deno.test("tensordock tells the new machine's id with data around it or without", async () => {
  const instance = { type: "virtualmachine", id: MACHINE, name: "ga", status: "running" };
  for (const json of [{ data: instance }, instance]) {
    await using opened = await open(rented, { script: scripted({ create: { 1: { reply: { json } } } }) });
    equal(await opened.provider.create(await order(opened.provider), never), MACHINE);
  }
});

Deno.test("tensordock is asked for the key in its field and in the commands of the first boot, for both users", async () => {
  await using opened = await open(rented);
  const wish = await order(opened.provider);
  await opened.provider.create(wish, never);
  const { ssh_key, cloud_init, name, image, type } = attributesOf(opened.started);
  deepEqual([ssh_key, name, image, type], [wish.public_key, wish.label, "ubuntu2204", "virtualmachine"]);
  const { runcmd } = cloud_init as { runcmd: readonly string[] };
  for (const folder of ["/root/.ssh", "/home/user/.ssh"]) {
    ok(runcmd.some((command) => command.includes(`echo '${wish.public_key}' >> ${folder}/authorized_keys`)));
  }
});

Deno.test("tensordock is asked for the image of the matrix", async () => {
  await using opened = await open(rented);
  const wish = await order(opened.provider);
  await opened.provider.create({ ...wish, limits: limits({ image: "ubuntu2404" }) }, never);
  equal(attributesOf(opened.started).image, "ubuntu2404");
});

Deno.test("tensordock's offers say where they are, and which figures are our own", async () => {
  await using opened = await open(rented);
  const [first, second] = await opened.provider.offers(
    wanted({ limits: limits({ min_reliability: 1 }) }),
    never,
  );
  deepEqual(
    [first?.location, first?.country, first?.host, first?.reliability, first?.vram_gib],
    ["Springfield, Texas, United States", "US", DALLAS, 0.3, 24],
  );
  equal(second?.country, "NO");
});

Deno.test("tensordock's offers keep to the limits of price and country", async () => {
  await using opened = await open(rented);
  const placesWithin = async (changes: Partial<OfferLimits>) =>
    (await opened.provider.offers(wanted({ limits: limits(changes) }), never)).map(({ country }) => country);
  deepEqual(await placesWithin({}), ["US", "NO"]);
  deepEqual(await placesWithin({ max_price_per_hour: 0.5 }), ["US"]);
  deepEqual(await placesWithin({ countries: ["NO", "DE"] }), ["NO"]);
  deepEqual(await placesWithin({ not_countries: ["NO"] }), ["US"]);
});

const ways = (ip: boolean, port: boolean) => ({
  network_features: { dedicated_ip_available: ip, port_forwarding_available: port },
});

Deno.test("tensordock's cards count only with the memory that is wanted and a price that can be read", async () => {
  equal((await offersOf({})).length, 1);
  equal((await offersOf({ displayName: "NVIDIA GeForce RTX 4090" }))[0]?.vram_gib, 24);
  deepEqual(await offersOf({ displayName: "NVIDIA GeForce RTX 4090 PCIe 16GB" }), []);
  deepEqual(await offersOf({ displayName: "NVIDIA GeForce RTX 4090 D PCIe 24GB" }), []);
  deepEqual(await offersOf({ pricing: { per_vcpu_hr: 0.003, per_gb_ram_hr: 0.002 } }), []);
  const any = wanted({ gpu: "any", vram_gib: null });
  equal((await offersOf({}, {}, any))[0]?.gpu, "RTX 4090");
  equal((await offersOf({ displayName: null, v0Name: "a100-sxm4-80gb" }, {}, any))[0]?.gpu, "A100 80GB SXM");
  equal(
    (await offersOf({ displayName: "NVIDIA Tesla M60 PCIe 8GB" }, {}, any))[0]?.gpu,
    "NVIDIA Tesla M60 PCIe 8GB",
  );
});

Deno.test("tensordock's location in an unknown country is taken only where the country is all the same", async () => {
  const at = (changes: Partial<OfferLimits>) =>
    offersOf({}, { country: "Atlantis" }, wanted({ limits: limits(changes) }));
  deepEqual((await at({})).map(({ country }) => country), [null]);
  deepEqual(await at({ countries: ["US"] }), []);
  deepEqual(await at({ not_countries: ["US"] }), []);
});

Deno.test("tensordock is asked for an address of its own where there are some, else for a forwarded port", async () => {
  const wayOf = async (ip: boolean, port: boolean) =>
    (await offersOf(ways(ip, port)))[0]?.id.split("/").at(-1);
  deepEqual([await wayOf(true, true), await wayOf(true, false)], ["ip", "ip"]);
  deepEqual([await wayOf(false, true), await wayOf(false, false)], ["port", undefined]);
  for (const publicIps of [true, false]) {
    const protocol: Rented["protocol"] = (each) => cloud.tensordock(each, { publicIps });
    await using opened = await open({ ...rented, protocol });
    const id = await opened.provider.create(await order(opened.provider), never);
    equal((await settled(opened.provider, id))?.state, "running");
    const { useDedicatedIp, port_forwards } = attributesOf(opened.started);
    deepEqual(
      [useDedicatedIp, port_forwards],
      publicIps ? [true, undefined] : [undefined, [{ internal_port: 22, external_port: 20022 }]],
    );
  }
});

for (const envelope of Object.keys(cloud.ENVELOPES) as (keyof typeof cloud.ENVELOPES)[]) {
  Deno.test(`tensordock's list is understood as ${envelope}`, async () => {
    const protocol: Rented["protocol"] = (each) => cloud.tensordock(each, { envelope });
    await using opened = await open({ ...rented, protocol });
    const { provider } = opened;
    deepEqual(await provider.list(), []);
    const wish = await order(provider);
    const ids = [];
    for (const { id } of await provider.offers(wanted(), never)) {
      ids.push(await provider.create({ ...wish, label: id, offer: { ...wish.offer, id } }, never));
    }
    equal(ids.length, 2);
    for (const id of ids) await settled(provider, id);
    deepEqual(await provider.list(), await Promise.all(ids.map((id) => provider.get(id))));
  });
}

const NO_LISTS: Readonly<Record<string, Reply>> = {
  "an internal error": cloud.inside("Internal error", 500),
  "an error without a status": { json: { error: "Internal error", data: [] } },
  "not found": cloud.inside("Instance not found", 404),
  "a fault": cloud.faults("Invalid id"),
  "null": { json: null },
  "no data": { json: { data: null } },
  "instances that are no array": { json: { data: { instances: {} } } },
  "machines without an id": { json: { data: [{ name: "ga-test-1", status: "running" }] } },
};
for (const [what, reply] of Object.entries(NO_LISTS)) {
  Deno.test(`tensordock that tells ${what} with status 200 tells of no end and of no empty list`, async () => {
    const fault = { 0: { reply } };
    await using opened = await open(rented, { script: scripted({ get: fault, list: fault, offers: fault }) });
    await rejects(opened.provider.get(MACHINE), withCode("provider_unavailable"));
    await rejects(opened.provider.list(), withCode("provider_unavailable"));
    await rejects(opened.provider.offers(wanted(), never), withCode("provider_unavailable"));
  });
}

Deno.test("tensordock's missing page is no machine's end, its own words are", async () => {
  const reply = { status: 404, text: "<!DOCTYPE html><title>404</title>" };
  await using missing = await open(rented, { script: scripted({ get: { 0: { reply } } }) });
  await rejects(missing.provider.get(MACHINE), withCode("provider_unavailable"));
  await using opened = await open(rented);
  equal(await opened.provider.get(MACHINE), null);
});

const ENDS: Readonly<Record<string, Reply>> = {
  "success": { json: { data: { type: "success", attributes: { message: "deleted" } } } },
  "nothing with status 204": { status: 204 },
  "not found": cloud.NOT_FOUND,
  "not found with status 200": cloud.inside("Instance not found", 404),
};
for (const [what, reply] of Object.entries(ENDS)) {
  Deno.test(`tensordock that answers a destroy with ${what} has no such machine`, async () => {
    await using opened = await open(rented, { script: scripted({ destroy: { 0: { reply } } }) });
    await opened.provider.destroy(MACHINE);
  });
}

const NO_ENDS: Readonly<Record<string, Reply>> = {
  "that it is busy": cloud.inside("Instance is busy"),
  "an internal error": cloud.inside("Internal error", 500),
  "a message with an error's status": { json: { status: 500, message: "Internal error" } },
  "a fault": cloud.faults("Invalid id"),
  "a conflict": { status: 409, json: { error: "Instance is busy" } },
  "a page": { text: "<html>Sign in</html>" },
};
for (const [what, reply] of Object.entries(NO_ENDS)) {
  Deno.test(`tensordock that answers a destroy with ${what} still has the machine`, async () => {
    await using opened = await open(rented, { script: scripted({ destroy: { 0: { reply } } }) });
    await rejects(opened.provider.destroy(MACHINE), withCode("provider_unavailable"));
  });
}

const STATES: Readonly<Record<string, readonly [state: string, trouble?: string]>> = {
  "queued": ["starting"],
  "Creating": ["starting"],
  "starting": ["starting"],
  "Running": ["running"],
  "stopping": ["dead", "machine_stopped"],
  "Stopped": ["dead", "machine_stopped"],
  "deleting": ["dead", "machine_stopped"],
  "ERROR": ["dead", "boot_failed"],
};
for (const [status, expected] of Object.entries(STATES)) {
  Deno.test(`tensordock's ${status} means ${expected.join(", ")}`, async () => {
    const reply = { json: { id: MACHINE, name: "ga", status } };
    await using opened = await open(rented, { script: scripted({ get: { 0: { reply } } }) });
    const sighting = await opened.provider.get(MACHINE);
    deepEqual([sighting?.state, ...(sighting?.trouble === undefined ? [] : [sighting.trouble])], expected);
    deepEqual([sighting?.words, sighting?.addresses], [status, []]);
  });
}

Deno.test("tensordock's machine is reached at the port that is forwarded, else at 22", async () => {
  const forwards = [{ internal_port: 8000, external_port: 20100 }, {
    internal_port: 22,
    external_port: 20148,
  }];
  for (const [portForwards, port] of [[forwards, 20148], [[], 22], [undefined, 22]] as const) {
    const reply = {
      json: { data: { id: MACHINE, status: "running", ipAddress: "198.51.100.77", portForwards } },
    };
    await using opened = await open(rented, { script: scripted({ get: { 0: { reply } } }) });
    const user = opened.started.login;
    deepEqual((await opened.provider.get(MACHINE))?.addresses, [{
      kind: "ssh",
      host: "198.51.100.77",
      port,
      user,
    }]);
  }
});

Deno.test("tensordock's StoppedDisassociated is a dead machine when it stays, and not when it flashes by", async () => {
  const told = ["StoppedDisassociated", "running", ...Array(4).fill("stopped_disassociated")];
  const get = Object.fromEntries(
    told.map((status, index) => [index + 1, { reply: { json: { id: MACHINE, status } } }]),
  );
  await using started = await startCloud(cloud.tensordock, { stock: [] }, scripted({ get }));
  let now = 0;
  const provider = tensordock.open({
    key: started.cloud.key,
    simulated: started,
    clock: {
      now: () => now,
      after: (seconds) => now + seconds * 1000,
      sleep: (seconds) => Promise.resolve(void (now += seconds * 1000)),
      timeout: (seconds) => AbortSignal.timeout(seconds * 1000),
    },
    log: { info: () => undefined, warn: () => undefined },
    hosts: [],
    known_hosts: "",
  });
  const stateAfter = async (seconds: number) => {
    now += seconds * 1000;
    return (await provider.get(MACHINE))?.state;
  };
  equal(await stateAfter(0), "starting");
  equal(await stateAfter(60), "running");
  equal(await stateAfter(60), "starting");
  equal(await stateAfter(15), "starting");
  equal(await stateAfter(14), "starting");
  equal(await stateAfter(1), "dead");
});
