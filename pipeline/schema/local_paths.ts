// PURE. Paths of somebody's computer in the names and words of others: they tell whose it is, and nothing of what was measured.
import { HOMES } from "./homes.ts";

/** Words without homes: `/home/ann/x` becomes `~/x`. */
export function withoutHomes(text: string): string {
  return text.replace(HOMES, (...[, ...told]) => {
    const offset: number = told.find((each) => typeof each === "number") ?? 0;
    return /\w/.test(text[offset - 1] ?? "") ? "/~" : "~";
  });
}

/** What begins like a path of this or another system. */
const ROOTED = /^([/\\]|~|\.{1,2}[/\\]|[a-z]:[/\\]|file:)/i;
const FOREIGN_HOME = /^(home|users)[/\\][^/\\]+[/\\]/i;
/** `hosted_vllm//models/x`, `lora:/models/x`, but no address of the web. */
const PREFIXED = /^[\w.-]+(\/\/|:\/(?!\/))/;
const WEIGHTS_FILE = /\.(gguf|ggml|bin|safetensors|pth?|onnx)(:[\w.-]+)?$/i;
const REVISION = /^[0-9a-f]{12,64}$/i;
const QUOTED = /"([^"]*)"/g;
/** Where the next flag begins in several that are one text. */
const NEXT_FLAG = /(?<=\s)(?=--?[a-z])/i;
/** What stands before the value of a flag: `--cache=`, `--cache `, `name=`, `--lora name=`. */
const FLAG_NAMES = /^(?:--?[\w.-]{1,64}[ =]{1,8}|[\w.-]{1,64}=){1,4}/;
/** The longest path that systems take is 4096 bytes; longer ones are not looked for. */
const LONGEST_PATH = 1024;

/** The name a model is published under: of a path the last part that tells something, any other name as it is. */
export function publicModelName(model: string): string {
  if (!isPath(model)) return model;
  // The last name ends with the path: it may hold spaces.
  const parts = withoutHomes(`${unescaped(model)}/`).split(/[\\/]+/).filter((part) =>
    !/^(|~|\.{1,2}|[a-z]:)$/i.test(part)
  );
  const hub = parts.map(hubName).find((name) => name !== null);
  return hub ?? parts.findLast((part) => !REVISION.test(part) && part !== "snapshots") ?? "unnamed";
}

/** A flag of an engine without the folders of paths: `--cache=/srv/x` becomes `--cache=x`, `{"model":"/srv/x"}` likewise. */
export function publicFlag(flag: string): string {
  return flag.split(NEXT_FLAG).map(publicValue).join("");
}

function publicValue(flag: string): string {
  const [names = ""] = FLAG_NAMES.exec(flag) ?? [];
  const value = flag.slice(names.length);
  if (ROOTED.test(value)) return names + publicModelName(value);
  return withoutHomes(
    flag.replace(QUOTED, (quoted, path) => ROOTED.test(path) ? `"${publicModelName(path)}"` : quoted),
  );
}

/** A function that takes paths out of words: that of the `model`, its folder's, that of `home`, and every home. */
export function pathRemover(model: string, home: string | null): (text: string) => string {
  const folder = isPath(model)
    ? model.slice(0, Math.max(model.lastIndexOf("/"), model.lastIndexOf("\\")) + 1)
    : "";
  const told: [path: string, shown: string][] = [[model, publicModelName(model)], [folder, ""], [
    home ?? "",
    "~",
  ]];
  const written = told
    .filter(([path, shown]) => path.length > 3 && path.length <= LONGEST_PATH && path !== shown)
    .flatMap(([path, shown]) => [[path, shown], [JSON.stringify(path).slice(1, -1), shown]] as const);
  return (text) => withoutHomes(written.reduce((left, [path, shown]) => left.replaceAll(path, shown), text));
}

function isPath(name: string): boolean {
  return ROOTED.test(name) || FOREIGN_HOME.test(name) || PREFIXED.test(name) || name.includes("\\") ||
    WEIGHTS_FILE.test(name) && name.includes("/") || withoutHomes(name) !== name;
}

/** The model of a folder of Hugging Face's cache, `models--owner--name`; null for any other name. */
function hubName(part: string): string | null {
  const [kind, owner = "", ...name] = part.split("--");
  return kind === "models" && owner !== "" && name.join("") !== "" ? `${owner}/${name.join("--")}` : null;
}

/** The path that a file: address means. */
function unescaped(path: string): string {
  if (!/^file:/i.test(path)) return path;
  try {
    return decodeURIComponent(path.slice("file:".length));
  } catch {
    return path.slice("file:".length);
  }
}
