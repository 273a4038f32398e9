// Hardware within limits on first token and time per token: levels, hosts, ties, and what cannot be held against limits.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import type { Database } from "../pipeline/lib/duckdb.ts";
import { slo, type SloFilter } from "../pipeline/query/slo.ts";
import { questionOf } from "../pipeline/serve/questions.ts";
import { parseSlo, SLO_TIERS, SloAnswer } from "../pipeline/schema/slo.ts";
import { cli, startWith } from "./e2e/cli.ts";
import { almanac, standing } from "./almanac.ts";
import { jsonl, metadata, plainLine, sealed } from "./fixtures.ts";
import { ladder, MODEL, type Step, throughputOf } from "./ladders.ts";

/** Throughput grows with the level, and so do both times. */
const STEPS: readonly Step[] = [
  { level: 1, ttft: 100, tpot: 10 },
  { level: 4, ttft: 200, tpot: 15 },
  { level: 16, ttft: 400, tpot: 40 },
  { level: 64, ttft: 3000, tpot: 140 },
];

const ofSteps = await standing((paths) => ladder(paths, "a", { steps: STEPS }));

async function only(db: Database, filter: Partial<SloFilter>) {
  const { limits } = SloAnswer.parse(await slo(db, { model: MODEL, ...filter }));
  equal(limits.length, 1);
  const [first] = limits;
  ok(first);
  return first;
}

Deno.test("each tier takes the level of the highest throughput that keeps it, and prices its throughput", () =>
  ofSteps(async (db) => {
    const { limits } = SloAnswer.parse(await slo(db, { model: MODEL }));
    deepEqual(
      limits.map(({ tier, ttft_ms, tpot_ms, offers }) => [tier, ttft_ms, tpot_ms, offers[0]?.level]),
      [["interactive", 500, 30, 4], ["standard", 2000, 100, 16], ["relaxed", 2000, 200, 16]],
    );
    const offer = limits[1]?.offers[0];
    const throughput = throughputOf({ level: 16, ttft: 400, tpot: 40 });
    ok(Math.abs((offer?.throughput_tokens_per_second ?? 0) / throughput - 1) < 1e-6);
    ok(Math.abs((offer?.tokens_per_dollar ?? 0) / (throughput * 3600 / 0.4) - 1) < 1e-6);
    ok(Math.abs((offer?.cost_per_million_tokens ?? 0) * (offer?.tokens_per_dollar ?? 0) - 1e6) < 1e-3);
    deepEqual([offer?.levels, offer?.hosts, offer?.hosts_met, offer?.total_requests], [
      [1, 4, 16, 64],
      1,
      1,
      192,
    ]);
    ok(Math.abs((offer?.avg_tokens_per_second ?? 0) - 25) < 1e-6);
  }));

Deno.test("either limit may be missing, and a limit is kept when it is just reached", () =>
  ofSteps(async (db) => {
    equal((await only(db, { ttft_ms: 400 })).offers[0]?.level, 16);
    equal((await only(db, { ttft_ms: 399 })).offers[0]?.level, 4);
    equal((await only(db, { tpot_ms: 15 })).offers[0]?.level, 4);
    equal((await only(db, { ttft_ms: 5000, tpot_ms: 200 })).offers[0]?.level, 64);
    equal((await only(db, { ttft_ms: 400, concurrency: 1 })).offers[0]?.level, 1);
    equal((await only(db, { ttft_ms: 400, min_tps: 9999 })).offers.length, 0);
  }));

Deno.test("what keeps the limits at no level is named with the level that comes nearest", () =>
  almanac(async (paths) => {
    await ladder(paths, "a", { steps: STEPS });
    await ladder(paths, "b", { steps: STEPS.slice(1), gpu: "NVIDIA GeForce RTX 3090", price: 0.2 });
  }, async (db) => {
    const { offers, missed } = await only(db, { ttft_ms: 150, tpot_ms: 50 });
    deepEqual(offers.map(({ gpu, level }) => [gpu, level]), [["RTX 4090", 1]]);
    deepEqual(missed.map(({ gpu, level, p99_ttft_ms, levels }) => [gpu, level, p99_ttft_ms, levels]), [
      ["RTX 3090", 4, 200, [4, 16, 64]],
    ]);
  }));

