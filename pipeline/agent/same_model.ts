// Whether the model that an answer names is the one that was asked for. Names differ in case, marks, publisher, tags and what was
// done to the weights; the words and numbers of one then stand in the other, in the same order. Pure.

/** Null where the names say nothing: a file's is whatever somebody called it. */
export function isSameModel(asked: string, told: string): boolean | null {
  const [one, other] = [partsOf(asked), partsOf(told)];
  if (one.length === 0 || other.length === 0) return null;
  if (standsIn(one, other) || standsIn(other, one)) return true;
  return isFile(asked) || isFile(told) ? null : false;
}

/** Words and numbers of the last part of a path: `Qwen/Qwen2.5-7B` gives qwen, 2.5, 7, b. */
function partsOf(name: string): string[] {
  const last = name.split(/[\\/]/).at(-1) ?? "";
  return last.toLowerCase().replace(/\.gguf$|:latest$/, "").match(/\d+(\.\d+)*|[^\d\W_]+/g) ?? [];
}

function standsIn(parts: readonly string[], whole: readonly string[]): boolean {
  let at = 0;
  for (const part of whole) if (part === parts[at]) at += 1;
  return at === parts.length;
}

function isFile(name: string): boolean {
  return /\.gguf$|^[\\/.~]|^[a-z]:[\\/]/i.test(name);
}
