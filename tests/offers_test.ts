// Which offer is taken for a lease: price, reliability, the memory of what failed, limits, and what is said when there is none.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { badMemories, type BadMemory, confidence, isWithin, ranked } from "../pipeline/plan/pick.ts";
import { chooseOffer } from "../pipeline/plan/plan.ts";
import { FAILURES } from "../pipeline/schema/failures.ts";
import { type Offer, OfferLimits } from "../pipeline/schema/offer.ts";
import {
  catalogOf,
  destroying,
  gone,
  lease,
  machine,
  offer,
  rentedEntry,
  requested,
  START,
} from "./rented_fixtures.ts";

const MINUTE = 60_000;
const catalog = catalogOf({ m: 5 });
const price = ({ price_per_hour }: Offer) => price_per_hour ?? 0;

function memory(changes: Parameters<typeof offer>[0], code: BadMemory["code"], minutes = 0): BadMemory {
  return { offer: offer(changes), code, at: START - minutes * MINUTE };
}

function choice(
  offers: readonly Offer[],
  { limits = {}, memories = [], taken = [], gpu_count = 1 }: {
    limits?: Partial<OfferLimits>;
    memories?: readonly BadMemory[];
    taken?: readonly string[];
    gpu_count?: number;
  } = {},
) {
  const wanted = lease("l", { limits: OfferLimits.parse(limits), gpu_count });
  return chooseOffer(wanted, { offers }, { catalog, memories, now: START }, ({ id }) => taken.includes(id));
}

const idOf = (found: ReturnType<typeof choice>) => "offer" in found ? found.offer.id : found.code;

Deno.test("the cheapest offer is taken, and of equal ones always the same", () => {
  const offers = [offer({ id: "3", price_per_hour: 0.4 }), offer({ id: "2" }), offer({ id: "1" })];
  equal(idOf(choice(offers)), "1");
  equal(idOf(choice(offers.toReversed())), "1");
});

Deno.test("a cheaper offer is not taken when it fails so often that a try at the dearer one costs less", () => {
  const cheap = (reliability: number) => offer({ id: "cheap", price_per_hour: 0.3, reliability });
  const dear = offer({ id: "dear", price_per_hour: 0.36, reliability: 0.99 });
  deepEqual([0.99, 0.83, 0.82, 0.1].map((reliability) => idOf(choice([cheap(reliability), dear]))), [
    "cheap",
    "cheap",
    "dear",
    "dear",
  ]);
  equal(idOf(choice([cheap(0), dear])), "dear");
});

Deno.test("a provider that tells no reliability is trusted less than one that tells a high one, and more than a low one", () => {
  const of = (reliability: number | null) => confidence(offer({ reliability }), [], START);
  ok(of(0.96) > of(null) && of(null) > of(0.94) && of(null) > 0);
});

Deno.test("what it costs counts, not the price per hour alone: download time and paid traffic", () => {
  const slow = offer({ id: "slow", price_per_hour: 0.35, download_mbps: 100 });
  const fast = offer({ id: "fast", price_per_hour: 0.36, download_mbps: 1000 });
  const metered = offer({ id: "metered", price_per_hour: 0.35, download_mbps: 1000, download_per_gb: 0.05 });
  equal(idOf(choice([slow, fast])), "fast");
  equal(idOf(choice([metered, fast])), "fast");
});

Deno.test("an offer that failed is left alone for half an hour, doubted until an hour has passed, then as good as new", () => {
  const at = (minutes: number) => confidence(offer(), [memory({}, "offer_gone", minutes)], START);
  const whole = confidence(offer(), [], START);
  deepEqual([at(0), at(29.99)], [0, 0]);
  ok(at(30) > 0 && at(30) < whole * 0.8 && at(59.99) === at(30));
  equal(at(60), whole);
});

Deno.test("two old failures of one offer weigh more than one", () => {
  const of = (count: number) => confidence(offer(), Array(count).fill(memory({}, "offer_gone", 40)), START);
  ok(of(2) < of(1) && of(1) < of(0));
});

