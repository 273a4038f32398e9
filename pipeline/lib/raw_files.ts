// The files of a raw directory as a seal sees them: what they say, and which of their lines cannot be used, and why.
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { Calibration } from "../schema/calibration.ts";
import { Durations } from "../schema/durations.ts";
import {
  type GpuHeader,
  gpuLineFault,
  readChunkLine,
  readGpuHeader,
  type Reading,
  readRequestLine,
  readServerLine,
} from "../schema/evidence.ts";
import { EVIDENCE_FILES, type EvidenceFileName } from "../schema/evidence_files.ts";
import { isFailed } from "../schema/failed.ts";
import { Metadata } from "../schema/metadata.ts";
import { Phase } from "../schema/names.ts";
import { check, parseOrRefuse } from "../schema/parse.ts";
import { CUT_OFF, MOST_GPU_COLUMNS, type RejectedLine, REPEATS } from "../schema/provenance.ts";
import { strictJson } from "../schema/strict_json.ts";
import { exists, whyNoFile } from "./files.ts";
import { fileLines } from "./lines.ts";
import { readPlainText, UnreadError } from "./plain_file.ts";
import { RepeatedRequests } from "./repeated.ts";
import { Rejections, wholeFile } from "./rejections.ts";
import { RequestTable } from "./request_table.ts";

/** Each is a benchmark of its own. */
const MOST_LEVELS = 256;
/** Something of each is held in memory. The largest file of the agent's has fewer. */
const MOST_LINES = 1_000_000;

/** metadata.json; a UserError says why there is none that can be used. */
export function readMetadata(dir: string): Metadata {
  const path = join(dir, "metadata.json");
  const hint = "A result directory needs metadata.json with hardware and model.name.";
  const read = readJson(dir, "metadata.json");
  if ("reason" in read) throw new UserError(`Cannot read ${path}: ${read.reason}`, hint);
  return parseOrRefuse(Metadata, read.value, path, hint);
}

/** What results.jsonl says; a UserError says why it cannot be used at all. */
export async function readResults(dir: string, { test_config }: Metadata) {
  const path = join(dir, "results.jsonl");
  const none = await whyNoFile(path);
  if (none !== null) throw new UserError(`Cannot read ${path}: ${none}`, "Name a directory that has one.");
  const rejections = new Rejections("results.jsonl");
  const told_level = test_config?.concurrent_reqs || 1;
  const isOpen = (test_config?.load ?? null) !== null && test_config?.load?.kind !== "ladder";
  const repeated = new RepeatedRequests({ told_level, isOpen });
  const durations = new Durations();
  const levels = new Set<number>();
  const rates = new Map<number, { sum: number; count: number }>();
  let requests = 0;
  let measured = 0;
  for await (const line of usableLines(path, readRequestLine, rejections)) {
    const before = repeated.lineOf(line.value, line.number);
    if (before !== null) {
      rejections.add(line.number, `${REPEATS} ${before}`);
      continue;
    }
    requests += 1;
    const { phase, level, tps } = line.value;
    levels.add(level ?? 1);
    if (levels.size > MOST_LEVELS) break;
    if ((phase ?? "measure") !== "measure") continue;
    measured += 1;
    if (isFailed(line.value)) continue;
    durations.add(line.value);
    if (!tps) continue;
    const rate = rates.get(level ?? 1) ?? { sum: 0, count: 0 };
    rates.set(level ?? 1, { sum: rate.sum + tps, count: rate.count + 1 });
  }
  refuseUseless(path, requests, levels.size, rejections);
  const lowest = rates.get(Math.min(...rates.keys()));
  return {
    requests,
    measured,
    rejected: rejections.lines,
    tokens_per_second: lowest === undefined ? null : lowest.sum / lowest.count,
    impossible: durations.fault(told_level, isOpen),
  };
}

function refuseUseless(path: string, requests: number, levels: number, { lines, whole }: Rejections): void {
  const hint = "Each line is a JSON object with t, n, and tok, tps or err.";
  if (whole !== null) throw new UserError(`Cannot use ${path}: ${whole}`, hint);
  if (requests === 0) {
    const [first] = lines;
    const why = first === undefined ? "" : ` (line ${first.line}: ${first.reason})`;
    throw new UserError(`Cannot use ${path}: it has no usable line${why}`, hint);
  }
  if (levels > MOST_LEVELS) {
    throw new UserError(
      `Cannot use ${path}: it tells of more than ${MOST_LEVELS} load levels`,
      "`level` is the number of requests in flight, or requests per second of an open loop.",
    );
  }
}

