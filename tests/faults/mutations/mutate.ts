// Shipped evidence, spoilt: the same directories for the same seed.
import { join } from "node:path";
import { type Chance, chance, oneOf } from "../chance.ts";
import { BYTES, CELLS, LINES, PIECES, STRANGERS } from "./values.ts";

/** The files of a directory, as bytes. */
export type Files = Map<string, Uint8Array>;

export interface Spoilt {
  readonly files: Files;
  /** What was done to it, in order. */
  readonly what: readonly string[];
}

/** So many lines of a shipped file are taken; what is spoilt is not their number. */
const MOST_LINES = 40;
const ENCODER = new TextEncoder();
/** One character a byte, so that bytes that are no text come through. */
const BINARY = {
  read: (bytes: Uint8Array) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""),
  write: (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0)),
};

/** The shipped directories, cut short, and one of the older format. */
export async function shipped(raw: string, older: string): Promise<Files[]> {
  const dirs = [older];
  for (const run of [...Deno.readDirSync(raw)].filter(({ isDirectory }) => isDirectory)) {
    for (const { name } of Deno.readDirSync(join(raw, run.name))) dirs.push(join(raw, run.name, name));
  }
  return await Promise.all(
    dirs.sort().map(async (dir) => {
      const files: Files = new Map();
      for (const { name } of [...Deno.readDirSync(dir)].filter((item) => item.name !== "provenance.json")) {
        const text = await Deno.readTextFile(join(dir, name));
        files.set(name, ENCODER.encode(/\.json$/.test(name) ? text : headOf(text)));
      }
      return files;
    }),
  );
}

function headOf(text: string): string {
  return `${text.split("\n").slice(0, MOST_LINES).join("\n").trimEnd()}\n`;
}

/** Directory `n` of `seed`: one of `bases` of a host of its own, with one to four things done to it. */
export function spoil(bases: readonly Files[], seed: number, n: number): Spoilt {
  const next = chance(seed * 100_003 + n);
  const base = bases[below(bases.length, next)] ?? new Map();
  const files: Files = new Map(base);
  change(files, "metadata.json", (text) => ofHost(text, n));
  const what: string[] = [];
  for (let left = 1 + below(4, next); left > 0; left--) {
    const [name, act] = oneOf(ACTS, next);
    what.push(name);
    act(files, next);
  }
  return { files, what };
}

