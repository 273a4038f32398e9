// Vast.ai's market: what is bid and paid for an interruptible machine, how its loss is told, and how many searches a day has.
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { realClock } from "../../pipeline/lib/clock.ts";
import { bidFor, bidIn } from "../../pipeline/providers/vastai/bid.ts";
import { Failure } from "../../pipeline/schema/failures.ts";
import { OfferLimits } from "../../pipeline/schema/offer.ts";
import { scripted } from "../cloud/server.ts";
import { noMoreSearches, noSuchAsk } from "../cloud/vastai.ts";
import { never, open, type Opened, order, settled, wanted, withCode } from "./rented.ts";
import { answering, rented, sent } from "./vastai.ts";

const BIDS = OfferLimits.parse({ market: "interruptible" });
const DISK_USD = 60 * 0.15 / 720;

/** Bids for the cheapest RTX 4090, whose least bid is $0.15, and returns the machine's id. */
async function bid({ provider }: Opened, price?: number): Promise<string> {
  const [offer] = await provider.offers(wanted({ limits: BIDS }), never);
  ok(offer);
  const { storage_per_hour } = offer;
  const price_per_hour = price === undefined ? offer.price_per_hour : price + storage_per_hour;
  return await provider.create(
    { ...await order(provider), offer: { ...offer, price_per_hour }, limits: BIDS },
    never,
  );
}

Deno.test("a bid is a fifth above the least that wins, and no more than what may be paid while that wins", () => {
  equal(bidFor(0.15, Infinity), 0.18);
  equal(bidFor(0.15, 0.16), 0.16);
  equal(bidFor(0.15, 0.1), 0.15);
  equal(bidFor(0.12345, 0.1), 0.1235);
  for (const least of [0.0601, 0.21, 1.1, 7.7777]) ok(bidFor(least, Infinity) >= least);
});

Deno.test("vastai's interruptible offer costs its bid and its disk, and the bid is what is sent", async () => {
  await using opened = await open(rented);
  const offers = await opened.provider.offers(wanted({ limits: BIDS }), never);
  deepEqual(
    offers.map(({ id, market, price_per_hour }) => [id, market, price_per_hour]),
    [["31842207", "interruptible", 0.18 + DISK_USD], ["31842208", "interruptible", 0.3 + DISK_USD]],
  );
  deepEqual(offers.map(bidIn), [0.18, 0.3]);
  const id = await bid(opened);
  const body = sent(opened, "create")[0]?.body as Record<string, unknown>;
  deepEqual([body.price, body.cancel_unavail], [0.18, true]);
  const sighting = await opened.provider.get(id);
  equal(sighting?.price_per_hour?.toFixed(6), (0.18 + DISK_USD).toFixed(6));
});

Deno.test("vastai's bid stays within the cap on the price, and what takes no bids is no interruptible offer", async () => {
  await using opened = await open(rented);
  const limits = OfferLimits.parse({ market: "interruptible", max_price_per_hour: 0.17 });
  const offers = await opened.provider.offers(wanted({ limits }), never);
  deepEqual(offers.map(({ id }) => id), ["31842207"]);
  ok((offers[0]?.price_per_hour ?? 1) <= 0.17);
  const ask = { id: 7, gpu_name: "RTX 4090", num_gpus: 1, dph_total: 0.4 };
  await using bare = await answering("offers", { offers: [ask, { ...ask, min_bid: 0 }] });
  deepEqual(await bare.provider.offers(wanted({ limits: BIDS }), never), []);
});

Deno.test("vastai refuses a bid that is too low, and nothing is made of it", async () => {
  await using opened = await open(rented);
  await rejects(bid(opened, 0.1), withCode("request_refused"));
  deepEqual(await opened.provider.list(), []);
});

Deno.test("vastai's machine that is outbid is told apart from one that its host stopped", async () => {
  await using opened = await open(rented);
  const { provider, started: { cloud } } = opened;
  const [lost, stopped] = [await bid(opened), await provider.create(await order(provider), never)];
  for (const id of [lost, stopped]) {
    await settled(provider, id);
    const machine = cloud.machines.get(id);
    ok(machine);
    await cloud.stop(machine, "stopped");
  }
  deepEqual([(await provider.get(lost))?.trouble, (await provider.get(stopped))?.trouble], [
    "outbid",
    "machine_stopped",
  ]);
});

