// What a model's page says of hardware within limits.
import { deepEqual, equal } from "node:assert/strict";
import type { SloOffer } from "../pipeline/schema/slo.ts";
import { hostsText, isTied, levelText, spreadText } from "../site/src/lib/slo.ts";

const OFFER: SloOffer = {
  gpu: "RTX 4090",
  gpu_count: 1,
  provider: "vastai",
  runtime: "vllm",
  quantization: null,
  weights: "real",
  max_tokens: 256,
  hosts: 3,
  hosts_met: 3,
  id: "0123456789abcdef-c16",
  host: "h",
  location: null,
  level: 16,
  levels: [1, 16, 32],
  total_requests: 300,
  p99_ttft_ms: 400,
  p99_tpot_ms: 20,
  throughput_tokens_per_second: 500,
  avg_tokens_per_second: 40,
  price_per_hour: 0.5,
  tokens_per_dollar: 3_600_000,
  cost_per_million_tokens: 1 / 3.6,
  min_level: 16,
  max_level: 16,
  min_throughput_tokens_per_second: 400,
  max_throughput_tokens_per_second: 600,
  min_tokens_per_dollar: 2_880_000,
  max_tokens_per_dollar: 4_320_000,
  low_tokens_per_dollar: 2_900_000,
  high_tokens_per_dollar: 4_300_000,
  ties_cheapest: true,
};

Deno.test("a level tells when a higher one might give more, and when machines differ", () => {
  equal(levelText(OFFER), "16");
  equal(levelText({ ...OFFER, level: 32, min_level: 32, max_level: 32 }), "32 (highest measured)");
  equal(levelText({ ...OFFER, levels: [16] }), "16 (only one measured)");
  equal(levelText({ ...OFFER, min_level: 1 }), "16 (machines: 1 to 16)");
});

Deno.test("a spread is an interval where there is one, else a range of several machines, else a dash", () => {
  equal(spreadText(OFFER), "2.9M–4.3M (95 %)");
  equal(spreadText({ ...OFFER, low_tokens_per_dollar: null }), "2.9M–4.3M");
  equal(spreadText({ ...OFFER, low_tokens_per_dollar: null, hosts_met: 1 }), "–");
  equal(
    spreadText({
      ...OFFER,
      low_tokens_per_dollar: null,
      min_tokens_per_dollar: null,
      max_tokens_per_dollar: null,
    }),
    "–",
  );
});

Deno.test("machines that missed the limits are told, and a first place is tied only with another", () => {
  deepEqual([hostsText(OFFER), hostsText({ ...OFFER, hosts_met: 2 })], ["3", "2 of 3"]);
  equal(isTied([OFFER], OFFER), false);
  equal(isTied([OFFER, OFFER], OFFER), true);
  equal(isTied([OFFER, { ...OFFER, ties_cheapest: null }], OFFER), false);
});
