// The test manifest: the state of every entry of a run, and the journal lines it is folded from.
import { z } from "zod";
import { Entry } from "./entry.ts";
import { FailureCode } from "./failures.ts";
import { Stage } from "./names.ts";

export const EntryStatus = z.enum(["pending", "running", "success", "failed", "timeout", "skipped"]).meta({
  description: "State of an entry.",
});

const dollars = (what: string) => z.number().nullable().meta({ description: `${what}, US dollars.` });

export const ManifestRow = z.strictObject({
  id: z.string().meta({ description: "Run id and entry id." }),
  run_id: z.string().meta({ description: "Groups the entries of one run." }),
  entry_id: z.string().meta({ description: "Entry within the run." }),
  gpu_type: z.string().meta({ description: "GPU asked for." }),
  provider: z.string().meta({ description: "Who lends the machine." }),
  model: z.string().meta({ description: "Model name." }),
  engine: z.string().meta({ description: "What serves the model." }),
  status: EntryStatus,
  stage: Stage.nullable().meta({ description: "Stage that it is at, or came to." }),
  worker_id: z.string().nullable().meta({ description: "Lease that worked on it." }),
  machine_id: z.string().nullable().meta({ description: "Our name of the machine that worked on it last." }),
  session_id: z.string().nullable().meta({ description: "The provider's id of that machine." }),
  offer_id: z.string().nullable().meta({ description: "The provider's id of the offer that was taken." }),
  price_per_hour: dollars("Price of that machine per hour"),
  total_cost: dollars("What all work on it cost, failed tries included"),
  attempts: z.int().min(0).meta({ description: "Machines that were tried for it." }),
  tokens_per_second: z.number().nullable().meta({ description: "Average tokens/s at the lowest level." }),
  failure_code: FailureCode.nullable().meta({ description: "Why it failed, of the closed list of reasons." }),
  failure_reason: z.string().nullable().meta({ description: "What went wrong, in words." }),
  failure_stage: Stage.nullable().meta({ description: "Stage at which it failed." }),
  raw_dir: z.string().nullable().meta({ description: "Folder of its raw evidence below data/raw." }),
  started_at: z.string().nullable().meta({ description: "When work on it began, ISO 8601 UTC." }),
  ended_at: z.string().nullable().meta({ description: "When it ended, ISO 8601 UTC." }),
  simulated: z.boolean().meta({ description: "True when its machines were those of a simulated cloud." }),
}).meta({
  id: "ManifestRow",
  description: "One entry of one run, as the specification's benchmark_manifest table.",
});

const at = z.iso.datetime().meta({ description: "When, ISO 8601 UTC." });
const entry_id = z.string().meta({ description: "Entry it speaks of." });
const machine_id = z.string().nullable().default(null);
const code = FailureCode.nullable().default(null);

export const JournalLine = z.discriminatedUnion("event", [
  z.strictObject({
    event: z.literal("run"),
    at,
    run_id: z.string(),
    matrix: z.string(),
    entries: z.array(Entry),
    simulated: z.boolean().default(false),
  }),
  z.strictObject({
    event: z.literal("stage"),
    at,
    entry_id,
    stage: Stage,
    lease_id: z.string(),
    machine_id,
    /** Where this try leaves its evidence, on the machine and below data/raw/<run>. */
    folder: z.string().nullable().default(null),
  }),
  z.strictObject({
    event: z.literal("success"),
    at,
    entry_id,
    raw_dir: z.string(),
    tokens_per_second: z.number().nullable(),
    machine_id,
  }),
  z.strictObject({
    event: z.literal("retry"),
    at,
    entry_id,
    stage: Stage,
    code: FailureCode,
    reason: z.string(),
    raw_dir: z.string().nullable(),
  }),
  z.strictObject({
    event: z.enum(["failed", "timeout"]),
    at,
    entry_id,
    stage: Stage,
    code,
    reason: z.string(),
    raw_dir: z.string().nullable(),
  }),
  z.strictObject({ event: z.literal("skipped"), at, entry_id, code, reason: z.string() }),
  z.strictObject({ event: z.literal("resumed"), at, entries: z.array(z.string()) }),
]).meta({
  id: "JournalLine",
  description: "One change of state, appended and flushed before the act it announces.",
});

export type ManifestRow = z.infer<typeof ManifestRow>;
export type EntryStatus = z.infer<typeof EntryStatus>;
export type JournalLine = z.infer<typeof JournalLine>;
