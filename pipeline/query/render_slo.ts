// What hardware gives within limits, as tables for a terminal.
import { type Column, renderTable } from "../lib/table.ts";
import { fewText } from "../schema/few_requests.ts";
import { gpuLabel } from "../schema/gpu_name.ts";
import { shortNumber } from "../schema/short_number.ts";
import type { SloAnswer, SloOffer } from "../schema/slo.ts";
import { gpuColumn, perDollarColumn, priceColumn, providerColumn } from "./columns.ts";
import { limitsInWords } from "./slo.ts";

const COLUMNS: readonly Column<SloOffer>[] = [
  gpuColumn((offer) => offer),
  providerColumn(({ provider }) => provider),
  priceColumn(({ price_per_hour }) => price_per_hour),
  { title: "load", short: "c", of: ({ level }) => level, digits: 0, spare: 1 },
  { title: "tokens/s", short: "tok/s", of: (offer) => offer.throughput_tokens_per_second, digits: 0 },
  { title: "per user", short: "user", of: (offer) => offer.avg_tokens_per_second, digits: 1, spare: 2 },
  perDollarColumn(({ tokens_per_dollar }) => tokens_per_dollar),
  { title: "range", of: spreadOf, least: 13, spare: 3 },
  { title: "hosts", of: hostsOf, least: 6, spare: 4 },
];

/** One table for each pair of limits. */
export function renderSlo({ limits }: SloAnswer, width?: number): string {
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
    return title + (offers.length === 0 ? "" : renderTable(COLUMNS, offers, width) + ids + few(offers));
  }).join("\n");
}

function few(offers: readonly SloOffer[]): string {
  const text = fewText(offers.map(({ total_requests }) => total_requests));
  return text === null ? "" : `${text.replace(", so that", ",\nso that")}\n`;
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
