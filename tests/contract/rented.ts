// What every provider that rents machines must do, over its simulated cloud.
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { type Clock, realClock } from "../../pipeline/lib/clock.ts";
import type { Order, Provider, ProviderKind, Sighting, Wanted } from "../../pipeline/providers/provider.ts";
import { Failure } from "../../pipeline/schema/failures.ts";
import { OfferLimits } from "../../pipeline/schema/offer.ts";
import type { CloudOptions, Stock } from "../cloud/cloud.ts";
import { type CloudProtocol, startCloud, type StartedCloud } from "../cloud/mod.ts";
import { type Reply, type Script, scripted } from "../cloud/server.ts";

/** A thousand times faster than real: pauses between calls are a few milliseconds. */
/** An answer of a loopback server that has not come by then does not come. */
const LATE_MS = 4000;
const PACE = 0.001;
const KEY = "canary-key-4f1d";
const PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAITest almanac";

/** A provider beside its simulated cloud. */
export interface Rented {
  readonly kind: ProviderKind;
  readonly protocol: CloudProtocol;
  /** Offers to begin with; the first is the cheapest RTX 4090, and none is an L40S. */
  readonly stock: readonly Stock[];
  /** Its answers to too many calls. */
  readonly tooMany: readonly Reply[];
  /** Its answers to a create by which the offer is gone. */
  readonly gone: readonly Reply[];
  /** Its answer to a key that it does not know. */
  readonly wrongKey: Reply;
}

export function wanted(changes: Partial<Wanted> = {}): Wanted {
  const limits = OfferLimits.parse({});
  return { gpu: "RTX 4090", vram_gib: 24, gpu_count: 1, disk_gb: 60, hours: 2, limits, ...changes };
}

export interface Opened extends AsyncDisposable {
  readonly provider: Provider;
  readonly started: StartedCloud;
}

/** The provider, opened on its cloud. */
export async function open(
  { kind, protocol, stock }: Rented,
  changes: { script?: Script; options?: Partial<CloudOptions>; key?: string; clock?: Clock } = {},
): Promise<Opened> {
  const options = { stock, key: KEY, pace: PACE, hollowPort: 2222, ...changes.options };
  const started = await startCloud(protocol, options, changes.script);
  const provider = kind.open({
    key: changes.key ?? KEY,
    simulated: started,
    clock: changes.clock ?? realClock(PACE, LATE_MS),
    log: { info: () => undefined, warn: () => undefined },
    hosts: [],
    known_hosts: "",
  });
  return { provider, started, [Symbol.asyncDispose]: () => started[Symbol.asyncDispose]() };
}

export const never = new AbortController().signal;

export async function order(provider: Provider, label = "ga-test-1-1795478400"): Promise<Order> {
  const [offer] = await provider.offers(wanted(), never);
  if (offer === undefined) throw new Error("there is no offer");
  return {
    offer,
    label,
    public_key: PUBLIC_KEY,
    disk_gb: 60,
    limits: OfferLimits.parse({}),
    deadline: Math.floor(Date.now() / 1000) + 3600,
  };
}

/** Asks until the machine is no longer starting. */
export async function settled(provider: Provider, id: string): Promise<Sighting | null> {
  for (let round = 0; round < 500; round++) {
    const sighting = await provider.get(id);
    if (sighting?.state !== "starting") return sighting;
  }
  throw new Error("it is starting for ever");
}

export const withCode = (code: string) => (error: unknown) => {
  ok(error instanceof Failure, String(error));
  equal(error.code, code, error.message);
  ok(!`${error.message} ${error.hint}`.includes(KEY), "the key is in the message");
  match(error.message, /^Cannot /);
  return true;
};

const NONSENSE: Record<string, Reply> = {
  "an empty body": { text: "" },
  "HTML": { text: "<html>Bad gateway</html>" },
  "another object": { json: { hello: "world" } },
};