Deno.test("results without percentiles are left out and counted, and all of them give an answer without offers", () =>
  almanac(async (paths) => {
    await sealed(paths, "run", "plain", {
      "results.jsonl": jsonl([0, 1].map((n) => plainLine(n, 2 * n, 90))),
    });
    await sealed(paths, "run", "other", {
      "results.jsonl": jsonl([0, 1].map((n) => plainLine(n, 2 * n, 90))),
      "metadata.json": metadata({ model: { name: "bare" } }),
    });
    await ladder(paths, "a", { steps: STEPS });
  }, async (db) => {
    const { offers, judged, not_judged } = await only(db, { tier: "standard" });
    deepEqual([offers.length, judged, not_judged], [1, 4, 1]);
    const bare = await only(db, { model: "bare", tier: "standard" });
    deepEqual([bare.offers, bare.missed, bare.judged, bare.not_judged], [[], [], 0, 1]);
    equal(await slo(db, { model: "unknown" }), null);
  }));

/** The same ladder `times` as slow. */
const slower = (times: number) =>
  STEPS.slice(0, 2).map(({ level, ttft, tpot }) => ({ level, ttft, tpot: tpot * times }));

Deno.test("of several hosts the median one counts, each at its own best level, with the range of all", () =>
  almanac(async (paths) => {
    for (const [host, times] of [["h1", 1], ["h2", 1.2], ["h3", 1.4]] as const) {
      await ladder(paths, host, { steps: slower(times), host });
    }
  }, async (db) => {
    const [offer] = (await only(db, { ttft_ms: 500, tpot_ms: 20 })).offers;
    deepEqual([offer?.hosts, offer?.hosts_met, offer?.host, offer?.level], [3, 3, "h2", 4]);
    ok((offer?.min_tokens_per_dollar ?? 0) < (offer?.tokens_per_dollar ?? 0));
    const [strict] = (await only(db, { ttft_ms: 500, tpot_ms: 18.5 })).offers;
    deepEqual([strict?.hosts_met, strict?.min_level, strict?.max_level], [3, 1, 4]);
    equal(strict?.low_tokens_per_dollar, null, "hosts were best at different levels");
    const [few] = (await only(db, { ttft_ms: 500, tpot_ms: 13, concurrency: 1 })).offers;
    deepEqual([few?.hosts, few?.hosts_met, few?.host], [3, 2, "h2"]);
  }));

Deno.test("three hosts at one level give the interval that the table of spreads holds", () =>
  almanac(async (paths) => {
    for (const [host, times] of [["h1", 1], ["h2", 1.2], ["h3", 1.4]] as const) {
      await ladder(paths, host, { steps: slower(times), host });
    }
  }, async (db) => {
    const [offer] = (await only(db, { ttft_ms: 500, tpot_ms: 50 })).offers;
    const [spread] = await db.rows(
      "SELECT * FROM spreads WHERE level = 4 AND metric = 'throughput_tokens_per_second'",
    );
    equal(spread?.hosts, 3);
    equal(offer?.low_tokens_per_dollar, Number(spread?.low_tokens_per_second) * 3600 / 0.4);
    equal(offer?.high_tokens_per_dollar, Number(spread?.high_tokens_per_second) * 3600 / 0.4);
  }));

Deno.test("repeats on one host are one host, and its median benchmark counts, not its luckiest", () =>
  almanac(async (paths) => {
    for (const [name, times] of [["r1", 1], ["r2", 1.2], ["r3", 1.4]] as const) {
      await ladder(paths, name, { steps: slower(times), host: "h" });
    }
  }, async (db) => {
    const [offer] = (await only(db, { ttft_ms: 500, tpot_ms: 50 })).offers;
    deepEqual([offer?.hosts, offer?.level], [1, 4]);
    const middle = throughputOf({ level: 4, ttft: 200, tpot: 18 });
    ok(Math.abs((offer?.throughput_tokens_per_second ?? 0) / middle - 1) < 1e-6);
  }));