const RUNS = {
  actual_status: "running",
  cur_state: "running",
  intended_status: "running",
  next_state: "running",
};
const STANDS = { cur_state: "stopped", intended_status: "stopped", next_state: "stopped" };
const TOLD: readonly (readonly [string, object, string, string?])[] = [
  ["runs", RUNS, "running"],
  ["was stopped", { ...STANDS, actual_status: "exited" }, "dead", "outbid"],
  [
    "was stopped and is to run",
    { ...RUNS, actual_status: "stopped", cur_state: "stopped" },
    "dead",
    "outbid",
  ],
  ["lost its GPUs a moment ago", { ...RUNS, cur_state: "stopped" }, "dead", "outbid"],
  ["never got its GPUs", { ...STANDS, actual_status: null }, "dead", "outbid"],
  ["gets its GPUs", { ...RUNS, actual_status: null, cur_state: "stopped" }, "starting"],
  ["ended by itself", { ...RUNS, actual_status: "exited" }, "dead", "machine_stopped"],
  ["is on a host that is off", { ...STANDS, actual_status: "offline" }, "dead", "machine_stopped"],
  ["is loading", { ...RUNS, actual_status: "loading" }, "starting"],
];
for (const [what, told, state, trouble] of TOLD) {
  Deno.test(`vastai's machine that was bid for and ${what} is ${trouble ?? state}`, async () => {
    await using opened = await answering("get", { instances: { id: 1, is_bid: true, ...told } });
    const sighting = await opened.provider.get("1");
    deepEqual([sighting?.state, sighting?.trouble], [state, trouble]);
  });
}

const MIDNIGHT = Date.UTC(2026, 11, 1) / 1000;

Deno.test("vastai without searches for the day says when it has some again, and is not asked twice", async () => {
  for (
    const [reset, words] of [[MIDNIGHT + 60, /anew at 2026-12-01 00:01 UTC/], [
      undefined,
      /00:00 UTC/,
    ]] as const
  ) {
    const reply = noMoreSearches(reset);
    await using opened = await open(rented, { script: scripted({ offers: { 0: { reply } } }) });
    await rejects(opened.provider.offers(wanted(), never), (error) => {
      ok(error instanceof Failure);
      equal(error.code, "quota");
      match(error.message, words);
      return true;
    });
    equal(sent(opened, "offers").length, 1);
  }
});

/** A clock that goes on only while somebody waits, and when it is told to. */
function standingClock() {
  let ms = Date.now();
  const pass = (seconds: number) => Promise.resolve(void (ms += seconds * 1000));
  return {
    ...realClock(),
    now: () => ms,
    after: (seconds: number) => ms + seconds * 1000,
    sleep: pass,
    pass,
  };
}

Deno.test("vastai is asked the same once, and anew when something was made, ended or refused, and when minutes have passed", async () => {
  const clock = standingClock();
  await using opened = await open(rented, {
    clock,
    script: scripted({ create: { 2: { reply: noSuchAsk("31842208") } } }),
  });
  const { provider } = opened;
  /** The offers that are found now, and how often Vast.ai was asked until now. */
  const search = async (disk_gb = 60) => {
    const offers = await provider.offers(wanted({ disk_gb }), never);
    return [offers.map(({ id }) => id).join(" "), sent(opened, "offers").length];
  };
  const both = "31842207 31842208";
  deepEqual(await Promise.all([search(), search()]), [[both, 1], [both, 1]]);
  deepEqual(await search(70), [both, 2]);
  const id = await provider.create(await order(provider), never);
  deepEqual(await search(), ["31842208", 3]);
  await rejects(provider.create(await order(provider), never), withCode("offer_gone"));
  deepEqual(await search(), ["31842208", 4]);
  await provider.destroy(id);
  deepEqual(await search(), [both, 5]);
  await clock.pass(280);
  deepEqual(await search(), [both, 5]);
  await clock.pass(20);
  deepEqual(await search(), [both, 6]);
});
