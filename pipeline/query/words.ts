// PURE. Sentences about GPUs and picks, each made by a rule from figures of the data and the catalogue.
import { gpuLabel } from "../schema/gpu_name.ts";
import { providerTitle } from "../schema/names.ts";
import { shortNumber } from "../schema/short_number.ts";

/** What sql/queries/gpus.sql tells of a GPU besides its summary. Rates in tokens/s, prices in US dollars per hour, memory in GiB. */
export interface GpuFacts {
  readonly price_beside_lowest: number | null;
  readonly facts: {
    /** Models it is the fastest for, smallest first; `ratio` to the next GPU. */
    readonly fastest_for: readonly {
      model: string;
      rate: number;
      ratio: number | null;
      next_gpu: string | null;
    }[];
    readonly cheapest_for: readonly {
      model: string;
      tokens_per_dollar: number;
      price: number | null;
      provider: string;
      ratio: number | null;
    }[];
    /** Models that no other GPU holds or was measured with. */
    readonly alone_for: readonly {
      model: string;
      rate: number;
      tokens_per_dollar: number | null;
      too_large_elsewhere: boolean;
    }[];
    readonly largest: { model: string; parameters: number | null; rate: number } | null;
    readonly models: number;
    readonly too_large: readonly {
      model: string;
      rate: number;
      needed: number | null;
      available: number | null;
    }[];
    readonly provider_gap: { model: string; faster: string; slower: string; ratio: number } | null;
  };
}

/** A row of sql/queries/picks.sql: the pick, the next best GPU, and what the source of the published results names. */
export interface PickFacts {
  readonly kind: "size" | "use";
  readonly name: string;
  readonly aim: "budget" | "performance" | "balance";
  readonly gpu: string;
  readonly gpu_count: number;
  readonly provider: string;
  /** Models of the want, and those of them that this GPU was measured with and holds. */
  readonly models: number;
  readonly models_measured: number;
  readonly score: number;
  readonly id: string;
  readonly model: string;
  readonly rate_tokens_per_second: number;
  readonly price_per_hour: number;
  readonly tokens_per_dollar: number;
  readonly next_gpu: string | null;
  readonly next_gpu_count: number | null;
  readonly next_model: string | null;
  readonly next_score: number | null;
  readonly published_gpu: string | null;
  readonly published_provider: string | null;
  readonly published_rate: number | null;
  readonly published_tokens_per_dollar: number | null;
  readonly published_too_large: boolean | null;
}

type Gpu = GpuFacts & {
  readonly memory_gib: number | null;
  readonly memory_type: string | null;
  readonly segment: string | null;
  readonly ecc: boolean | null;
};

/** Providers lie apart, and a price stands out, from these ratios on. */
const GAP = 1.25;
const EXPENSIVE = 5;

/** What it leads in: the models it is the fastest or the cheapest for, else the largest it holds. */
export function bestFor({ facts: { fastest_for, cheapest_for, alone_for, largest } }: Gpu): string {
  const fastest = fastest_for.map(({ model }) => model);
  const cheapest = cheapest_for.map(({ model }) => model);
  const parts = [
    ...(fastest.length > 0 ? [`speed on ${listed(fastest)}`] : []),
    ...(cheapest.length > 0 ? [`tokens per dollar on ${listed(cheapest)}`] : []),
    ...alone_for.map(({ model, too_large_elsewhere }) =>
      `${model}, ${too_large_elsewhere ? "too large for the others" : "measured on no other GPU"}`
    ),
  ];
  if (parts.length > 0) return capital(parts.join("; "));
  return largest === null
    ? "No model measured that one of it holds"
    : `Models up to the size of ${largest.model}`;
}

/** Its best figure beside the next GPU's. */
export function strengthOf({ facts, memory_gib, memory_type, ecc }: Gpu): string {
  const [fastest] = facts.fastest_for.toSorted(byRatio);
  const [cheapest] = facts.cheapest_for.toSorted(byRatio);
  if (fastest !== undefined && (fastest.ratio ?? 0) >= (cheapest?.ratio ?? 0)) {
    return `${tokens(fastest.rate)} on ${fastest.model}, ${
      times(fastest.ratio)
    } the next, ${fastest.next_gpu}`;
  }
  if (cheapest !== undefined) {
    return `${shortNumber(cheapest.tokens_per_dollar)} tokens per dollar on ${cheapest.model} at ${
      dollars(cheapest.price)
    } an hour, ${times(cheapest.ratio)} the next`;
  }
  const [alone] = facts.alone_for;
  if (alone !== undefined) {
    return `${tokens(alone.rate)} on ${alone.model}${
      alone.tokens_per_dollar === null ? "" : `, ${shortNumber(alone.tokens_per_dollar)} tokens per dollar`
    }`;
  }
  if (ecc === true && memory_gib !== null) return `${memory_gib} GiB of ${memory_type} that corrects errors`;
  return facts.largest === null ? "–" : `${tokens(facts.largest.rate)} on ${facts.largest.model}`;
}

