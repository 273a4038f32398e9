// What a plan reckons with: offers of providers that answer, list prices of those that cannot be asked or say nothing in time.
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { readCatalog, readPrices } from "../pipeline/lib/catalog.ts";
import { pathsOf } from "../pipeline/paths.ts";
import { listOffers } from "../pipeline/plan/list_offers.ts";
import { wantedFor } from "../pipeline/plan/leases.ts";
import type { Provider } from "../pipeline/providers/provider.ts";
import { type Asking, askMarkets } from "../pipeline/run/markets.ts";
import { Failure } from "../pipeline/schema/failures.ts";
import { PriceCatalog } from "../pipeline/schema/list_prices.ts";
import type { ProviderName } from "../pipeline/schema/names.ts";
import { Offer, OfferLimits } from "../pipeline/schema/offer.ts";
import { lease, offer } from "./rented_fixtures.ts";

const { lists } = PriceCatalog.parse({
  lists: [
    { provider: "vastai", date: "2026-10-01", source: "s", usd_per_gpu_hour: { "RTX 4090": 0.4 } },
    { provider: "runpod", tier: "secure", date: "2026-10-02", source: "s", usd_per_gpu_hour: { "L4": 0.7 } },
    {
      provider: "runpod",
      tier: "community",
      date: "2026-10-02",
      source: "s",
      usd_per_gpu_hour: { "L4": 0.5 },
    },
  ],
});
const catalog = { gpus: [], models: [] };

function asking(offers: Provider["offers"] | null, changes: Partial<Asking> = {}): Asking {
  return {
    providers: offers === null ? new Map() : new Map([["vastai", { offers } as Provider]]),
    missing: offers === null ? new Map<ProviderName, string>([["vastai", "VASTAI_API_KEY"]]) : new Map(),
    catalog,
    signal: new AbortController().signal,
    lists,
    patience_seconds: 60,
    ...changes,
  };
}

Deno.test("a provider whose key is not set is reckoned with by its list price, which says its day", async () => {
  const two = lease("a", { gpu_count: 2 });
  const { markets, listed } = await askMarkets([two], asking(null));
  const market = markets.get("a");
  ok(market !== undefined && "offers" in market);
  const [listing] = market.offers;
  deepEqual([listing?.price_per_hour, listing?.location, listing?.gpu_count], [0.8, "list 2026-10-01", 2]);
  deepEqual([...listed], [["vastai", "VASTAI_API_KEY is not set: Vast.ai cannot be asked"]]);
  deepEqual(Offer.parse(listing), listing);
});

Deno.test("where no list knows the GPU that is said, and where machines are rented lists stand for nothing", async () => {
  const unknown = await askMarkets([lease("a", { gpu: "RTX 3090" })], asking(null));
  deepEqual(unknown.markets.get("a"), {
    code: "no_key",
    reason: "VASTAI_API_KEY is not set: Vast.ai cannot be asked, and no list price is known",
  });
  const reason = "runs/hosts.json is not there";
  const offers = () => Promise.reject(new Failure("no_offer", reason));
  const own = await askMarkets(
    [lease("a", { provider: "ssh" })],
    asking(null, { providers: new Map([["ssh", { offers } as unknown as Provider]]) }),
  );
  deepEqual(own.markets.get("a"), { code: "no_offer", reason });
  const real = await askMarkets([lease("a")], asking(null, { lists: null }));
  deepEqual([real.markets.get("a"), [...real.listed]], [{
    code: "no_key",
    reason: "VASTAI_API_KEY is not set: Vast.ai cannot be asked",
  }, []]);
});

Deno.test("a provider that says nothing is named and left after its time, whatever it does with the signal", async () => {
  const silent = asking(() => new Promise(() => undefined), { lists: null, patience_seconds: 0.01 });
  const { markets } = await askMarkets([lease("a"), lease("b")], silent);
  const told = { code: "provider_unavailable", reason: "Vast.ai did not answer within 0.01 s" };
  deepEqual([markets.get("a"), markets.get("b")], [told, told]);
  const { listed } = await askMarkets([lease("a")], { ...silent, lists });
  equal(listed.get("vastai"), told.reason);
});

Deno.test("a provider that answers is believed, and one that fails is told with its own words", async () => {
  const { markets, listed } = await askMarkets([lease("a")], asking(() => Promise.resolve([offer()])));
  deepEqual([markets.get("a"), [...listed]], [{ offers: [offer()] }, []]);
  const failing = asking(() => Promise.reject(new Failure("bad_key", "it refuses the key")), { lists: null });
  deepEqual((await askMarkets([lease("a")], failing)).markets.get("a"), {
    code: "bad_key",
    reason: "it refuses the key",
  });
});

Deno.test("who stops a plan gets no list prices", async () => {
  const stop = AbortSignal.abort(new Error("stopped"));
  const stopped = asking(() => Promise.reject(new Error("aborted")), { signal: stop });
  await rejects(askMarkets([lease("a")], stopped), /stopped/);
});

Deno.test("the wish for an H100 of any form is reckoned with every form that a list knows", async () => {
  const lists = await readPrices(pathsOf());
  const wanted = wantedFor(lease("a", { gpu: "H100" }), catalog);
  const told = listOffers("runpod", wanted, lists).map(({ gpu, tier }) => `${gpu} ${tier}`);
  deepEqual(
    new Set(told),
    new Set(["H100 SXM secure", "H100 PCIe secure", "H100 SXM community", "H100 PCIe community"]),
  );
});

Deno.test("list prices are told for each tier, and stand for interruptible machines as the most these cost", () => {
  const wanted = (limits: object) => ({
    ...wantedFor(lease("a", { gpu: "L4" }), catalog),
    limits: OfferLimits.parse(limits),
  });
  deepEqual(
    listOffers("runpod", wanted({}), lists).map(({ tier, price_per_hour }) => [tier, price_per_hour]),
    [
      ["secure", 0.7],
      ["community", 0.5],
    ],
  );
  const secure = listOffers("runpod", wanted({ tier: "secure" }), lists);
  deepEqual(secure.map(({ price_per_hour }) => price_per_hour), [0.7]);
  const bids = listOffers("runpod", wanted({ market: "interruptible" }), lists);
  deepEqual(bids.map(({ market, price_per_hour }) => [market, price_per_hour]), [
    ["interruptible", 0.7],
    ["interruptible", 0.5],
  ]);
});

Deno.test("every list price that comes with the almanac is for a GPU of its catalogue", async () => {
  const paths = pathsOf();
  const { gpus } = await readCatalog(paths);
  const known = new Set(gpus.map(({ name }) => name));
  for (const { usd_per_gpu_hour, provider } of await readPrices(paths)) {
    for (const gpu of Object.keys(usd_per_gpu_hour)) ok(known.has(gpu), `${provider}: ${gpu}`);
  }
});
