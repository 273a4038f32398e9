// A Python environment of its own, for another tool beside ours.
import { join } from "node:path";

const INSTALL_LIMIT_MS = 600_000;

/** Installs `packages`, which may begin with options of pip, into a new environment at `venv` and returns its bin folder; throws with the reason when that cannot be done. */
export async function makeVenv(venv: string, packages: readonly string[]): Promise<string> {
  await run(["python3", "-m", "venv", venv]);
  await run([join(venv, "bin", "pip"), "install", "--quiet", ...packages]);
  return join(venv, "bin");
}

async function run([program = "", ...args]: string[]): Promise<void> {
  const signal = AbortSignal.timeout(INSTALL_LIMIT_MS);
  const { success, stderr } = await new Deno.Command(program, {
    args,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    signal,
  })
    .output();
  if (success) return;
  const words = new TextDecoder().decode(stderr).trim().split("\n").at(-1) ?? "";
  throw new Error(signal.aborted ? `not installed after ${INSTALL_LIMIT_MS / 60_000} minutes` : words);
}