/** The lines that chunks.jsonl and server.jsonl have and that cannot be used; none without these files. */
export async function faultyLines(dir: string): Promise<RejectedLine[]> {
  return [...await faultyChunks(dir), ...await faultyServerLines(dir)];
}

async function faultyChunks(dir: string): Promise<RejectedLine[]> {
  const rejections = new Rejections("chunks.jsonl");
  const path = join(dir, rejections.file);
  if (await whyNoFile(path) !== null) return [];
  const known = new RequestTable();
  for await (const { number, value: { level, phase, n } } of usableLines(path, readChunkLine, rejections)) {
    const request = known.keyOf([level, Phase.options.indexOf(phase), n]);
    if (known.get(request) === null) known.add(request, { line: number, n, tps: 0 });
    else rejections.add(number, `it tells of request ${n} again`);
  }
  return rejections.lines;
}

async function faultyServerLines(dir: string): Promise<RejectedLine[]> {
  const rejections = new Rejections("server.jsonl");
  const path = join(dir, rejections.file);
  if (await whyNoFile(path) !== null) return [];
  await Array.fromAsync(usableLines(path, readServerLine, rejections), () => null);
  return rejections.lines;
}

/** The lines of a file that `read` can use; the others go to `rejections`, up to where these leave out the whole file. */
async function* usableLines<T>(
  path: string,
  read: (line: string, complete: boolean) => Reading<T>,
  rejections: Rejections,
): AsyncGenerator<{ number: number; value: T }> {
  for await (const { number, text, complete, fault } of fileLines(path)) {
    if (number > MOST_LINES) rejections.addWhole(`it has more than ${MOST_LINES.toLocaleString("en")} lines`);
    if (rejections.whole !== null) return;
    const reading = fault === null ? read(text, complete) : { reason: complete ? fault : CUT_OFF };
    if (reading === null) continue;
    if ("reason" in reading) rejections.add(number, reading.reason);
    else yield { number, value: reading.value };
  }
}

/** A calibration.json that is none is left out whole. */
export async function faultyCalibration(dir: string): Promise<RejectedLine[]> {
  const file = "calibration.json";
  if (!await exists(join(dir, file))) return [];
  const read = readJson(dir, file);
  if ("reason" in read) return wholeFile(file, read.reason);
  const checked = check(Calibration, read.value);
  return "faults" in checked ? wholeFile(file, checked.faults.join("; ")) : [];
}

/** The layout of gpu.csv, null where it cannot be used, and its lines that cannot. */
export async function readGpu(dir: string): Promise<{ header: GpuHeader | null; rejected: RejectedLine[] }> {
  const rejections = new Rejections("gpu.csv");
  const path = join(dir, rejections.file);
  let header: GpuHeader | null = null;
  if (await whyNoFile(path) !== null) return { header, rejected: [] };
  for await (const { number, text, fault } of fileLines(path)) {
    if (fault === null && header === null) {
      if (text.includes("\r")) {
        return { header, rejected: wholeFile(rejections.file, "its lines end with CR alone") };
      }
      header = readGpuHeader(text);
      const { length } = header.columns;
      if (length > MOST_GPU_COLUMNS) {
        const reason = `it has ${length} columns, at most ${MOST_GPU_COLUMNS} are read`;
        return { header: null, rejected: wholeFile(rejections.file, reason) };
      }
      if (header.header_lines === 1) continue;
    }
    const reason = fault ?? gpuLineFault(text, header?.columns ?? []);
    if (reason !== null) rejections.add(number, reason);
  }
  return { header: rejections.whole === null ? header : null, rejected: rejections.lines };
}

/** The JSON of a small file, or why it says none. */
function readJson(dir: string, name: EvidenceFileName) {
  try {
    return strictJson(readPlainText(join(dir, name), EVIDENCE_FILES[name].most_bytes).text);
  } catch (error) {
    if (error instanceof UnreadError) return { reason: error.message };
    throw error;
  }
}
