// One line of results.jsonl. The first seven keys are the specification's; a line with only those is complete.
import { z } from "zod";
import { isFailed } from "./failed.ts";
import { Phase } from "./names.ts";

const ns = (what: string) =>
  z.int().nullish().meta({
    description:
      `${what}, nanoseconds on a monotonic clock since the start of the level's window; negative before it.`,
  });

const YEAR_2100 = 4_102_444_800;
/** No request has more. */
export const MOST_TOKENS = 1e9;

const ERROR_CLASSES = [
  "connect",
  "http",
  "in_stream",
  "truncated",
  "timeout",
  "empty",
  "stopped",
] as const;

/** Times of which the second cannot come before the first. Clocks of several threads may lie a millisecond apart. */
const APART_NS = 1e6;
const IN_ORDER = [
  ["scheduled_ns", "sent_ns"],
  ["scheduled_ns", "first_text_ns"],
  ["scheduled_ns", "first_answer_ns"],
  ["first_text_ns", "last_text_ns"],
  ["sent_ns", "end_ns"],
] as const;

export const RequestLine = z.object({
  t: z.number().min(0).max(YEAR_2100).meta({
    description: "When the request was sent, seconds since 1970; of a line without sent_ns, when it ended.",
  }),
  n: z.int().min(0).meta({ description: "Running number of the request within its file." }),
  tok: z.int().min(0).max(MOST_TOKENS).nullish().meta({
    description: "Output tokens; needed of every request that succeeded.",
  }),
  tok_from: z.enum(["engine", "frames"]).nullish().meta({
    description:
      "Who counted the tokens: the engine, or the agent, which counted frames with text because the engine gave no count.",
  }),
  tps: z.number().min(0).max(1e9).nullish().meta({
    description:
      "Output tokens per second of the decode phase, decode_tok / (last_token - first_token); 0 counts as not measured.",
  }),
  dur: z.number().min(0).max(1e7).nullish().meta({
    description: "Duration of the whole request, seconds; older files leave it out for failed requests.",
  }),
  err: z.union([z.boolean(), z.number(), z.string()]).nullish().meta({
    description:
      "Whether the request failed: false, zero, nothing and words for them (`false`, `None`) say no. One with an error_class, or with an error_msg and no tokens, failed whatever stands here.",
  }),
  error_msg: z.string().nullish().meta({ description: "What went wrong." }),
  error_class: z.enum(ERROR_CLASSES).nullish().meta({ description: "Kind of failure." }),
  phase: Phase.nullish(),
  level: z.number().positive().max(1e6).nullish().meta({
    description: "Load level: concurrency, or requests per second of an open loop.",
  }),
  prompt: z.string().nullish().meta({
    description:
      "Kind of prompt: coding, technical, creative or general; of generated text fixed, chat, rag, code or shared_prefix; probe asked how the engine counts.",
  }),
  asked_tok: z.int().min(0).max(MOST_TOKENS).nullish().meta({
    description: "Most output tokens that were asked for.",
  }),
  scheduled_ns: ns("When the request was due"),
  sent_ns: ns("When it was sent"),
  headers_ns: ns("When the head of the answer had come"),
  first_frame_ns: ns("When the first frame of any kind came"),
  first_text_ns: ns("When the first frame with text came, reasoning and parts of tool calls included"),
  first_answer_ns: ns("When the first frame with text that is no reasoning came"),
  last_text_ns: ns("When the last frame with text came"),
  first_token_ns: ns(
    "When the first token came, seen or not, such as of thinking that is not shown; first_text_ns where not told",
  ),
  last_token_ns: ns("When the last token came, seen or not; last_text_ns where not told"),
  decode_tok: z.int().min(0).max(MOST_TOKENS).nullish().meta({
    description:
      "Output tokens between these two, without what came together with the first and without silent reasoning, of which nothing comes; 0 where nobody can know how fast they were decoded; tok - 1 where not told.",
  }),
  last_frame_ns: ns("When the last frame of any kind came, such as one with the engine's counts"),
  end_ns: ns("When the stream ended"),
  recount_tok: z.int().min(0).max(MOST_TOKENS).nullish().meta({
    description: "Output tokens as a tokenizer beside the client counted them again.",
  }),
  prompt_tok: z.int().min(0).max(MOST_TOKENS).nullish().meta({
    description: "Prompt tokens as the engine counted them.",
  }),
  cached_tok: z.int().min(0).max(MOST_TOKENS).nullish().meta({
    description: "Prompt tokens served from a cache.",
  }),
  frames: z.int().min(0).nullish().meta({ description: "Frames with text." }),
  reads: z.int().min(0).nullish().meta({
    description: "Times at which they came: fewer than frames where several came in one heap.",
  }),
  lead_frames: z.int().min(0).nullish().meta({
    description: "Frames before the first with text, such as one that tells the role alone.",
  }),
  stop: z.string().nullish().meta({
    description: "Why generation ended, in the engine's word: stop, length, tool_calls …",
  }),
  model: z.string().nullish().meta({
    description:
      "The model that answered, as the engine names it; left out where it is the very name that was asked for.",
  }),
  same_model: z.boolean().nullish().meta({
    description:
      "Whether that is the model that was asked for; left out where the engine names none, or names say nothing.",
  }),
  http: z.int().nullish().meta({ description: "HTTP status." }),
  engine: z.object({
    total_ns: z.int().nullish().meta({ description: "Engine's own total time, nanoseconds." }),
    load_ns: z.int().nullish().meta({ description: "Engine's own time to load the model, nanoseconds." }),
    prompt_ns: z.int().nullish().meta({ description: "Engine's own time to read the prompt, nanoseconds." }),
    decode_ns: z.int().nullish().meta({ description: "Engine's own time to generate, nanoseconds." }),
  }).nullish().meta({ description: "Timings the engine reported itself." }),
}).superRefine((line, { addIssue }) => {
  if ((line.tok ?? null) === null && !isFailed(line)) {
    addIssue({ code: "custom", path: ["tok"], message: "it is missing, and the request did not fail" });
  }
  if ((line.decode_tok ?? -Infinity) > (line.tok ?? Infinity)) {
    addIssue({
      code: "custom",
      path: ["decode_tok"],
      message: `it is ${line.decode_tok}, more than tok with ${line.tok}`,
    });
  }
  for (const [first, then] of IN_ORDER) {
    const [before, after] = [line[first] ?? null, line[then] ?? null];
    if (before === null || after === null || before <= after + (then === "sent_ns" ? APART_NS : 0)) continue;
    addIssue({ code: "custom", path: [then], message: `it is ${after}, before ${first} with ${before}` });
  }
}).meta({ id: "RequestLine", description: "One request, one line of results.jsonl." });

export type RequestLine = z.infer<typeof RequestLine>;
