// Whether the model that an answer names is the one that was asked for. Names differ in case, marks, publisher and in what they leave
// out: size, revision, quantisation. All other words and numbers must be the same. Pure.

/** What one name may leave out, and both must tell alike where both do. */
const PARTICULARS: readonly RegExp[] = [
  /\d+-?bit|(ud-)?i?q\d[a-z0-9]*(_[a-z0-9]+)*|(b?f|u?int|(mx|nv)?fp|nf)\d{1,2}|w\d{1,2}a\d{1,2}|awq|gptq|bnb|exl\d|hqq|qat/,
  /(\d+x)?\d+(\.\d+)?[bmt]|[ae]\d+(\.\d+)?b/,
  /\d+k/,
  /20\d\d(-?\d\d){1,2}|\d\d-\d\d|0\d\d|\d{4}|\d{6}|v\d+(\.\d+)*/,
].map((what) => new RegExp(`(?<![a-z0-9]|\\d\\.)(${what.source})(?![a-z0-9]|\\.\\d)`, "g"));

/** What says nothing of which model it is: how it was tuned to be asked, who made it, what file it came in. */
const HARMLESS: readonly string[] = [
  ...["instruct", "it", "chat", "latest", "preview", "exp"],
  ...["meta", "openai", "google", "microsoft", "mistralai", "nvidia", "ibm", "ai"],
  ...["hf", "gguf", "ggml", "safetensors", "mlx", "onnx", "imatrix", "dynamic", "quantized"],
];
/** Of a model that others were distilled from, the one that learnt: `DeepSeek-R1-Distill-Qwen-7B` is a DeepSeek-R1. */
const PUPIL = /distill(ed)?-[a-z]+/;
const PART_OF_FILE = /-\d{5}-of-\d{5}/;

/** Null where the names say nothing: a file's is whatever somebody called it. */
export function isSameModel(asked: string, told: string): boolean | null {
  const [one, other] = [partsOf(asked), partsOf(told)];
  if (one.whole === "" || other.whole === "") return null;
  if (one.whole === other.whole) return true;
  if (one.model !== "" && one.model === other.model && agree(one.particulars, other.particulars)) return true;
  return isFile(asked) || isFile(told) ? null : false;
}

interface Parts {
  /** All words and numbers. */
  readonly whole: string;
  /** Those that say which model it is. */
  readonly model: string;
  /** Of each kind what the name tells. */
  readonly particulars: readonly string[][];
}

/** Of the last part of a path: `Qwen/Qwen2.5-7B-Instruct` gives qwen 2.5, with the size 7b. */
function partsOf(name: string): Parts {
  const last = (name.split(/[\\/]|--/).at(-1) ?? "").toLowerCase();
  let rest = last.replace(PART_OF_FILE, "").replace(PUPIL, "");
  const particulars = PARTICULARS.map((kind) => {
    const found = rest.match(kind) ?? [];
    rest = rest.replace(kind, " ");
    return found;
  });
  const words = wordsOf(rest).filter((word) => !HARMLESS.includes(word));
  const model = words.filter((word, index) => word !== words[index - 1]).join(" ");
  return { whole: wordsOf(last).join(" "), model: joined(model), particulars };
}

function wordsOf(text: string): string[] {
  return text.match(/\d+(\.\d+)*|[^\d\W_]+/g) ?? [];
}

/** `code llama` and `codellama` are one word; numbers stand apart. */
function joined(words: string): string {
  return words.replace(/(?<=\D) (?=\D)/g, "");
}

function agree(one: Parts["particulars"], other: Parts["particulars"]): boolean {
  return one.every((told, kind) => {
    const others = other[kind] ?? [];
    return standsIn(told, others) || standsIn(others, told);
  });
}

function standsIn(parts: readonly string[], whole: readonly string[]): boolean {
  let at = 0;
  for (const part of whole) if (part === parts[at]) at += 1;
  return at === parts.length;
}

function isFile(name: string): boolean {
  return /\.gguf$|^[\\/.~]|^[a-z]:[\\/]/i.test(name);
}