/** metadata.json of another host, so that no two directories are the same evidence. */
function ofHost(text: string, n: number): string {
  return text.replace(/"host_id":\s*"[^"]*",/, "").replace("{", `{"host_id":"host-${n}",`);
}

type Act = readonly [name: string, act: (files: Files, next: Chance) => void];

// deno-fmt-ignore
const ACTS: readonly (readonly [number, Act])[] = [
  [6, ["a value of a line is another", (files, next) => change(files, lineFile(next), (text) => onLine(text, next, (line) => valued(line, next)))]],
  [2, ["a value is there twice", (files, next) => change(files, anyJson(next), (text) => onLine(text, next, (line) => doubled(line, next)))]],
  [2, ["a key is gone", (files, next) => change(files, anyJson(next), (text) => onLine(text, next, (line) => without(line, next)))]],
  [5, ["a value of metadata is another", (files, next) => change(files, "metadata.json", (text) => valued(text, next))]],
  [2, ["a value of the calibration is another", (files, next) => change(files, "calibration.json", (text) => valued(text, next))]],
  [3, ["a line that is none", (files, next) => change(files, lineFile(next), (text) => insertLine(text, LINES, next))]],
  [2, ["bytes that are no text", (files, next) => change(files, anyFile(next), (text) => insertAt(text, bytesAsText(next), next))]],
  [2, ["some bits are flipped", (files, next) => change(files, anyFile(next), (text) => flipped(text, next))]],
  [2, ["it is cut off", (files, next) => change(files, anyFile(next), (text) => text.slice(0, below(text.length, next)))]],
  [2, ["lines are there twice", (files, next) => change(files, lineFile(next), (text) => twice(text, next))]],
  [1, ["lines are in another order", (files, next) => change(files, lineFile(next), (text) => shuffled(text, next))]],
  [1, ["other line ends", (files, next) => change(files, anyFile(next), (text) => text.replaceAll("\n", pick(["\r\n", "\r"], next)))]],
  [1, ["a mark of order", (files, next) => change(files, anyFile(next), (text) => `\u00ef\u00bb\u00bf${text}`)]],
  [2, ["a number is in another unit", (files, next) => change(files, "results.jsonl", (text) => scaled(text, next))]],
  [2, ["a gpu.csv of odd cells", (files, next) => void files.set("gpu.csv", ENCODER.encode(gpuCsv(next)))]],
  [1, ["a file is gone", (files, next) => void files.delete(anyFile(next))]],
  [1, ["a file is empty", (files, next) => void files.set(anyFile(next), new Uint8Array())]],
  [2, ["a stranger lies beside it", (files, next) => addStranger(files, next)]],
];

function addStranger(files: Files, next: Chance): void {
  const [name, text] = pick(Object.entries(STRANGERS), next);
  files.set(name, ENCODER.encode(text));
}

function twice(text: string, next: Chance): string {
  return text + text.slice(0, text.indexOf("\n", below(text.length, next)) + 1);
}

export function below(most: number, next: Chance): number {
  return Math.floor(next() * most);
}

function pick<T>(items: readonly T[], next: Chance): T {
  return items[below(items.length, next)] as T;
}

const lineFile = (next: Chance) =>
  pick(["results.jsonl", "results.jsonl", "results.jsonl", "chunks.jsonl", "server.jsonl"], next);
const anyJson = (next: Chance) =>
  pick(["results.jsonl", "metadata.json", "chunks.jsonl", "calibration.json"], next);
const anyFile = (next: Chance) =>
  pick([
    "results.jsonl",
    "results.jsonl",
    "metadata.json",
    "chunks.jsonl",
    "server.jsonl",
    "gpu.csv",
    "calibration.json",
    "agent.log",
  ], next);

/** Changes a file that is there, byte by byte. */
export function change(files: Files, name: string, act: (text: string) => string): void {
  const bytes = files.get(name);
  if (bytes !== undefined) files.set(name, BINARY.write(act(BINARY.read(bytes))));
}

function bytesAsText(next: Chance): string {
  return BINARY.read(pick(BYTES, next));
}

function utf8(text: string): string {
  return BINARY.read(ENCODER.encode(text));
}

function onLine(text: string, next: Chance, act: (line: string) => string): string {
  const lines = text.split("\n");
  const at = below(Math.max(1, lines.length - 1), next);
  return lines.map((line, index) => index === at ? act(line) : line).join("\n");
}

const MEMBER = /"(?:[^"\\]|\\.)*"\s*:\s*("(?:[^"\\]|\\.)*"|-?[\d.eE+-]+|true|false|null)/g;

/** One of the members of JSON whose value is no object or list. */
function memberIn(text: string, next: Chance): { at: number; member: string; value: string } | null {
  const members = [...text.matchAll(MEMBER)];
  const found = members[below(members.length, next)];
  return found === undefined ? null : { at: found.index, member: found[0], value: found[1] ?? "" };
}

export function valued(text: string, next: Chance): string {
  const found = memberIn(text, next);
  if (found === null) return text;
  const { at, member, value } = found;
  const other = member.slice(0, member.length - value.length) + utf8(pick(PIECES, next));
  return text.slice(0, at) + other + text.slice(at + member.length);
}

function doubled(text: string, next: Chance): string {
  const found = memberIn(text, next);
  return found === null ? text : `${text.slice(0, found.at)}${found.member},${text.slice(found.at)}`;
}

function without(text: string, next: Chance): string {
  const found = memberIn(text, next);
  if (found === null) return text;
  return text.slice(0, found.at) + text.slice(found.at + found.member.length).replace(/^\s*,/, "");
}

function insertLine(text: string, lines: readonly string[], next: Chance): string {
  const all = text.split("\n");
  all.splice(below(all.length, next), 0, utf8(pick(lines, next)));
  return all.join("\n");
}

function insertAt(text: string, piece: string, next: Chance): string {
  const at = below(text.length, next);
  return text.slice(0, at) + piece + text.slice(at);
}

function flipped(text: string, next: Chance): string {
  const bytes = BINARY.write(text);
  for (let left = 1 + below(8, next); left > 0 && bytes.length > 0; left--) {
    const at = below(bytes.length, next);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8, next));
  }
  return BINARY.read(bytes);
}

function shuffled(text: string, next: Chance): string {
  return text.split("\n").map((line) => ({ line, key: next() })).sort((a, b) => a.key - b.key).map((
    { line },
  ) => line).join("\n");
}

/** One key of every line, in another unit. */
function scaled(text: string, next: Chance): string {
  const key = pick(["t", "tok", "tps", "dur", "sent_ns", "first_text_ns", "last_text_ns", "level"], next);
  const times = pick([1000, 0.001, 60, -1, 0], next);
  return text.replace(
    new RegExp(`("${key}":)(-?[\\d.]+)`, "g"),
    (_, name, value) => name + String(Number(value) * times),
  );
}

function gpuCsv(next: Chance): string {
  const header = pick([
    "ts,util,mem_used,mem_total,temp,power",
    "timestamp, utilization.gpu [%], memory.used [MiB], memory.total [MiB], temperature.gpu, power.draw [W]",
    "timestamp,gpu_index,gpu_uuid,utilization_pct,memory_used_mib,power_w",
    "a,b,c",
  ], next);
  const columns = header.split(",").length;
  const rows = Array.from({ length: 30 }, (_, n) => {
    const time = new Date(1_795_628_755_000 + n * 1000).toISOString().replace("T", " ").replace("Z", "");
    const cells = Array.from(
      { length: columns - 1 },
      () => below(6, next) === 0 ? pick(CELLS, next) : String(below(90, next)),
    );
    return [below(15, next) === 0 ? pick(CELLS, next) : time, ...cells].join(",");
  });
  return `${[...(below(3, next) === 0 ? [] : [header]), ...rows].join("\n")}\n`;
}
