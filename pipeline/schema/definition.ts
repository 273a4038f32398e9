// A benchmark's figures as one tool would print them: one row of table definitions.
import { z } from "zod";

const figure = (what: string) =>
  z.number().min(0).nullable().meta({ description: `${what}; null where the tool has none.` });
const spread = (what: string) =>
  z.strictObject({
    mean: z.number().meta({ description: "Mean, ms." }),
    p50: z.number().meta({ description: "Median as the tool takes it, ms." }),
    p99: z.number().meta({ description: "99th percentile as the tool takes it, ms." }),
  }).nullable().meta({ description: `${what}, ms; null where the tool has none.` });

/** Names of the tools as people know them. */
const TITLES = {
  almanac: "GPU Almanac",
  vllm: "vLLM",
  sglang: "SGLang",
  sglang_native: "SGLang, native route",
  guidellm: "GuideLLM",
  aiperf: "AIPerf",
  mlperf: "MLPerf",
  artificial_analysis: "Artificial Analysis",
} as const;

export const Definition = z.strictObject({
  definition: z.enum(Object.keys(TITLES) as [keyof typeof TITLES]).meta({ description: "Whose definition." }),
  definition_version: z.int().meta({ description: "Raised when our SQL of that definition changes." }),
  requests: z.int().min(0).meta({ description: "Measured requests that succeeded." }),
  ttft_ms: spread("What the tool calls time to first token"),
  ttfa_ms: spread("Time to the first text that is no reasoning"),
  tpot_ms: spread("What the tool calls time per output token"),
  itl_ms: spread("What the tool calls inter-token latency"),
  icl_ms: spread("Inter-chunk latency, where the tool tells it from inter-token latency"),
  e2el_ms: spread("What the tool calls the latency of a request"),
  tokens_per_second_per_user: figure("Tokens/s that one user sees"),
  output_tokens_per_second: figure("Output tokens/s of all requests together"),
  requests_per_second: figure("Completed requests/s"),
}).meta({ id: "Definition", description: "The figures of one benchmark as one tool would print them." });

export type Definition = z.infer<typeof Definition>;

export function definitionTitle({ definition }: Definition): string {
  return TITLES[definition];
}