/** At most two of: models that do not fit, providers far apart, price, little coverage, no error correction. */
export function limitationOf({ facts, price_beside_lowest, segment, ecc }: Gpu): string {
  const [first] = facts.too_large;
  const gap = facts.provider_gap;
  const reasons = [
    ...(first === undefined ? [] : [
      `${first.model} does not fit (needs ${gib(first.needed)} of ${gib(first.available)}): ${
        tokens(first.rate)
      }`,
    ]),
    ...(price_beside_lowest !== null && price_beside_lowest >= EXPENSIVE
      ? [`costs ${times(price_beside_lowest)} the cheapest GPU`]
      : []),
    ...(gap !== null && gap.ratio >= GAP
      ? [
        `${providerTitle(gap.faster)} is ${times(gap.ratio)} as fast as ${
          providerTitle(gap.slower)
        } on ${gap.model}`,
      ]
      : []),
    ...(facts.models === 1 ? ["measured on one model only"] : []),
    ...(segment === "consumer" && ecc === false ? ["memory without error correction"] : []),
  ];
  return reasons.length === 0 ? "None seen" : capital(reasons.slice(0, 2).join("; "));
}

/** Why a pick is one: its figure and how far behind the next GPU is. */
export function whyOf(pick: PickFacts): string {
  const { aim, model, next_gpu, next_score, score, rate_tokens_per_second, tokens_per_dollar } = pick;
  const next = next_gpu === null || next_score === null || next_score === 0
    ? `; no other GPU measured holds it`
    : `, ${times(score / next_score)} the next GPU, ${
      gpuLabel({ gpu: next_gpu, gpu_count: pick.next_gpu_count })
    }${pick.next_model === model ? "" : ` with ${pick.next_model}`}`;
  if (aim === "budget") return `${shortNumber(tokens_per_dollar)} tokens per dollar on ${model}${next}`;
  if (aim === "performance") return `${tokens(rate_tokens_per_second)} on ${model}${next}`;
  const share = pick.models_measured === pick.models
    ? ""
    : `; it holds ${pick.models_measured} of the ${pick.models} models of this size`;
  return `Speed times tokens per dollar is highest: ${tokens(rate_tokens_per_second)} and ${
    shortNumber(tokens_per_dollar)
  } tokens per dollar on ${model}${share}`;
}

/** Why the data does not bear out what the source recommends. */
export function differenceOf(pick: PickFacts): string {
  const { published_gpu: named, published_rate: rate, published_tokens_per_dollar: value } = pick;
  if (named === null) return "";
  if (rate === null || value === null) return `the source names ${named}, for which no result is known`;
  const fit = pick.published_too_large === true ? ", whose memory does not hold the model" : "";
  return `the source names ${named}${fit}: ${tokens(rate)} and ${shortNumber(value)} tokens per dollar; ${
    gpuLabel(pick)
  } gives ${tokens(pick.rate_tokens_per_second)} and ${shortNumber(pick.tokens_per_dollar)}`;
}

function byRatio(one: { ratio: number | null }, other: { ratio: number | null }): number {
  return (other.ratio ?? 0) - (one.ratio ?? 0);
}

function listed(names: readonly string[]): string {
  const last = names.at(-1) ?? "";
  return names.length < 2 ? last : `${names.slice(0, -1).join(", ")} and ${last}`;
}

function capital(text: string): string {
  return /^[a-z]+[ ,;]/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}

function tokens(rate: number): string {
  return `${rate.toFixed(1)} tokens/s`;
}

function times(ratio: number | null): string {
  return `${(ratio ?? 0).toPrecision(2)} ×`;
}

function gib(value: number | null): string {
  return `${value?.toFixed(1)} GiB`;
}

function dollars(value: number | null): string {
  return value === null ? "an unknown price" : `$${Number(value.toPrecision(3))}`;
}
