// A file of somebody else's is taken in as it is, but for paths of the computer that it was made on.
import { basename } from "node:path";
import { readText, writeAtomic } from "../lib/files.ts";
import { LineWriter } from "../lib/line_writer.ts";
import { rawLines, STUMP } from "../lib/lines.ts";
import { changeJsonTexts, type ChangeText } from "../schema/json_texts.ts";
import { pathRemover, publicFlag, publicModelName } from "../schema/local_paths.ts";
import { strictJson } from "../schema/strict_json.ts";

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const ENCODER = new TextEncoder();

type Change = (text: string) => string;
type Fields = Record<string, unknown>;

const NOTE = "local paths were taken out";
/** Without one of these a line tells no path, escapes of JSON and of addresses included. */
const SUSPECT = /[\\/~%]/;
const MARK = "\uFEFF";

/** What takes paths out of the files beside this metadata.json: that of its model, and every home. */
export async function removerFor(metadata: string): Promise<Change> {
  const model = fieldsOf(await textOf(metadata))?.model;
  const name = isFields(model) && typeof model.name === "string" ? model.name : "";
  return pathRemover(name, null);
}

/** Copies `from` to `to`; a sentence when something was taken out, else null. */
export async function copyCleaned(from: string, to: string, remove: Change): Promise<string | null> {
  const changed = from.endsWith(".json")
    ? await copyJson(from, to, remove)
    : await copyLines(from, to, from.endsWith(".jsonl") ? jsonCleaner(remove) : remove);
  return changed === 0 ? null : `${basename(from)}: ${NOTE}${changed === 1 ? "" : ` of ${changed} lines`}`;
}

/** A JSON file is written anew only where something must go. */
async function copyJson(from: string, to: string, remove: Change): Promise<number> {
  const told = await textOf(from);
  if (told === null || fieldsOf(told) === null) return await copyLines(from, to, jsonCleaner(remove));
  const shown = changeJsonTexts(told, (text, path, isKey) => remove(isKey ? text : shownField(text, path)));
  if (shown === told) return await copyLines(from, to, (line) => line);
  await writeAtomic(to, shown);
  return 1;
}

/** Of each text that is a path the last part remains. Prompts are sentences, which may begin with a slash. */
function shownField(text: string, [first, second]: readonly string[]): string {
  if (first === "test_config" && second === "prompts") return text;
  return first === "model" && second === "name" ? publicModelName(text) : publicFlag(text);
}

/** Copies line by line: those without a path byte by byte. */
async function copyLines(from: string, to: string, clean: Change): Promise<number> {
  using writer = new LineWriter(to);
  let changed = 0;
  for await (const { bytes, complete } of rawLines(from)) {
    const text = bytes === null ? null : decoded(bytes);
    const shown = text !== null && SUSPECT.test(text) ? clean(text) : text;
    const same = bytes !== null && shown === text;
    if (bytes !== null && !same) changed += 1;
    writer.add(same ? bytes : ENCODER.encode(shown ?? STUMP), complete);
  }
  writer.end();
  return changed;
}

/** Cleans a line of JSON text by text, so that no escape hides a path; a line that is no JSON as the words that it is. */
function jsonCleaner(remove: Change): Change {
  const change: ChangeText = (text, path, isKey) =>
    remove(!isKey && path.length === 1 && NAMES.has(path[0] ?? "") ? publicModelName(text) : text);
  return (line) => {
    const json = line.startsWith(MARK) ? line.slice(MARK.length) : line;
    if (isJson(json)) return line.slice(0, line.length - json.length) + changeJsonTexts(json, change);
    const plain = withoutEscapes(line);
    const shown = remove(plain);
    return shown === plain ? line : shown;
  };
}

/** The fields of a line that name something, and may name it by its path. */
const NAMES = new Set(["model", "prompt"]);

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function withoutEscapes(text: string): string {
  return text.replace(/\\u([0-9a-f]{4})/gi, (_, code) => String.fromCharCode(Number.parseInt(code, 16)));
}

function decoded(bytes: Uint8Array): string | null {
  try {
    return UTF8.decode(bytes);
  } catch {
    return null;
  }
}

/** Null: it is no text. */
async function textOf(path: string): Promise<string | null> {
  try {
    return await readText(path);
  } catch {
    return null;
  }
}

/** The JSON object that a text is; null when it is none. */
function fieldsOf(text: string | null): Fields | null {
  const read = strictJson(text ?? "");
  return "value" in read && isFields(read.value) ? read.value : null;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
