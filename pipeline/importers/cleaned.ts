// A file of somebody else's is taken in as it is, but for paths of the computer that it was made on.
import { basename } from "node:path";
import { readText, writeAtomic } from "../lib/files.ts";
import { LineWriter } from "../lib/line_writer.ts";
import { rawLines, STUMP } from "../lib/lines.ts";
import { pathRemover, publicFlag, publicModelName } from "../schema/local_paths.ts";
import { strictJson } from "../schema/strict_json.ts";
import { mapTexts, wellFormedJson } from "../schema/text.ts";

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const ENCODER = new TextEncoder();

type Change = (text: string) => string;
type Fields = Record<string, unknown>;

const NOTE = "local paths were taken out";

/** What takes paths out of the files beside this metadata.json: that of its model, and every home. */
export async function removerFor(metadata: string): Promise<Change> {
  const model = fieldsOf(await textOf(metadata))?.model;
  const name = isFields(model) && typeof model.name === "string" ? model.name : "";
  return pathRemover(name, null);
}

/** Copies `from` to `to`; a sentence when something was taken out, else null. */
export async function copyCleaned(from: string, to: string, remove: Change): Promise<string | null> {
  const changed = /\.json$/.test(from) ? await copyJson(from, to, remove) : await copyLines(from, to, remove);
  return changed === 0 ? null : `${basename(from)}: ${NOTE}${changed === 1 ? "" : ` of ${changed} lines`}`;
}

/** A JSON file is written anew only where something must go. */
async function copyJson(from: string, to: string, remove: Change): Promise<number> {
  const told = fieldsOf(await textOf(from));
  const shown = told === null ? null : mapTexts(withoutFolders(told), remove);
  if (shown === null || JSON.stringify(shown) === JSON.stringify(told)) {
    return await copyLines(from, to, remove);
  }
  await writeAtomic(to, `${wellFormedJson(shown, 2)}\n`);
  return 1;
}

/** Of each text that is a path the last part remains. Prompts are sentences, which may begin with a slash. */
function withoutFolders(told: Fields): Fields {
  return changed(told, {
    test_config: (settings) =>
      isFields(settings) ? changed(settings, { prompts: (prompts) => prompts }) : settings,
    model: (model) => isFields(model) ? changed(model, { name: shownName }) : model,
  });
}

/** The fields in their order, each changed as `special` says, else as flags are. */
function changed(told: Fields, special: Readonly<Record<string, (value: unknown) => unknown>>): Fields {
  return Object.fromEntries(
    Object.entries(told).map(([key, value]) => [
      key,
      Object.hasOwn(special, key) ? special[key]?.(value) : mapTexts(value, publicFlag),
    ]),
  );
}

function shownName(name: unknown): unknown {
  return typeof name === "string" ? publicModelName(name) : name;
}

/** Copies line by line: those without a path byte by byte. */
async function copyLines(from: string, to: string, remove: Change): Promise<number> {
  using writer = new LineWriter(to);
  let changed = 0;
  for await (const { bytes, complete } of rawLines(from)) {
    const text = bytes === null ? null : decoded(bytes);
    const shown = text === null ? null : remove(text);
    const same = bytes !== null && shown === text;
    if (bytes !== null && !same) changed += 1;
    writer.add(same ? bytes : ENCODER.encode(shown ?? STUMP), complete);
  }
  writer.end();
  return changed;
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
