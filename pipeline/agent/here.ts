// Whether the engine runs on this machine. If not, this machine's hardware and telemetry say nothing about it.
import { lookup } from "node:dns/promises";
import os from "node:os";

/** True when `url` names this machine: by a loopback address, by one of its own, or by a name that leads to one. */
export async function isHere(url: string): Promise<boolean> {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, "");
  const own = Object.values(os.networkInterfaces()).flatMap((each) => each ?? []).map(({ address }) =>
    address
  );
  const found = await lookup(host, { all: true }).catch(() => []);
  return found.length > 0 && found.every(({ address }) => isLoopback(address) || own.includes(address));
}

function isLoopback(address: string): boolean {
  return address === "::1" || /^(::ffff:)?127\./.test(address);
}
