// What the user can type next, so that it can be pasted into a shell.
import type { Log } from "../lib/log.ts";
import { quote } from "../machines/quote.ts";
import type { Paths } from "../paths.ts";
import type { MachineRecord } from "../schema/machine.ts";
import { providerTitle } from "../schema/names.ts";

/** ` --root DIR` where the root is not the repository. */
export function rootOption({ root, repository }: Paths): string {
  return root === repository ? "" : ` --root ${quote(root)}`;
}

/** Names machines that could not be proven gone, and how they are ended. */
export function tellLeftovers(leftovers: readonly MachineRecord[], paths: Paths, log: Log): void {
  for (const { offer, provider_id, label } of leftovers) {
    log.warn(`${providerTitle(offer.provider)} may still run ${provider_id ?? "a machine"} (${label})`);
  }
  if (leftovers.length > 0) log.warn(`end them with: deno task sweep --destroy${rootOption(paths)}`);
}
