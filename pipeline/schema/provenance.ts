// provenance.json: written last into a raw directory; it seals the evidence and says where it came from.
import { z } from "zod";
import { GpuSample } from "./gpu_sample.ts";
import { MARKETS, Origin } from "./names.ts";
import { plainText } from "./plain_text.ts";

/** Characters of a name or flag. */
export const LONGEST_TOLD = 2000;

/** US dollars; of less, nothing can be reckoned. */
export const LEAST_PRICE_PER_HOUR = 1e-6;

export const RejectedLine = z.strictObject({
  file: z.string().meta({ description: "File name in the raw directory." }),
  line: z.int().min(1).meta({ description: "Line number, from 1." }),
  reason: z.string().meta({ description: "Why it was not used." }),
  whole: z.boolean().optional().meta({
    description: "True when the whole file was left out, of which the line then is the first.",
  }),
}).meta({ id: "RejectedLine", description: "A malformed line that was left out, never silently." });

export const Rental = z.strictObject({
  machine_id: plainText(LONGEST_TOLD).meta({ description: "Our name of the machine." }),
  session_id: plainText(LONGEST_TOLD).nullable().meta({ description: "The provider's id of the machine." }),
  offer_id: plainText(LONGEST_TOLD).meta({ description: "The provider's id of the offer." }),
  host: plainText(LONGEST_TOLD).nullable().meta({ description: "The provider's stable name of the host." }),
  market: z.enum(MARKETS).optional().meta({
    description: "How it was rented; missing in older evidence, which is all on demand.",
  }),
  clock_ahead_seconds: z.number().nullable().meta({
    description: "Seconds by which the machine's clock was ahead; null when not known.",
  }),
}).meta({ id: "Rental", description: "The machine that was leased for it." });

/** nvidia-smi knows about 150. */
export const MOST_GPU_COLUMNS = 1000;

const GpuColumns = z.array(z.enum([...GpuSample.keyof().options, "_"])).max(MOST_GPU_COLUMNS).superRefine(
  (columns, { addIssue }) => {
    const named = columns.filter((column) => column !== "_");
    const twice = named.find((column, index) => named.indexOf(column) !== index);
    if (twice !== undefined) addIssue({ code: "custom", message: `it tells of ${twice} twice` });
    if (!named.includes("timestamp")) addIssue({ code: "custom", message: "it tells of no timestamp" });
  },
);

export const Provenance = z.strictObject({
  evidence_id: z.string().regex(/^[0-9a-f]{16}$/).meta({
    description:
      "First 16 hex digits of the SHA-256 over the digests of metadata.json and results.jsonl: the same evidence has the same id everywhere. Where only gpu.csv differs from evidence that is there already, its digest counts too.",
  }),
  run_id: plainText(LONGEST_TOLD).meta({ description: "Run or import that brought it." }),
  entry_id: plainText(LONGEST_TOLD).meta({ description: "Entry in that run; the folder's name." }),
  origin: Origin,
  provider: plainText(LONGEST_TOLD).meta({ description: "Who lent the machine." }),
  location: plainText(LONGEST_TOLD).nullable().meta({ description: "Where the machine stands." }),
  price_per_hour: z.number().min(LEAST_PRICE_PER_HOUR).nullable().meta({
    description: "US dollars per hour.",
  }),
  gpu: plainText(LONGEST_TOLD).nullable().default(null).meta({
    description: "GPU that the matrix asked for, by its name in the catalogue; null: any, or not known.",
  }),
  rental: Rental.nullable().default(null),
  engine_flags: z.array(plainText(LONGEST_TOLD)).nullable().default(null).meta({
    description: "Flags that the matrix gave the engine; null: none.",
  }),
  collected_at: plainText(LONGEST_TOLD).meta({ description: "When the directory was sealed, ISO 8601 UTC." }),
  files: z.array(z.strictObject({
    name: z.string().regex(/^\w[\w.-]*$/).meta({ description: "File name in the raw directory." }),
    bytes: z.int().min(0).meta({ description: "Size in bytes." }),
    sha256: z.string().regex(/^[0-9a-f]{64}$/).meta({ description: "SHA-256 in hex." }),
  })).meta({ description: "Every raw file, verbatim and write-once." }),
  gpu_columns: GpuColumns.nullable().meta({
    description: "Our names of the columns of gpu.csv in order; an unused column is `_`. Null: no gpu.csv.",
  }),
  gpu_header_lines: z.int().min(0).max(1).meta({
    description: "1 when the first line of gpu.csv is a header.",
  }),
  rejected_lines: z.array(RejectedLine).meta({ description: "Lines left out." }),
}).meta({ id: "Provenance", description: "provenance.json: seals a raw directory." });

/** How the reasons begin for which a line of results.jsonl is left out that tells of no request of its own. */
export const REPEATS = "it repeats line";
export const CUT_OFF = "it was cut off before its end";

/** Whether a request is missing from the figures for it. */
export function isLostRequest({ file, reason }: RejectedLine): boolean {
  return file === "results.jsonl" && !reason.startsWith(REPEATS) && reason !== CUT_OFF;
}

export type RejectedLine = z.infer<typeof RejectedLine>;
export type Rental = z.infer<typeof Rental>;
export type Provenance = z.infer<typeof Provenance>;