for (
  const [code, failed, hidden, free] of [
    ["offer_gone", { id: "x", host: "h" }, ["x"], ["same host", "same place"]],
    ["boot_failed", { id: "x", host: "h" }, ["x", "same host"], ["same place"]],
    ["boot_failed", { id: "x", host: null }, ["x", "same place", "same host"], ["other GPU there"]],
    ["no_public_ip", { id: "x", host: "h" }, ["x", "same place", "same host"], ["other GPU there"]],
    ["ssh_denied", { id: "x", host: null, location: null }, ["x"], ["same place", "no place"]],
  ] as [BadMemory["code"], Parameters<typeof offer>[0], string[], string[]][]
) {
  Deno.test(
    `after ${code} of an offer ${failed?.host === null ? "without" : "with"} a known host at ${
      failed?.location === null ? "no" : "a"
    } place, ${hidden.join(", ")} are hidden and ${free.join(", ")} not`,
    () => {
      const offers: Record<string, Offer> = {
        "x": offer({ id: "x", host: "h" }),
        "same host": offer({ id: "y", host: "h" }),
        "same place": offer({ id: "z", host: "other" }),
        "other GPU there": offer({ id: "g", gpu: "L4", host: "other" }),
        "no place": offer({ id: "n", host: null, location: null }),
        "elsewhere": offer({ id: "e", host: "other", location: "Iowa" }),
        "other provider": offer({ id: "x", provider: "runpod", host: "h" }),
      };
      const isHidden = (name: string) => {
        const one = offers[name];
        ok(one !== undefined);
        return confidence(one, [memory(failed, code)], START) === 0;
      };
      deepEqual(hidden.filter((name) => !isHidden(name)), []);
      deepEqual([...free, "elsewhere", "other provider"].filter(isHidden), []);
    },
  );
}

Deno.test("three failed offers of a GPU make all its offers doubtful, the same offer three times or other GPUs do not", () => {
  const of = (memories: BadMemory[]) => confidence(offer({ id: "new", host: "h" }), memories, START);
  const gone = (id: string, gpu = "RTX 4090") => memory({ id, gpu }, "offer_gone", 40);
  const whole = of([]);
  equal(of([gone("a"), gone("b")]), whole);
  equal(of([gone("a"), gone("a"), gone("a")]), whole);
  equal(of([gone("a", "L4"), gone("b", "L4"), gone("c", "L4")]), whole);
  ok(of([gone("a"), gone("b"), gone("c")]) < whole / 2);
});

Deno.test("a machine is remembered against its offer for reasons that another may not have, or when a second try did not help", () => {
  const codes = [...Object.keys(FAILURES) as BadMemory["code"][], "done", "stopped", "orphan"] as const;
  for (const code of codes) {
    const record = machine([[1, requested], [90, destroying(code)], [100, gone]]);
    const remedy = code in FAILURES ? FAILURES[code as BadMemory["code"]].remedy : "none";
    const isBlamed = remedy.startsWith("other_") || remedy === "same_machine";
    const memories = isBlamed ? [{ offer: record.offer, code, at: START + 90_000 }] : [];
    deepEqual(badMemories([record]), memories, code);
  }
  const refused = (code: BadMemory["code"]) =>
    badMemories([machine([[5, { event: "not_created", code, reason: "r" }]])]).map(({ at }) => at);
  deepEqual([refused("offer_gone"), refused("rate_limited"), refused("bad_key")], [[START + 5000], [], []]);
  deepEqual(badMemories([machine([[1, requested]])]), []);
});

Deno.test("the ranking leaves hidden offers out and puts doubted ones where their price over their trust puts them", () => {
  const offers = [
    offer({ id: "hidden", price_per_hour: 0.1 }),
    offer({ id: "doubted", price_per_hour: 0.2 }),
    offer({ id: "a", price_per_hour: 0.25 }),
    offer({ id: "b", price_per_hour: 0.3 }),
  ];
  const memories = [memory({ id: "hidden" }, "offer_gone"), memory({ id: "doubted" }, "offer_gone", 45)];
  deepEqual(ranked(offers, price, memories, START, false).map(({ id }) => id), ["a", "doubted", "b"]);
});

Deno.test("where whole machines are preferred, one is taken that costs up to 15 % more", () => {
  const first = (whole: number, preferred: boolean) =>
    ranked(
      [
        offer({ id: "part", price_per_hour: 1, gpu_share: 0.25 }),
        offer({ id: "whole", price_per_hour: whole, gpu_share: 1 }),
      ],
      price,
      [],
      START,
      preferred,
    )[0]?.id;
  deepEqual([first(1.14, true), first(1.16, true), first(1.14, false)], ["whole", "part", "part"]);
});

