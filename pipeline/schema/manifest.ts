// The test manifest: the state of every entry of a run, and the journal lines it is folded from.
import { z } from "zod";
import { Entry } from "./entry.ts";
import { Stage } from "./names.ts";

export const EntryStatus = z.enum(["pending", "running", "success", "failed", "timeout", "skipped"]).meta({
  description: "State of an entry.",
});

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
  session_id: z.string().nullable().meta({ description: "The provider's id of the machine." }),
  tokens_per_second: z.number().nullable().meta({ description: "Average tokens/s at the lowest level." }),
  failure_reason: z.string().nullable().meta({ description: "What went wrong." }),
  failure_stage: Stage.nullable().meta({ description: "Stage at which it failed." }),
  raw_dir: z.string().nullable().meta({ description: "Folder of its raw evidence below data/raw." }),
  started_at: z.string().nullable().meta({ description: "When work on it began, ISO 8601 UTC." }),
  ended_at: z.string().nullable().meta({ description: "When it ended, ISO 8601 UTC." }),
}).meta({
  id: "ManifestRow",
  description: "One entry of one run, as the specification's benchmark_manifest table.",
});

const at = z.string().meta({ description: "When, ISO 8601 UTC." });
const entry_id = z.string().meta({ description: "Entry it speaks of." });

export const JournalLine = z.discriminatedUnion("event", [
  z.strictObject({
    event: z.literal("run"),
    at,
    run_id: z.string(),
    matrix: z.string(),
    entries: z.array(Entry),
  }),
  z.strictObject({ event: z.literal("stage"), at, entry_id, stage: Stage, lease_id: z.string() }),
  z.strictObject({
    event: z.literal("success"),
    at,
    entry_id,
    raw_dir: z.string(),
    tokens_per_second: z.number().nullable(),
  }),
  z.strictObject({
    event: z.literal("failed"),
    at,
    entry_id,
    stage: Stage,
    reason: z.string(),
    raw_dir: z.string().nullable(),
  }),
  z.strictObject({
    event: z.literal("timeout"),
    at,
    entry_id,
    stage: Stage,
    reason: z.string(),
    raw_dir: z.string().nullable(),
  }),
  z.strictObject({ event: z.literal("skipped"), at, entry_id, reason: z.string() }),
  z.strictObject({ event: z.literal("resumed"), at, entries: z.array(z.string()) }),
]).meta({
  id: "JournalLine",
  description: "One change of state, appended and flushed before the act it announces.",
});

export type ManifestRow = z.infer<typeof ManifestRow>;
export type EntryStatus = z.infer<typeof EntryStatus>;
export type JournalLine = z.infer<typeof JournalLine>;
