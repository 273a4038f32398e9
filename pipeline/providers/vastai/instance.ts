// A machine as Vast.ai tells of it: what state it is in, and how it is reached.
import { z } from "zod";
import type { Address } from "../../schema/machine.ts";
import { idText } from "./ask.ts";
import { type Opening, type Sighting, wordsOf } from "../provider.ts";

const portNumber = z.coerce.number().int().min(1).max(65_535);
export const Instance = z.looseObject({
  id: idText,
  label: z.string().nullish(),
  actual_status: z.string().nullish(),
  cur_state: z.string().nullish(),
  intended_status: z.string().nullish(),
  next_state: z.string().nullish(),
  status_msg: z.string().nullish(),
  public_ipaddr: z.string().nullish(),
  ports: z.record(z.string(), z.array(z.looseObject({ HostPort: portNumber.catch(0) })).nullish()).nullish()
    .catch(null),
  ssh_host: z.string().nullish(),
  ssh_port: portNumber.nullish().catch(null),
  image_runtype: z.string().nullish(),
  is_bid: z.boolean().nullish().catch(null),
  dph_total: z.number().nullish().catch(null),
});
export type Instance = z.output<typeof Instance>;

export function sightingOf(instance: Instance, opening: Opening): Sighting {
  const { actual_status, status_msg } = instance;
  return {
    id: instance.id,
    label: instance.label || null,
    ...stateOf(instance),
    words: wordsOf([actual_status ?? "not started", status_msg?.trim()].filter(Boolean).join(": ")),
    addresses: addressesOf(instance, opening.simulated?.login ?? "root"),
    price_per_hour: instance.dph_total ?? null,
  };
}

const ENDED = ["stopped", "frozen", "exited", "offline"];

/** `stopped` everywhere soon after a create is a refused start. */
function stateOf(instance: Instance): Pick<Sighting, "state" | "trouble"> {
  const status = instance.actual_status ?? "";
  if (status !== "running" && /OCI runtime create failed/.test(instance.status_msg ?? "")) {
    return { state: "dead", trouble: "boot_failed" };
  }
  if (isOutbid(instance)) return { state: "dead", trouble: "outbid" };
  const all = [instance.cur_state, instance.intended_status, instance.next_state];
  if (ENDED.includes(status) || all.every((state) => state === "stopped")) {
    return { state: "dead", trouble: "machine_stopped" };
  }
  return { state: status === "running" ? "running" : "starting" };
}

/** It has no words for that: a machine that was bid for and had begun, or was to begin, has lost its GPUs, and nobody stopped it. */
function isOutbid({ is_bid, actual_status, cur_state, intended_status, next_state }: Instance): boolean {
  if (is_bid !== true || actual_status === "offline") return false;
  const hasBegun = ["running", "stopped", "exited"].includes(actual_status ?? "");
  const isRefused = intended_status === "stopped" && next_state === "stopped";
  return actual_status === "stopped" || (cur_state === "stopped" && (hasBegun || isRefused));
}

/** The direct way, then the way through its proxy. */
function addressesOf(instance: Instance, user: string): Address[] {
  const found: Address[] = [];
  const host = instance.public_ipaddr?.trim();
  const port = instance.ports?.["22/tcp"]?.[0]?.HostPort;
  if (host && port) found.push({ kind: "ssh", host, port, user });
  if (instance.ssh_host && instance.ssh_port) {
    const proxied = instance.ssh_port + (instance.image_runtype?.includes("jupyter") ? 1 : 0);
    found.push({ kind: "ssh", host: instance.ssh_host, port: proxied, user });
  }
  return found;
}
