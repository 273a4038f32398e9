// Internet addresses as Linux's struct sockaddr. Pure.
import { isIPv4, isIPv6 } from "node:net";
import { AF_INET, AF_INET6, fixed } from "./libc.ts";

export interface SocketAddress {
  readonly family: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly length: number;
}

/** `address` in numbers, with `port`; null when it is none, a name for example. */
export function socketAddress(address: string, port: number): SocketAddress | null {
  if (isIPv4(address)) return made(AF_INET, port, 4, address.split(".").map(Number), 16);
  return isIPv6(address) && !address.includes("%") ? made(AF_INET6, port, 8, ipv6Bytes(address), 28) : null;
}

/** The port in `bytes`, a struct sockaddr. */
export function portIn(bytes: Uint8Array<ArrayBuffer>): number {
  return new DataView(bytes.buffer).getUint16(2);
}

function made(
  family: number,
  port: number,
  at: number,
  host: readonly number[],
  length: number,
): SocketAddress {
  const bytes = new Uint8Array(fixed(length));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, family, true);
  view.setUint16(2, port);
  bytes.set(host, at);
  return { family, bytes, length };
}

/** Its canonical form in a URL has hexadecimal groups only, and at most one gap. */
function ipv6Bytes(address: string): number[] {
  const [head = "", tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const groups = (text: string | undefined) => (text ?? "").split(":").filter((group) => group !== "");
  const [front, back] = [groups(head), groups(tail)];
  const gap = Array.from({ length: 8 - front.length - back.length }, () => "0");
  return [...front, ...gap, ...back].map((group) => parseInt(group, 16)).flatMap((
    group,
  ) => [group >> 8, group & 255]);
}
