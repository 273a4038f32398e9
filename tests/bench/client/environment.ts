// A Python environment of its own for one peer, in a folder that BENCH_VENVS names (kept), or a temporary one.
import { join } from "node:path";
import type { Peer } from "./peers.ts";

const INSTALL_LIMIT_MS = 600_000;

/** The environment's bin folder; throws with the reason when it cannot be made. */
export async function installPeer(peer: Peer, venvs: string): Promise<string> {
  const venv = join(venvs, peer.name.replaceAll(" ", "_"));
  const program = peer.command(join(venv, "bin"), { ...NOTHING })[0] ?? "";
  if (await Deno.stat(program).then(() => true, () => false)) return join(venv, "bin");
  await run(["python3", "-m", "venv", venv]);
  await run([join(venv, "bin", "pip"), "install", "--quiet", ...peer.packages]);
  return join(venv, "bin");
}

const NOTHING = { url: "", model: "", streams: 1, seconds: 1, folder: "" };

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