/** The tests of the contract. */
export function contract(rented: Rented): void {
  const { kind: { name }, tooMany, gone, wrongKey } = rented;
  const test = (what: string, work: () => Promise<void>) => Deno.test(`${name} ${what}`, work);

  test("offers what is asked for, with price, memory and place", async () => {
    await using opened = await open(rented);
    const offers = await opened.provider.offers(wanted(), never);
    ok(offers.length > 0);
    for (const offer of offers) {
      equal(offer.provider, name);
      equal(offer.gpu, "RTX 4090");
      ok(offer.price_per_hour !== null && offer.price_per_hour > 0);
      ok(offer.vram_gib === null || Math.abs(offer.vram_gib - 24) < 24 * 0.07);
    }
    deepEqual(await opened.provider.offers(wanted({ gpu: "L40S", vram_gib: 48 }), never), []);
  });

  test("creates a machine with our label, tells where it is, and has none after its end", async () => {
    await using opened = await open(rented);
    const { provider, started } = opened;
    const { label, ...rest } = await order(provider);
    const id = await provider.create({ label, ...rest }, never);
    await provider.admit?.(id, PUBLIC_KEY);
    const running = await settled(provider, id);
    equal(running?.state, "running");
    equal(running?.label, label);
    deepEqual(running?.addresses[0], { kind: "ssh", host: "127.0.0.1", port: 2222, user: started.login });
    deepEqual((await provider.list()).map((each) => [each.id, each.label]), [[id, label]]);
    ok([...started.cloud.machines.values()][0]?.keys.includes(PUBLIC_KEY));
    await provider.destroy(id);
    equal(await provider.get(id), null);
    deepEqual(await provider.list(), []);
    await provider.destroy(id);
  });

  test("takes an answer that comes too late as unknown, and the machine is found by its label", async () => {
    await using opened = await open(rented, { script: scripted({ create: { 1: { lost: "after" } } }) });
    await rejects(opened.provider.create(await order(opened.provider), never), withCode("create_unknown"));
    deepEqual((await opened.provider.list()).map(({ label }) => label), ["ga-test-1-1795478400"]);
    equal(opened.started.cloud.machines.size, 1);
  });

  test("never sends a create twice, whatever goes wrong with its answer", async () => {
    for (
      const fault of [{ lost: "before" }, { reply: { status: 500, text: "oops" }, after: true }, {
        hang: true,
      }] as const
    ) {
      await using opened = await open(rented, { script: scripted({ create: { 1: fault } }) });
      await rejects(opened.provider.create(await order(opened.provider), never), withCode("create_unknown"));
      ok(opened.started.cloud.machines.size <= 1);
      equal(opened.started.asked.filter(({ verb }) => verb === "create").length, 1);
    }
  });

  test("sends no create once it was stopped", async () => {
    await using opened = await open(rented);
    const wish = await order(opened.provider);
    await rejects(opened.provider.create(wish, AbortSignal.abort()), /Stopped/);
    equal(opened.started.cloud.machines.size, 0);
  });

  test("waits when it is told to slow down, and then creates exactly one machine", async () => {
    for (const reply of tooMany) {
      await using opened = await open(rented, {
        script: scripted({ create: { 1: { reply }, 2: { reply } } }),
      });
      await opened.provider.create(await order(opened.provider), never);
      equal(opened.started.cloud.machines.size, 1);
    }
  });

  test("says that an offer is gone, so that another is taken", async () => {
    for (const reply of gone) {
      await using opened = await open(rented, { script: scripted({ create: { 1: { reply } } }) });
      await rejects(opened.provider.create(await order(opened.provider), never), withCode("offer_gone"));
    }
    await using stale = await open(rented, { options: { stale: () => true } });
    await rejects(stale.provider.create(await order(stale.provider), never), withCode("offer_gone"));
  });

  test("refuses a wrong key with that reason, and takes it for no machine's end", async () => {
    await using opened = await open(rented);
    const id = await opened.provider.create(await order(opened.provider), never);
    await using wrong = await open(rented, { script: () => ({ reply: wrongKey }) });
    await rejects(wrong.provider.offers(wanted(), never), withCode("bad_key"));
    await rejects(wrong.provider.get(id), withCode("bad_key"));
    await rejects(wrong.provider.list(), withCode("bad_key"));
    await rejects(wrong.provider.destroy(id), withCode("bad_key"));
  });

  for (const [what, reply] of Object.entries(NONSENSE)) {
    test(`never reads ${what} as an empty list or as a machine's end`, async () => {
      await using opened = await open(rented, {
        script: scripted({ list: { 0: { reply } }, get: { 0: { reply } } }),
      });
      await rejects(opened.provider.list(), withCode("provider_unavailable"));
      await rejects(opened.provider.get("1"), withCode("provider_unavailable"));
    });
  }

  test("asks again after 5xx where that is safe", async () => {
    const reply = { status: 503, text: "upstream" };
    const fault = { 1: { reply }, 2: { reply } };
    await using opened = await open(rented, {
      script: scripted({ offers: fault, list: fault, destroy: fault }),
    });
    const id = await opened.provider.create(await order(opened.provider), never);
    equal((await opened.provider.list()).length, 1);
    await opened.provider.destroy(id);
    equal(await opened.provider.get(id), null);
  });

  test("sees every one of sixty machines", async () => {
    const [first] = rented.stock;
    await using opened = await open(rented, {
      options: { stock: first === undefined ? [] : [{ ...first, capacity: 60 }] },
    });
    const wish = await order(opened.provider);
    for (let n = 0; n < 60; n++) {
      await opened.provider.create({ ...wish, label: `ga-test-${n}-1795478400` }, never);
    }
    equal(new Set((await opened.provider.list()).map(({ label }) => label)).size, 60);
  });

  test("tells a machine that will never run from one that still starts", async () => {
    await using opened = await open(rented, {
      options: { machines: () => ({ bootError: "OCI runtime create failed: no such device" }) },
    });
    const id = await opened.provider.create(await order(opened.provider), never);
    const sighting = await settled(opened.provider, id);
    deepEqual([sighting?.state, sighting?.trouble], ["dead", "boot_failed"]);
    equal((await opened.provider.list()).length, 1);
  });

  test("says what it charged, where it says that", async () => {
    await using opened = await open(rented);
    const id = await opened.provider.create(await order(opened.provider), never);
    const charged = await opened.provider.charges?.(
      [id, "4711"],
      new Date(Date.now() - 3_600_000),
      new Date(),
    );
    if (charged === undefined) return;
    deepEqual([...charged.keys()], [id]);
    ok((charged.get(id) ?? -1) >= 0);
  });
}
