// Where secrets stand that should stand nowhere: in files of a root, in what was said, in the arguments of processes.
import { join } from "node:path";
import type { Stage } from "./stage.ts";

const SAMPLE_MS = 50;

/** Files below the stage's root and lines of its controller that hold a cloud's key or a private SSH key. */
export async function leaks({ paths: { root }, said, simulated }: Stage): Promise<string[]> {
  const secrets = ["PRIVATE KEY-----", ...Object.values(simulated).map(({ key }) => key)];
  const isLeak = (text: string) => secrets.some((secret) => text.includes(secret));
  const found = said.filter(isLeak);
  for await (const path of filesBelow(root)) {
    if (isLeak(new TextDecoder("latin1").decode(await Deno.readFile(path)))) found.push(path);
  }
  return found;
}

async function* filesBelow(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory, isFile } of Deno.readDir(folder)) {
    if (isDirectory) yield* filesBelow(join(folder, name));
    else if (isFile) yield join(folder, name);
  }
}

/** Looks now and then at the arguments of all processes; `found` are those that hold one of the secrets. */
export function watchArguments(
  secrets: readonly string[],
): Disposable & { readonly found: readonly string[] } {
  const found: string[] = [];
  const timer = setInterval(() => {
    for (const { name } of Deno.readDirSync("/proc")) {
      const text = /^\d+$/.test(name) ? argumentsOf(name) : "";
      if (secrets.some((secret) => text.includes(secret))) found.push(text);
    }
  }, SAMPLE_MS);
  return { found, [Symbol.dispose]: () => clearInterval(timer) };
}

function argumentsOf(pid: string): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
  } catch {
    return "";
  }
}