Deno.test("offers whose hosts overlap tie, those that lie apart do not, and one host alone says neither", () =>
  almanac(async (paths) => {
    const rent = async (gpu: string, times: readonly number[]) => {
      for (const [index, slow] of times.entries()) {
        await ladder(paths, `${gpu}-${index}`, { steps: slower(slow), gpu, host: `${gpu}-${index}` });
      }
    };
    await rent("NVIDIA first", [1, 1.3]);
    await rent("NVIDIA near", [1.1, 1.4]);
    await rent("NVIDIA far", [2, 2.2]);
    await rent("NVIDIA alone", [1.5]);
  }, async (db) => {
    const { offers } = await only(db, { ttft_ms: 500, tpot_ms: 50 });
    deepEqual(offers.map(({ gpu, ties_cheapest }) => [gpu, ties_cheapest]), [
      ["NVIDIA first", true],
      ["NVIDIA near", true],
      ["NVIDIA alone", null],
      ["NVIDIA far", false],
    ]);
  }));

for (
  const [what, source] of [["simulated", { origin: "simulated" }], ["imported", {
    origin: "imported",
  }]] as const
) {
  Deno.test(`${what} results keep no limit`, () =>
    almanac(async (paths) => {
      await ladder(paths, "a", { steps: STEPS });
      await ladder(paths, "b", { steps: STEPS, gpu: "NVIDIA H100", source });
    }, async (db) => {
      deepEqual((await only(db, { tier: "standard" })).offers.map(({ gpu }) => gpu), ["RTX 4090"]);
    }));
}

Deno.test("setups are never mixed: another number of tokens, weights or GPUs is another offer", () =>
  almanac(async (paths) => {
    await ladder(paths, "a", { steps: STEPS });
    await ladder(paths, "b", { steps: STEPS, host: "b", source: { provider: "runpod" } });
    await ladder(paths, "c", { steps: STEPS, gpu: "NVIDIA L4" });
  }, async (db) => {
    equal((await only(db, { tier: "standard" })).offers.length, 3);
    equal((await only(db, { tier: "standard", provider: "runpod" })).offers.length, 1);
    equal((await only(db, { tier: "standard", gpu: "l4" })).offers.length, 1);
  }));

Deno.test("the names of the tiers are those of the table", () =>
  ofSteps(async (db) => {
    const rows = await db.rows("SELECT tier FROM slo_tiers ORDER BY position");
    deepEqual(rows.map(({ tier }) => tier), SLO_TIERS);
  }));

Deno.test("limits are read with their units, in any order, or as a tier; all else is named", () => {
  deepEqual(parseSlo("ttft=500ms,tpot=50ms"), { ttft_ms: 500, tpot_ms: 50 });
  deepEqual(parseSlo("tpot=0.05s, ttft=2s"), { ttft_ms: 2000, tpot_ms: 50 });
  deepEqual(parseSlo("ttft=1.5s"), { ttft_ms: 1500 });
  deepEqual(parseSlo("relaxed"), { tier: "relaxed" });
  for (
    const wrong of [
      "",
      "fast",
      "ttft=500",
      "ttft=0ms",
      "itl=3ms",
      "ttft=1ms,ttft=2ms",
      "ttft=-1ms",
      "ttft=1e3ms",
      "ttft=10000000001ms",
      `ttft=${"9".repeat(400)}s`,
    ]
  ) {
    const read = parseSlo(wrong);
    ok("fault" in read && /interactive, standard, relaxed/.test(read.fault), wrong);
  }
});

Deno.test("limits of any size are asked, as doubles", () =>
  ofSteps(async (db) => {
    for (const ttft_ms of [1e10, 1e20, 1e308]) {
      const { limits } = SloAnswer.parse(await slo(db, { model: MODEL, ttft_ms, min_tps: 0 }));
      equal(limits[0]?.ttft_ms, ttft_ms);
      ok((limits[0]?.offers.length ?? 0) > 0);
    }
  }));

