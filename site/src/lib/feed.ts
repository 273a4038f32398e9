// The newest results as an Atom feed. Pure.
import { levelOf, loadLabel } from "../../../pipeline/schema/load.ts";
import { providerTitle } from "../../../pipeline/schema/names.ts";
import { Feed } from "feed";
import type { BenchmarkAnswer } from "../../../pipeline/schema/api.ts";
import { escapeMarkup } from "./escape.ts";
import { dollars, gpuLabel, number } from "./format.ts";

/** How many results the feed holds. */
export const NEWEST = 50;
const URN = "urn:gpu-almanac";
/** The library wants whole addresses; of a site whose address is not known this part is taken out again. */
const NOWHERE = "https://gpu-almanac.invalid";

/** Atom text of the newest of `answers`, which are newest first; links are relative to the feed when `siteUrl` is null. */
export function atomFeed(answers: readonly BenchmarkAnswer[], siteUrl: string | null): string {
  const address = (path: string) => `${siteUrl ?? NOWHERE}/${path}`;
  const feed = new Feed({
    id: `${URN}:results`,
    title: "GPU Almanac: new results",
    link: address("index.html"),
    feedLinks: { atom: address("feed.xml") },
    updated: new Date(answers[0]?.benchmark.timestamp ?? 0),
    author: { name: "GPU Almanac" },
    copyright: "CC BY 4.0",
    generator: false,
  });
  for (const { benchmark, cost_analysis } of answers.slice(0, NEWEST)) {
    const { id, model, timestamp, test_config, provider } = benchmark;
    const rate = number(benchmark.rate_tokens_per_second, 1);
    const cost = cost_analysis.cost_per_million_tokens;
    feed.addItem({
      id: `${URN}:${id}`,
      title: escapeMarkup(`${model.name} on ${gpuLabel(benchmark)}: ${rate} tokens/s`),
      link: address(`benchmarks/${id}.html`),
      date: new Date(timestamp),
      description: escapeMarkup(
        `${providerTitle(provider)}, ${model.runtime ?? "runtime not known"}, ${
          loadLabel(test_config.arrival, levelOf(test_config))
        }, ` +
          `origin ${benchmark.origin}${cost === null ? "" : `, ${dollars(cost)} per million tokens`}`,
      ),
    });
  }
  return feed.atom1().replaceAll(`${NOWHERE}/`, "");
}
