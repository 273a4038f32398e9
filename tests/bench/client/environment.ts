// A Python environment of its own for one peer, in a folder that BENCH_VENVS names (kept), or a temporary one.
import { join } from "node:path";
import { makeVenv } from "../../venv.ts";
import type { Peer } from "./peers.ts";

/** The environment's bin folder; throws with the reason when it cannot be made. */
export async function installPeer(peer: Peer, venvs: string): Promise<string> {
  const venv = join(venvs, peer.name.replaceAll(" ", "_"));
  const program = peer.command(join(venv, "bin"), { ...NOTHING })[0] ?? "";
  if (await Deno.stat(program).then(() => true, () => false)) return join(venv, "bin");
  return await makeVenv(venv, peer.packages);
}

const NOTHING = { url: "", model: "", streams: 1, seconds: 1, folder: "" };
