// Seals a raw directory: checks every line, digests every file, and writes provenance.json last. Nothing else in it is touched.
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { Calibration } from "../schema/calibration.ts";
import {
  type GpuHeader,
  gpuLineFault,
  isFailed,
  readChunkLine,
  readGpuHeader,
  type Reading,
  readRequestLine,
  readServerLine,
} from "../schema/evidence.ts";
import { Metadata } from "../schema/metadata.ts";
import { check, parseOrRefuse } from "../schema/parse.ts";
import { Provenance, type RejectedLine } from "../schema/provenance.ts";
import { exists, readText, sha256File, sha256Hex, writeAtomic } from "./files.ts";
import { fileLines } from "./lines.ts";

const CALIBRATION = "calibration.json";

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
  /** False when the measurement was interrupted. */
  readonly complete: boolean;
}

/** Reads and seals `dir`. A UserError refuses it whole when it has no usable request or no usable metadata. */
export async function sealRawDirectory(dir: string, source: Source): Promise<Sealed> {
  const metadata = await readMetadata(dir);
  const results = await readResults(dir);
  const gpu = await readGpu(dir);
  const rejected_lines = [
    ...results.rejected,
    ...await faultyLines(dir, "chunks.jsonl", readChunkLine),
    ...await faultyLines(dir, "server.jsonl", readServerLine),
    ...await faultyCalibration(dir),
    ...gpu.rejected,
  ];
  const files = await digests(dir);
  const digest = (name: string) => files.find((file) => file.name === name)?.sha256 ?? "";
  const provenance = Provenance.parse({
    evidence_id: sha256Hex(`${digest("metadata.json")}\n${digest("results.jsonl")}`).slice(0, 16),
    ...source,
    files,
    gpu_columns: gpu.header?.columns ?? null,
    gpu_header_lines: gpu.header?.header_lines ?? 0,
    rejected_lines,
  });
  await writeAtomic(join(dir, "provenance.json"), `${JSON.stringify(provenance, null, 2)}\n`);
  return {
    ...provenance,
    warnings: [
      ...rejected_lines.map(({ file, line, reason }) => `${file}:${line} was left out: ${reason}`),
      ...(gpu.header === null && (metadata.hardware.gpu_count ?? 1) > 0
        ? ["there is no gpu.csv: GPU statistics are not known"]
        : []),
    ],
    tokens_per_second: results.tokens_per_second,
    requests: results.requests,
    complete: isComplete(metadata),
  };
}

/** What a sealed directory says. */
export async function readSealed(dir: string): Promise<Pick<Sealed, "tokens_per_second" | "complete">> {
  const { tokens_per_second } = await readResults(dir);
  return { tokens_per_second, complete: isComplete(await readMetadata(dir)) };
}

/** An agent that came to its end says when; files of other programs may tell nothing of it. */
function isComplete({ completed_at }: Metadata): boolean {
  return completed_at !== null;
}

async function readMetadata(dir: string): Promise<Metadata> {
  const path = join(dir, "metadata.json");
  const hint = "A result directory needs metadata.json with hardware and model.name.";
  let content: unknown;
  try {
    content = JSON.parse(await readText(path));
  } catch (cause) {
    const found = cause instanceof SyntaxError ? "it is not JSON" : "it is not there";
    throw new UserError(`Cannot read ${path}: ${found}`, hint, { cause });
  }
  return parseOrRefuse(Metadata, content, path, hint);
}

async function readResults(dir: string) {
  const path = join(dir, "results.jsonl");
  if (!await exists(path)) {
    throw new UserError(`Cannot read ${path}: it is not there`, "Name a directory that has one.");
  }
  const rejected: RejectedLine[] = [];
  const rates = new Map<number, { sum: number; count: number }>();
  let requests = 0;
  for await (const { number, text, complete } of fileLines(path)) {
    const reading = readRequestLine(text, complete);
    if (reading === null) continue;
    if ("reason" in reading) {
      rejected.push({ file: "results.jsonl", line: number, reason: reading.reason });
      continue;
    }
    requests += 1;
    const { phase, level, tps } = reading.value;
    if ((phase ?? "measure") !== "measure" || isFailed(reading.value) || !tps) continue;
    const rate = rates.get(level ?? 1) ?? { sum: 0, count: 0 };
    rates.set(level ?? 1, { sum: rate.sum + tps, count: rate.count + 1 });
  }
  if (requests === 0) {
    const [first] = rejected;
    throw new UserError(
      `Cannot use ${path}: it has no usable line${
        first === undefined ? "" : ` (line ${first.line}: ${first.reason})`
      }`,
      "Each line is a JSON object with t, n, tok, and tps or err.",
    );
  }
  const lowest = rates.get(Math.min(...rates.keys()));
  return { requests, rejected, tokens_per_second: lowest === undefined ? null : lowest.sum / lowest.count };
}

/** The lines of an optional file that cannot be used; none without that file. */
async function faultyLines(
  dir: string,
  file: string,
  read: (line: string, complete: boolean) => Reading<unknown>,
): Promise<RejectedLine[]> {
  const path = join(dir, file);
  const rejected: RejectedLine[] = [];
  if (!await exists(path)) return rejected;
  for await (const { number, text, complete } of fileLines(path)) {
    const reading = read(text, complete);
    if (reading === null || "value" in reading) continue;
    rejected.push({ file, line: number, reason: reading.reason });
  }
  return rejected;
}

/** A calibration.json that is none is left out whole. */
async function faultyCalibration(dir: string): Promise<RejectedLine[]> {
  const path = join(dir, CALIBRATION);
  if (!await exists(path)) return [];
  const reject = (reason: string) => [{ file: CALIBRATION, line: 1, reason }];
  try {
    const checked = check(Calibration, JSON.parse(await readText(path)));
    return "faults" in checked ? reject(checked.faults.join("; ")) : [];
  } catch {
    return reject("it is not JSON");
  }
}

async function readGpu(dir: string): Promise<{ header: GpuHeader | null; rejected: RejectedLine[] }> {
  const path = join(dir, "gpu.csv");
  const rejected: RejectedLine[] = [];
  let header: GpuHeader | null = null;
  if (!await exists(path)) return { header, rejected };
  for await (const { number, text } of fileLines(path)) {
    header ??= readGpuHeader(text);
    if (number === 1 && header.header_lines === 1) continue;
    const reason = gpuLineFault(text, header.columns);
    if (reason !== null) rejected.push({ file: "gpu.csv", line: number, reason });
  }
  return { header, rejected };
}

async function digests(dir: string): Promise<Provenance["files"]> {
  const names: string[] = [];
  for await (const item of Deno.readDir(dir)) {
    if (item.isFile && item.name !== "provenance.json" && !item.name.endsWith(".tmp")) names.push(item.name);
  }
  return await Promise.all(
    names.sort().map(async (name) => ({ name, ...await sha256File(join(dir, name)) })),
  );
}
