// The badges of each model: its fastest GPU, and the one with the most tokens per dollar.
import type { BenchmarkAnswer } from "../../../pipeline/schema/api.ts";
import { badge } from "./badge.ts";
import { best, cheapest, index } from "./data.ts";
import { gpuLabel, number, significant } from "./format.ts";

export interface Badge {
  /** Its path from the site's root. */
  readonly path: string;
  /** What it says, for where it cannot be seen. */
  readonly alt: string;
  readonly svg: string;
}

type Named = typeof index.models[number];

/** The badges of a model; none that would have nothing to say. */
export function badgesOf(model: Named): Badge[] {
  const [fastest, cheap] = [best(model), cheapest(model)];
  return [
    ...(fastest === null ? [] : [made(model, "badge", `fastest ${model.name}`, fastest, speedOf(fastest))]),
    ...(cheap === null
      ? []
      : [made(model, "badge/value", `best value ${model.name}`, cheap, valueOf(cheap))]),
  ];
}

function made(
  { slug }: Named,
  folder: string,
  label: string,
  answer: BenchmarkAnswer,
  figure: string,
): Badge {
  const value = `${gpuLabel(answer.benchmark)}, ${figure}${index.simulated === true ? " (simulated)" : ""}`;
  return { path: `${folder}/${slug}.svg`, alt: `${label}: ${value}`, svg: badge(label, value) };
}

function speedOf({ benchmark }: BenchmarkAnswer): string {
  return `${number(benchmark.rate_tokens_per_second, 1)} tokens/s`;
}

function valueOf({ cost_analysis }: BenchmarkAnswer): string {
  return `${significant(cost_analysis.tokens_per_dollar)} tokens/$`;
}
