// PURE. Why something failed, as it is written down and published: in a few lines, without what cannot be seen, and without paths of this computer.
import { withoutHomes } from "./local_paths.ts";
import { visible } from "./plain_text.ts";
import { shortText } from "./text.ts";

const LONGEST = 800;
/** So much of a text is looked at. */
const LOOKED_AT = 8 * LONGEST;

/** Shortens and cleans a reason. */
export type TellReason = (text: string) => string;

/** A function that tells reasons; of paths in `folders` it tells what lies in these. */
export function reasonTeller(folders: readonly string[]): TellReason {
  const ours = folders.filter((folder) => folder.length > 3);
  return (text) => {
    const placeless = ours.reduce(
      (left, folder) => left.replaceAll(`${folder}/`, "").replaceAll(folder, ""),
      shortText(text, LOOKED_AT),
    );
    return shortText(visible(withoutHomes(placeless).replace(/\s+/g, " ")), LONGEST);
  };
}
