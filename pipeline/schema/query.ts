// What may be asked of the API: the parameters of every question, checked here and described in the OpenAPI document.
import { z } from "zod";
import { LIST_LIMIT, MOST_ASKED } from "./limits.ts";
import { RECOMMEND_BY } from "./names.ts";
import { SLO_TIERS } from "./slo.ts";

const DECIMAL = /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i;

/** A parameter is a text; one that is no finite decimal number is handed on as it is, so that `schema` names it. */
const number = <S extends z.ZodType>(schema: S) =>
  z.preprocess(
    (text) => typeof text === "string" && DECIMAL.test(text) && isFinite(Number(text)) ? Number(text) : text,
    schema,
  );

const name = (description: string, ...examples: string[]) =>
  z.string().min(1).max(200).meta({ description, examples });

const model = name("Model, as it is named in the results.", "qwen2:7b", "deepseek-r1:14b");
const narrow = {
  gpu: name("GPU, or a part of its name; case does not matter.", "RTX 4090").optional(),
  provider: name("Who lends the machine.", "vastai").optional(),
  runtime: name("What serves the model.", "ollama").optional(),
  concurrency: number(z.int().min(1).max(MOST_ASKED.level)).optional().meta({
    description: "Load level: requests in flight. Rankings never mix levels; theirs is 1 unless asked.",
    examples: [1],
  }),
  workload: name(
    "What requests asked for. Rankings never mix workloads; theirs is standard, of a model without it the first by name, unless asked.",
    "standard",
    "fixed 512/128",
    "chat",
  ).optional(),
};

export const ListQuery = z.strictObject({
  model: model.optional(),
  ...narrow,
  limit: number(z.int().min(1).max(LIST_LIMIT.most)).default(LIST_LIMIT.usual).meta({
    description: `How many are listed, at most ${LIST_LIMIT.most}; the file benchmarks.json has all.`,
    examples: [10],
  }),
}).meta({ description: "Filters of the list; they combine with AND." });

export const RankQuery = z.strictObject({ model, ...narrow }).meta({
  description: "The model, and what narrows the ranking.",
});

export const CheapestQuery = RankQuery.extend({
  min_tps: number(z.number().min(0).max(MOST_ASKED.tokens_per_second)).optional().meta({
    description: "At least this many tokens/s.",
    examples: [100],
  }),
}).meta({ description: "The model, the speed it needs, and what narrows the ranking." });

export const RecommendQuery = RankQuery.extend({
  by: z.enum(RECOMMEND_BY).default("speed").meta({
    description: "What ranks: average tokens/s, or tokens per dollar.",
    examples: ["dollars"],
  }),
}).meta({ description: "The model, what ranks, and what narrows the ranking." });

const limit = (what: string, example: number) =>
  number(z.number().positive().max(MOST_ASKED.ms)).optional().meta({
    description: what,
    examples: [example],
  });

export const SloQuery = RankQuery.extend({
  tier: z.enum(SLO_TIERS).optional().meta({
    description: "Limits by the name of their tier. Without a tier and limits, all tiers.",
    examples: ["standard"],
  }),
  ttft_ms: limit("Longest time to first token, at the 99th percentile, ms.", 500),
  tpot_ms: limit("Longest time per output token, at the 99th percentile, ms.", 50),
  min_tps: number(z.number().min(0).max(MOST_ASKED.tokens_per_second)).optional().meta({
    description: "At least this much throughput within the limits, tokens/s.",
    examples: [1000],
  }),
  concurrency: number(z.int().min(1).max(MOST_ASKED.level)).optional().meta({
    description: "This load level alone; otherwise each machine's best.",
    examples: [8],
  }),
}).refine(({ tier, ttft_ms, tpot_ms }) => tier === undefined || (ttft_ms ?? tpot_ms) === undefined, {
  path: ["tier"],
  message: "it is given beside limits of one's own, it must be one or the other",
}).meta({ description: "The model, the limits to keep, and what narrows the answer." });

export const GetQuery = z.strictObject({
  id: name("Id of a benchmark.", "5bc9300826bd6a37-c1"),
}).meta({ description: "Which benchmark." });

export const RunQuery = z.strictObject({
  id: name("Id of a run.", "20261124-124026-f2ef"),
}).meta({ description: "Which run." });

export const NoQuery = z.strictObject({}).meta({ description: "Takes nothing." });