for (
  const [what, limits, good, bad] of [
    ["countries", { countries: ["DE", "FR"] }, [{ country: "DE" }], [{ country: "US" }, { country: null }]],
    ["not_countries", { not_countries: ["US"] }, [{ country: "DE" }, { country: null }], [{ country: "US" }]],
    ["market", { market: "interruptible" }, [{ market: "interruptible" }], [{}]],
    ["tier", { tier: "secure" }, [{ tier: "secure" }, { tier: null }], [{ tier: "community" }]],
    [
      "whole_machine",
      { whole_machine: true },
      [{ gpu_share: 1 }, { gpu_share: null }],
      [{ gpu_share: 0.5 }],
    ],
    ["min_ram_gb", { min_ram_gb: 64 }, [{ ram_gib: 60 }, { ram_gib: null }], [{ ram_gib: 59 }]],
    ["min_cpu_cores", { min_cpu_cores: 16 }, [{ cpu_cores: 16 }, { cpu_cores: null }], [{ cpu_cores: 15 }]],
    ["min_cuda", { min_cuda: 12.8 }, [{ cuda: 12.8 }, { cuda: 13 }, { cuda: null }], [{ cuda: 12.4 }]],
    ["min_download_mbps", { min_download_mbps: 200 }, [{ download_mbps: 200 }, { download_mbps: null }], [{
      download_mbps: 199,
    }]],
    ["hours", {}, [{ max_hours: 3 }, { max_hours: null }], [{ max_hours: 2.9 }]],
  ] as [string, Partial<OfferLimits>, Parameters<typeof offer>[0][], Parameters<typeof offer>[0][]][]
) {
  Deno.test(`the limit ${what} is kept where the provider tells the figure`, () => {
    const within = (changes: Parameters<typeof offer>[0]) =>
      isWithin(offer(changes), OfferLimits.parse(limits), 3);
    deepEqual([good.map(within), bad.map(within)], [good.map(() => true), bad.map(() => false)]);
    deepEqual(bad.map((changes) => idOf(choice([offer(changes)], { limits }))), bad.map(() => "no_offer"));
  });
}

Deno.test("an offer at the price cap is taken; above it the cheapest price and the cap are named", () => {
  const offers = [offer({ id: "a", price_per_hour: 0.5 }), offer({ id: "b", price_per_hour: 0.41 })];
  equal(idOf(choice(offers, { limits: { max_price_per_hour: 0.41 } })), "b");
  deepEqual(choice(offers, { limits: { max_price_per_hour: 0.4 }, gpu_count: 2 }), {
    code: "price_above_cap",
    reason: "the cheapest 2 × RTX 4090 at Vast.ai costs $0.410 an hour, the cap is $0.4",
  });
  const abroad = offer({ id: "c", price_per_hour: 0.2, country: "US" });
  const capped = choice([...offers, abroad], { limits: { max_price_per_hour: 0.4, countries: ["DE"] } });
  match("reason" in capped ? capped.reason : "", /costs \$0\.410 an hour/);
});

Deno.test("a machine without a price passes every cap, and after a failure it is only put behind others of its kind", () => {
  const own = (id: string) => offer({ id, price_per_hour: null });
  equal(idOf(choice([own("1")], { limits: { max_price_per_hour: 0.01 } })), "1");
  const memories = [memory({ id: "1", price_per_hour: null }, "pull_failed")];
  equal(idOf(choice([own("1"), own("2")], { memories })), "2");
  equal(idOf(choice([own("1")], { memories })), "1");
});

Deno.test("an offer that another lease has is passed over for the next", () => {
  const offers = [offer({ id: "1" }), offer({ id: "2", price_per_hour: 0.4 })];
  equal(idOf(choice(offers, { taken: ["1"] })), "2");
});

Deno.test("why there is no offer is told: none there, all taken or failed, not asked for, or the provider's own reason", () => {
  const reasonOf = (found: ReturnType<typeof choice>) => "reason" in found ? found.reason : "";
  equal(reasonOf(choice([])), "there is no offer for RTX 4090 at Vast.ai");
  equal(
    reasonOf(choice([offer({ id: "1" })], { taken: ["1"] })),
    "the one offer for RTX 4090 at Vast.ai failed a short while ago or is taken",
  );
  equal(
    reasonOf(choice([offer({ id: "1" }), offer({ id: "2" })], {
      taken: ["1"],
      memories: [memory({ id: "2" }, "offer_gone")],
    })),
    "all 2 offers for RTX 4090 at Vast.ai failed a short while ago or are taken",
  );
  const asked = { catalog, memories: [], now: START };
  const wanted = lease("l", {}, [rentedEntry("e")]);
  deepEqual(chooseOffer(wanted, undefined, asked, () => false), {
    code: "no_offer",
    reason: "RTX 4090 at Vast.ai was not asked for",
  });
  const market = { code: "bad_key", reason: "the key is refused" } as const;
  deepEqual(chooseOffer(wanted, market, asked, () => false), market);
});
