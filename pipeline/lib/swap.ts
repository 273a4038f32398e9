// A folder is replaced as a whole. At every moment the old one or the new one is there, whole: at its place, or set aside for a moment.
import { exists, removeFolder } from "./files.ts";

/** Puts `next` at `place`; what was there is set `aside` until then. Whoever dies in between leaves it to `restoreFolder`. */
export async function replaceFolder(next: string, place: string, aside: string): Promise<void> {
  await restoreFolder(place, aside);
  if (await exists(place)) await Deno.rename(place, aside);
  try {
    await Deno.rename(next, place);
  } catch (error) {
    await restoreFolder(place, aside);
    throw error;
  }
  await removeFolder(aside);
}

/** Puts back what was set aside when nothing came to its place; else removes it. */
export async function restoreFolder(place: string, aside: string): Promise<void> {
  if (!await exists(aside)) return;
  if (await exists(place)) await removeFolder(aside);
  else await Deno.rename(aside, place);
}
