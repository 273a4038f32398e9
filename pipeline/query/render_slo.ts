// What hardware gives within limits, as tables for a terminal.
import { type Column, renderTable } from "../lib/table.ts";
import { fewText } from "../schema/few_requests.ts";
import { gpuLabel } from "../schema/gpu_name.ts";
import { providerTitle } from "../schema/names.ts";
import { shortNumber } from "../schema/short_number.ts";
import type { SloAnswer, SloOffer } from "../schema/slo.ts";
import { limitsInWords } from "./slo.ts";

const COLUMNS: readonly Column<SloOffer>[] = [
  { title: "gpu", of: gpuLabel, least: 12 },
  { title: "$/h at", of: priceOf, least: 10 },
  { title: "c", of: ({ level }) => level, digits: 0 },
  { title: "tokens/s", of: (offer) => offer.throughput_tokens_per_second, digits: 0 },
  { title: "user", of: (offer) => offer.avg_tokens_per_second, digits: 1 },
  { title: "tokens/$", of: perDollar, least: 8 },
  { title: "range", of: spreadOf, least: 13 },
  { title: "hosts", of: hostsOf, least: 5 },
];

/** One table for each pair of limits. */
export function renderSlo({ limits }: SloAnswer): string {
  return limits.map((each) => {
    const { tier, offers, missed, not_judged } = each;
    const left = [
      ...(missed.length === 0 ? [] : [`${missed.length} kept them at no level`]),
      ...(not_judged === 0 ? [] : [`${not_judged} without these percentiles left out`]),
    ];
    const title = `${tier === null ? "" : `${tier}: `}${limitsInWords(each)}${
      left.length === 0 ? "" : `; ${left.join(", ")}`
    }\n`;
    const ids = offers.map((offer) => `${gpuLabel(offer)}: ${offer.id}\n`).join("");
    return title + (offers.length === 0 ? "" : renderTable(COLUMNS, offers) + ids + few(offers));
  }).join("\n");
}

function few(offers: readonly SloOffer[]): string {
  const text = fewText(offers.map(({ total_requests }) => total_requests));
  return text === null ? "" : `${text.replace(", so that", ",\nso that")}\n`;
}

function priceOf({ price_per_hour, provider }: SloOffer): string {
  const title = providerTitle(provider);
  return price_per_hour === null ? title : `${price_per_hour.toFixed(2)} ${title}`;
}

function perDollar({ tokens_per_dollar }: SloOffer): string | null {
  return tokens_per_dollar === null ? null : shortNumber(tokens_per_dollar);
}

function hostsOf({ hosts, hosts_met }: SloOffer): string {
  return hosts === hosts_met ? String(hosts) : `${hosts_met} of ${hosts}`;
}

/** The 95 % interval from three hosts on, else from the least to the most; nothing of one host. */
function spreadOf(offer: SloOffer): string | null {
  const low = offer.low_tokens_per_dollar ?? offer.min_tokens_per_dollar;
  const high = offer.high_tokens_per_dollar ?? offer.max_tokens_per_dollar;
  if (offer.hosts_met < 2 || low === null || high === null) return null;
  return `${shortNumber(low)}–${shortNumber(high)}`;
}
