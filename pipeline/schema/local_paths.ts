// PURE. Paths of somebody's computer in the names and words of others: they tell whose it is, and nothing of what was measured.

/** A separator, also as JSON and addresses write it. */
const SEP = "(?:\\\\u00(?:2f|5c)|%2f|%5c|[\\\\/])+";
const NAME = "(?:[^\\\\/\\s:\"'<>|,;%)\\]}]+)";
/** On Windows a name may hold spaces, and what follows it begins with a separator. */
const WINDOWS_NAME = `(?:[^\\\\/:"'<>|\\r\\n]{1,64}(?=\\\\)|${NAME})`;
const HOME = new RegExp(
  [
    `(?:file:${SEP})?[a-z]:${SEP}(?:users|documents and settings)${SEP}${WINDOWS_NAME}`,
    `(?:file:)?${SEP}(?:homes?\\d*|users)${SEP}${NAME}`,
    `(?:file:)?${SEP}root(?![\\w.-])`,
    `(?<![\\w~/])~[a-z_][\\w.-]*(?=[\\\\/])`,
  ].join("|"),
  "gi",
);

/** Words without homes: `/home/ann/x` becomes `~/x`. */
export function withoutHomes(text: string): string {
  return text.replace(HOME, (_home, offset: number) => /\w/.test(text[offset - 1] ?? "") ? "/~" : "~");
}

/** What begins like a path of this or another system. */
const ROOTED = /^([/\\]|~|\.{1,2}[/\\]|[a-z]:[/\\]|file:)/i;
const FOREIGN_HOME = /^(home|users)[/\\][^/\\]+[/\\]/i;
/** `hosted_vllm//models/x`, `lora:/models/x`, but no address of the web. */
const PREFIXED = /^[\w.-]+(\/\/|:\/(?!\/))/;
const WEIGHTS_FILE = /\.(gguf|ggml|bin|safetensors|pth?|onnx)(:[\w.-]+)?$/i;
const REVISION = /^[0-9a-f]{12,64}$/i;
const QUOTED = /"([^"]*)"/g;
/** A folder of Hugging Face's cache. */
const HUB = /^models--(.+?)--(.+)$/;

/** The name a model is published under: of a path the last part that tells something, any other name as it is. */
export function publicModelName(model: string): string {
  if (!isPath(model)) return model;
  const parts = withoutHomes(unescaped(model)).split(/[\\/]+/).filter((part) =>
    !/^(|~|\.{1,2}|[a-z]:)$/i.test(part)
  );
  const hub = parts.map((part) => HUB.exec(part)).find((found) => found !== null);
  if (hub !== undefined) return `${hub[1]}/${hub[2]}`;
  return parts.findLast((part) => !REVISION.test(part) && part !== "snapshots") ?? "unnamed";
}

/** A flag of an engine without the folders of paths: `--cache=/srv/x` becomes `--cache=x`, `{"model":"/srv/x"}` likewise. */
export function publicFlag(flag: string): string {
  const [, name = "", value = ""] = /^(-[^=]*=)?([^]*)$/.exec(flag) ?? [];
  if (ROOTED.test(value)) return `${name}${publicModelName(value)}`;
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
  const written = told.filter(([path, shown]) => path.length > 3 && path !== shown)
    .flatMap(([path, shown]) => [[path, shown], [JSON.stringify(path).slice(1, -1), shown]] as const);
  return (text) => withoutHomes(written.reduce((left, [path, shown]) => left.replaceAll(path, shown), text));
}

function isPath(name: string): boolean {
  return ROOTED.test(name) || FOREIGN_HOME.test(name) || PREFIXED.test(name) || name.includes("\\") ||
    WEIGHTS_FILE.test(name) && name.includes("/") || withoutHomes(name) !== name;
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
