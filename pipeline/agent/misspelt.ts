// PURE. Variables that may be settings of ours under a wrong name.
import { isWithin } from "../schema/nearest.ts";

/** Variables of other programs that look like settings. */
const ORDINARY = /^(APP_KEY|MODE|PROMPT|SHARD|OLLAMA_.*)$/;
/** Shorter names are like too many others; in longer ones more may be wrong. */
const [SHORT, MEDIUM, LONG] = [4, 5, 10];

/** Of the variables that are `set` those that are no setting but near one that is not set. */
export function misspelt(
  set: readonly string[],
  settings: readonly string[],
): { readonly name: string; readonly meant: string }[] {
  const open = settings.filter((setting) => !set.includes(setting));
  return set.filter((name) => !settings.includes(name) && !ORDINARY.test(name)).flatMap((name) => {
    const meant = open.find((setting) => isNear(name.toUpperCase(), setting));
    return meant === undefined ? [] : [{ name, meant }];
  });
}

function isNear(name: string, setting: string): boolean {
  const { length } = setting;
  if (length >= SHORT && name.replaceAll(/[_-]/g, "") === setting.replaceAll("_", "")) return true;
  return length >= MEDIUM && isWithin(name, [setting], length >= LONG ? 2 : 1);
}
