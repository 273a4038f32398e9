// The Atom feed.
import { benchmarks, costOf } from "../lib/data.ts";
import { atomFeed, NEWEST } from "../lib/feed.ts";
import { siteUrl } from "../lib/site_url.ts";

const newest = benchmarks.slice(0, NEWEST).map((benchmark) => ({
  benchmark,
  cost_analysis: costOf(benchmark.id),
}));

export const GET = () => new Response(atomFeed(newest, siteUrl));
