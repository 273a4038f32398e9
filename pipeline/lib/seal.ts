// Seals a raw directory: checks every line, digests every file, and writes provenance.json last. Nothing else in it is touched.
import { join } from "node:path";
import { isEvidenceFile } from "../schema/evidence_files.ts";
import { publicFlag } from "../schema/local_paths.ts";
import type { Metadata } from "../schema/metadata.ts";
import { visible } from "../schema/plain_text.ts";
import { LONGEST_TOLD, Provenance, type RejectedLine } from "../schema/provenance.ts";
import { cutText, mapTexts, wellFormedJson } from "../schema/text.ts";
import { evidenceId } from "./evidence_id.ts";
import { sha256File, writeAtomic } from "./files.ts";
import { faultyCalibration, faultyLines, readGpu, readMetadata, readResults } from "./raw_files.ts";
import { inWords } from "./rejections.ts";

const SEAL = "provenance.json";
const NOTHING_MEASURED =
  "nothing in it was measured: all its requests are of warm-up, settle or repeat, and no table will tell of it";

/** Where the evidence comes from. */
export type Source =
  & Pick<
    Provenance,
    "run_id" | "entry_id" | "origin" | "provider" | "location" | "price_per_hour" | "collected_at"
  >
  & Partial<Pick<Provenance, "gpu" | "rental" | "engine_flags">>;

export interface Sealed extends Provenance {
  /** For people: one sentence each. */
  readonly warnings: string[];
  /** Mean of the recorded tokens/s of the measured requests that succeeded at the lowest level. */
  readonly tokens_per_second: number | null;
  /** Usable request lines, warm-up included. */
  readonly requests: number;
  /** Why the recorded durations cannot be seconds; null when they can. */
  readonly impossible: string | null;
  /** False when the measurement was interrupted. */
  readonly complete: boolean;
}

/** Reads and seals `dir`. A UserError refuses it whole when it has no usable request or no usable metadata. `apart`: see evidenceId. */
export async function sealRawDirectory(dir: string, source: Source, apart = false): Promise<Sealed> {
  const metadata = readMetadata(dir);
  const results = await readResults(dir, metadata);
  const gpu = await readGpu(dir);
  const rejected_lines = [
    ...results.rejected,
    ...await faultyLines(dir),
    ...await faultyCalibration(dir),
    ...gpu.rejected,
  ];
  const files = await digests(dir);
  const provenance = Provenance.parse({
    evidence_id: evidenceId(files, apart),
    ...mapTexts(source, told),
    engine_flags: source.engine_flags?.map((flag) => told(publicFlag(flag))) ?? null,
    files,
    gpu_columns: gpu.header?.columns ?? null,
    gpu_header_lines: gpu.header?.header_lines ?? 0,
    rejected_lines,
  });
  await writeAtomic(join(dir, SEAL), `${wellFormedJson(provenance, 2)}\n`);
  return {
    ...provenance,
    warnings: [
      ...(results.measured === 0 ? [NOTHING_MEASURED] : []),
      ...inWords(rejected_lines),
      ...(gpu.header === null && (metadata.hardware.gpu_count ?? 1) > 0 ? [gpuNotKnown(gpu.rejected)] : []),
    ],
    tokens_per_second: results.tokens_per_second,
    requests: results.requests,
    impossible: results.impossible,
    complete: isComplete(metadata),
  };
}

/** Names as a seal may hold them. */
function told(text: string): string {
  return cutText(visible(text), LONGEST_TOLD);
}

/** What a sealed directory says. */
export async function readSealed(dir: string): Promise<Pick<Sealed, "tokens_per_second" | "complete">> {
  const metadata = readMetadata(dir);
  const { tokens_per_second } = await readResults(dir, metadata);
  return { tokens_per_second, complete: isComplete(metadata) };
}

function gpuNotKnown(rejected: readonly RejectedLine[]): string {
  return `there is no ${rejected.length === 0 ? "" : "usable "}gpu.csv: GPU statistics are not known`;
}

/** An agent that came to its end says when; files of other programs may tell nothing of it. */
function isComplete({ completed_at }: Metadata): boolean {
  return completed_at !== null;
}

async function digests(dir: string): Promise<Provenance["files"]> {
  const names: string[] = [];
  for await (const item of Deno.readDir(dir)) {
    if (item.isFile && item.name !== SEAL && isEvidenceFile(item.name)) names.push(item.name);
  }
  return await Promise.all(
    names.sort().map(async (name) => ({ name, ...await sha256File(join(dir, name)) })),
  );
}
