// What Vast.ai takes in a create.
import type { Reply } from "../server.ts";
import { invalid } from "./replies.ts";

export interface Create {
  readonly image?: string | null;
  readonly disk: number;
  readonly label?: string | null;
  readonly runtype?: string;
  readonly env?: unknown;
  readonly onstart?: string | null;
  /** What is bid, US dollars per hour; without it the machine is rented on demand. */
  readonly price?: number | null;
}

/** What it takes; longer labels are not proven to work. */
const LONGEST = { label: 60, onstart: 4048 };
export const LEAST_DISK_GB = 8;
/** Its own client sends some without their last letter, and several. */
const RUNTYPES = /^(ssh|ssh_proxy|ssh_direct?|jupyter|jupyter_proxy|jupyter_direct?|args)$/;

/** Why a create is refused, `least` being the least bid that wins now; null when it is taken. */
export function refusalOf(order: Create, least: number): Reply | null {
  const fault = faultOf(order);
  if (fault !== null) return invalid("invalid_args", fault);
  const { price } = order;
  return price && price < least ? invalid("invalid_price", `bid ${price} is below ${least}`) : null;
}

function faultOf({ image, disk, label, runtype = "ssh", env, onstart }: Create): string | null {
  if (!image) return "image is required";
  if (!(disk >= LEAST_DISK_GB)) return "disk too small";
  if (label && (!/^[a-z0-9-]+$/.test(label) || label.length > LONGEST.label)) return "label_too_long";
  if (!runtype.split(" ").every((each) => RUNTYPES.test(each))) return "runtype is unknown";
  if (typeof env !== "object") return "env is no object";
  return (onstart?.length ?? 0) > LONGEST.onstart ? "onstart too long" : null;
}