Deno.test("the live question takes a tier or limits, and names what it cannot read", () => {
  const faults = (query: string) => {
    const asked = questionOf("slo", new URLSearchParams(query), {});
    return "faults" in asked ? asked.faults : [];
  };
  for (
    const query of ["model=m", "model=m&tier=relaxed", "model=m&ttft_ms=5e2", "model=m&ttft_ms=1&tpot_ms=0.5"]
  ) {
    deepEqual(faults(query), [], query);
  }
  deepEqual(faults("model=m&tier=standard&tpot_ms=9"), [
    "tier: it is given beside limits of one's own, it must be one or the other",
  ]);
  match(faults("tier=fast").join(), /model: it is missing,tier: unknown value "fast", known: .*interactive/);
  match(faults("model=m&ttft_ms=0").join(), /ttft_ms: it is 0/);
  match(faults("model=m&itl_ms=3").join(), /unknown key "itl_ms", known: .*ttft_ms/);
});

Deno.test("the command line answers within limits as the API does, in tables of at most 80 columns", () =>
  almanac(async (paths) => {
    await ladder(paths, "a", { steps: STEPS });
    await ladder(paths, "b", {
      steps: slower(3),
      gpu: "NVIDIA RTX PRO 6000 Blackwell Server Edition",
      price: 1,
    });
    await ladder(paths, "c", { steps: slower(1), gpu: "NVIDIA H100 80GB HBM3", price: 9 });
  }, async (_db, paths) => {
    const ask = (question: string, ...options: string[]) =>
      startWith({ COLUMNS: "80" }, "benchmarks", question, "--model", MODEL, "--root", paths.root, ...options)
        .ended;
    const limits = ["--slo", "ttft=500ms,tpot=20ms"];
    const json = async (question: string, ...options: string[]) =>
      SloAnswer.parse(JSON.parse((await ask(question, ...options, "--output", "json")).out));
    const gpus = ({ limits }: SloAnswer) => limits[0]?.offers.map(({ gpu }) => gpu);
    deepEqual(gpus(await json("best", ...limits)), ["RTX 4090"]);
    deepEqual(gpus(await json("cheapest", ...limits, "--gpu", "h100")), ["H100 SXM"]);
    deepEqual(gpus(await json("recommend", ...limits)), ["RTX 4090", "H100 SXM"]);
    deepEqual(gpus(await json("recommend", ...limits, "--concurrency", "4", "--limit", "1")), ["RTX 4090"]);
    const { out } = await ask("recommend", "--slo", "relaxed");
    match(out, /^relaxed: p99 TTFT ≤ 2000 ms and p99 TPOT ≤ 200 ms\n/);
    match(out, /^The p99 of [0-9 and,]+ requests lies between the two largest values,$/m);
    for (const line of out.split("\n")) if (/[│┌├└]/.test(line)) ok(line.length <= 80, line);
    const file = SloAnswer.parse(
      JSON.parse(await Deno.readTextFile(join(paths.api, "slo", "qwen2-7b.json"))),
    );
    const relaxed = await json("recommend", "--slo", "relaxed");
    deepEqual(relaxed.limits[0], file.limits.find(({ tier }) => tier === "relaxed"));
  }));

Deno.test("limits that nothing keeps are refused with what comes nearest, unknown words with the known ones", () =>
  ofSteps(async (_db, paths) => {
    const ask = (...options: string[]) =>
      cli("benchmarks", "cheapest", "--model", MODEL, "--root", paths.root, ...options);
    const tight = await ask("--slo", "ttft=50ms");
    equal(tight.code, 1);
    match(
      tight.err,
      /^Cannot find hardware for qwen2:7b that keeps p99 TTFT ≤ 50 ms: 4 of 4 benchmarks have/,
    );
    match(tight.err, /Nearest: RTX 4090 at Vast\.ai, concurrency 1, with p99 TTFT 100 ms, p99 TPOT 10 ms\./);
    const slow = await ask("--slo", "ttft=400ms", "--min-tps", "99999");
    equal(slow.code, 1);
    match(
      slow.err,
      /\nThe fastest within them gives \d+\.\d tokens\/s on RTX 4090 at Vast\.ai: ask for no more\.\n/,
    );
    const wrong = await ask("--slo", "itl=5ms");
    equal(wrong.code, 2);
    match(
      wrong.err,
      /"itl=5ms" is not known\. It takes ttft=500ms,tpot=50ms .*: interactive, standard, relaxed/s,
    );
  }));
