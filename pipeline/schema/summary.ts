// Results known only as figures, without raw evidence: those that somebody published, and those that are submitted.
import { z } from "zod";
import { GpuStats, Hardware, Model, Results, TestConfig } from "./benchmark.ts";
import { publicModelName, withoutHomes } from "./local_paths.ts";
import { BLANK, isBlank, plainName } from "./plain_text.ts";

/** Letters, digits and common signs of ASCII: no markup, no control characters, no letters that look like others. */
const PLAIN = /^[\w .:/@+()#,;%~'&=[\]*?!-]*$/;
const LONGEST_TEXT = 200;

/** A figure that answers give in whole numbers, and others measure more finely. */
const finely = (schema: z.ZodType) => {
  const { description = "" } = schema.meta() ?? {};
  return z.number().min(0).max(1e15).nullable().meta({ description });
};

/** Results known only as figures are of closed loops, which can be ranked. */
const ClosedLoop = TestConfig.omit({ arrival: true, request_rate: true }).extend({
  duration_minutes: finely(TestConfig.shape.duration_minutes),
  concurrent_reqs: z.number().min(1).max(1e5).nullable().meta({
    description: "Load level: requests in flight.",
  }),
});

/** Least figures that somebody can have measured or paid: what lies below is a fault of writing. */
const LEAST_TOKENS_PER_SECOND = 0.01;
const LEAST_PRICE_PER_HOUR = 0.001;
const LEAST_FIGURE = 1e-6;

const price = () => z.number().min(LEAST_PRICE_PER_HOUR).max(1e4);

/** One result as it is submitted: the specification's BenchmarkResult, of which only what was measured is there. */
export const Submission = z.strictObject({
  timestamp: z.iso.datetime({ offset: true }).optional().meta({
    description: "Start of the measurement, ISO 8601; default: when it came in.",
  }),
  hardware: Hardware.omit({ gpu: true }).extend({
    gpu_memory_mib: finely(Hardware.shape.gpu_memory_mib),
    ram_gib: finely(Hardware.shape.ram_gib),
  }).partial().required({ gpu_name: true }).meta({
    description: "The machine under test.",
  }),
  model: Model.partial().extend({ name: Model.shape.name.min(1).meta({ description: "Model name." }) }).meta({
    description: "The model under test.",
  }),
  test_config: ClosedLoop.partial().optional().meta({ description: "How it was tested." }),
  results: Results.partial().extend({
    avg_tokens_per_second: z.number().min(LEAST_TOKENS_PER_SECOND).max(1e6).meta({
      description: "Mean over requests of tokens/s of the decode phase.",
    }),
  }).meta({ description: "The figures." }),
  gpu_stats: GpuStats.extend({
    avg_memory_used_mib: finely(GpuStats.shape.avg_memory_used_mib),
    max_memory_used_mib: finely(GpuStats.shape.max_memory_used_mib),
  }).partial().optional().meta({ description: "GPU telemetry over the measured window." }),
  provider: z.string().min(1).max(60).meta({ description: "Who lent the machine." }),
  location: z.string().min(1).nullish().meta({ description: "Where the machine stands." }),
  price_per_hour: price().nullish().meta({ description: "US dollars per hour." }),
  throughput_tokens_per_second: z.number().min(LEAST_TOKENS_PER_SECOND).max(1e9).nullish().meta({
    description:
      "All output tokens of the level divided by its wall window, tokens/s; needed above concurrency 1.",
  }),
  note: z.string().optional().meta({ description: "A remark of the source." }),
}).superRefine((summary, context) => {
  for (const { path, value } of figuresIn(summary)) {
    const message = typeof value === "number"
      ? whyTooSmall(value)
      : whyNotTaken(value, path.join(".") === "model.name" ? publicModelName : withoutHomes);
    if (message !== null) context.addIssue({ code: "custom", path, message });
  }
}).meta({
  id: "Submission",
  description: "POST /api/v1/benchmarks: one result, without what was not measured.",
});

export const PublishedPick = z.strictObject({
  for: plainName().meta({ description: "Size of model or use that it is recommended for." }),
  aim: z.enum(["budget", "performance", "balance"]).meta({ description: "What was wanted most." }),
  gpu: plainName().meta({ description: "GPU that the source names." }),
  provider: plainName().meta({ description: "Provider that the source names." }),
  price_per_hour: price().meta({ description: "Its price there, US dollars per hour." }),
}).meta({ id: "PublishedPick", description: "A recommendation as the source gives it." });

export const PublishedFile = z.strictObject({
  title: plainName().meta({ description: "What was published, where." }),
  date: z.iso.date().meta({ description: "When it was published." }),
  runtime: plainName().meta({ description: "Engine that served every model." }),
  test_config: ClosedLoop.partial().meta({ description: "How all of it was tested." }),
  results: z.array(Submission).min(1).meta({ description: "The figures that were published, no others." }),
  picks: z.array(PublishedPick).default([]).meta({
    description: "What the source recommends; the almanac computes its own and says where they differ.",
  }),
}).meta({ id: "PublishedFile", description: "data/published/<file>.json" });

/** One line of data/submitted/submissions.jsonl. */
export const SubmissionLine = z.strictObject({
  received_at: z.iso.datetime().meta({ description: "When it came in, ISO 8601 UTC." }),
  evidence_id: z.string().regex(/^[0-9a-f]{16}$/).meta({ description: "Digest of the submission." }),
  submission: Submission,
}).meta({ id: "SubmissionLine", description: "An accepted submission." });

/** Why a text cannot be published; null when it can. `without` takes the paths of somebody's computer out of it. */
function whyNotTaken(text: string, without: (text: string) => string): string | null {
  if (text.length > LONGEST_TEXT) {
    return `it has ${text.length} characters, at most ${LONGEST_TEXT} are taken`;
  }
  if (!PLAIN.test(text)) {
    return "it has a character that is not taken; letters and digits of ASCII, spaces and common signs are";
  }
  if (isBlank(text)) return BLANK;
  const shown = without(text);
  return text === shown ? null : `it tells a path of somebody's computer; ${JSON.stringify(shown)} would do`;
}

function whyTooSmall(figure: number): string | null {
  return figure === 0 || Math.abs(figure) >= LEAST_FIGURE
    ? null
    : `it is ${figure}, it must be 0 or at least ${LEAST_FIGURE}`;
}

interface Figure {
  readonly path: (string | number)[];
  readonly value: string | number;
}

/** Every text and number inside `value`. */
function* figuresIn(value: unknown, path: (string | number)[] = []): Generator<Figure> {
  if (typeof value === "string" || typeof value === "number") yield { path, value };
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    yield* figuresIn(inner, [...path, Array.isArray(value) ? Number(key) : key]);
  }
}

export type Submission = z.infer<typeof Submission>;
export type PublishedPick = z.infer<typeof PublishedPick>;
export type SubmissionLine = z.infer<typeof SubmissionLine>;
export type PublishedFile = z.infer<typeof PublishedFile>;
