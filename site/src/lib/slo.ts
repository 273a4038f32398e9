// What a page says of hardware within limits. Pure.
import type { SloAnswer, SloMiss, SloOffer } from "../../../pipeline/schema/slo.ts";
import { DASH, number, short, title } from "./format.ts";

type Limits = SloAnswer["limits"][number];

/** `Interactive: first token within 500 ms, then 30 ms a token`. */
export function limitsText({ tier, ttft_ms, tpot_ms }: Limits): string {
  return `${title(tier ?? "own limits")}: first token within ${number(ttft_ms)} ms, then ${
    number(tpot_ms)
  } ms a token`;
}

/** `16`, with what there is to know: whether a higher level might give more, or other machines were best elsewhere. */
export function levelText({ level, levels, min_level, max_level }: SloOffer): string {
  if (min_level !== max_level) return `${level} (machines: ${min_level} to ${max_level})`;
  if (levels.length === 1) return `${level} (only one measured)`;
  return level === levels.at(-1) ? `${level} (highest measured)` : String(level);
}

/** `1.2M–1.5M (95 %)` from three machines on, `1.2M–1.5M` of two, or a dash. */
export function spreadText(offer: SloOffer): string {
  const { hosts_met, low_tokens_per_dollar: low, high_tokens_per_dollar: high } = offer;
  if (low !== null) return `${short(low)}–${short(high)} (95 %)`;
  if (hosts_met < 2 || offer.min_tokens_per_dollar === null) return DASH;
  return `${short(offer.min_tokens_per_dollar)}–${short(offer.max_tokens_per_dollar)}`;
}

/** `3`, or `2 of 3` where not all of them kept the limits. */
export function hostsText({ hosts, hosts_met }: SloOffer): string {
  return hosts === hosts_met ? String(hosts) : `${hosts_met} of ${hosts}`;
}

/** How near the nearest level came: `612 ms to the first token, 24 ms a token at concurrency 1, the only level measured`. */
export function missText({ level, levels, p99_ttft_ms, p99_tpot_ms }: SloMiss): string {
  const alone = levels.length === 1 ? ", the only level measured" : "";
  return `${number(p99_ttft_ms)} ms to the first token, ${
    number(p99_tpot_ms, 1)
  } ms a token at concurrency ${level}${alone}`;
}

/** Whether the first place is shared. */
export function isTied(offers: readonly SloOffer[], offer: SloOffer): boolean {
  return offer.ties_cheapest === true && offers.filter(({ ties_cheapest }) => ties_cheapest).length > 1;
}
