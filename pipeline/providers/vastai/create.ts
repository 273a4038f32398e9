// What Vast.ai is told of a machine that is to be made, and the script by which that machine ends itself.
import type { Order } from "../provider.ts";
import { afterSeconds } from "../self_destruct.ts";
import { bidIn } from "./bid.ts";

const IMAGE = "nvidia/cuda:12.4.1-base-ubuntu22.04";
const LEAST_DISK_GB = 8;

/** GB of disk that a machine gets, and is billed for, when so many are wanted. */
export function allocatedGb(disk_gb: number): number {
  return Math.max(LEAST_DISK_GB, disk_gb);
}

/** `seconds`: after which the machine ends itself. */
export function createBody(
  { offer, label, public_key, disk_gb, limits }: Order,
  seconds: number,
  base: string,
) {
  const onstart = [
    afterSeconds(seconds, destroyItself(base)),
    "env >> /etc/environment",
    "touch ~/.no_auto_tmux",
    `mkdir -p ~/.ssh && echo '${public_key}' >> ~/.ssh/authorized_keys && chmod -R go= ~/.ssh`,
  ].join("\n");
  return {
    client_id: "me",
    image: limits.image ?? IMAGE,
    disk: allocatedGb(disk_gb),
    label,
    runtype: "ssh_direct",
    env: { ALMANAC_LABEL: label },
    onstart,
    target_state: "running",
    // Without it a bid that is too low leaves a stopped machine whose disk is billed.
    cancel_unavail: true,
    ...(offer.market === "interruptible" ? { price: bidIn(offer) } : {}),
  };
}

/** The container's own key can start, stop and destroy this instance and nothing else. CUDA's images come without curl. */
export function destroyItself(base: string): string {
  return `command -v curl >/dev/null || { apt-get update && apt-get install -y curl; }; ` +
    `curl -fsS -m 60 -X DELETE -H "Authorization: Bearer $CONTAINER_API_KEY" ${base}/v0/instances/$CONTAINER_ID/`;
}
