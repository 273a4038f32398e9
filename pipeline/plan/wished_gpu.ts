// PURE. What a matrix means by the name of a GPU: one of the catalogue, or a card that it lacks, by the provider's own name.
import { UserError } from "../errors.ts";
import { catalogName, keyOf, narrower } from "../schema/gpu_name.ts";
import { isWithin, nearest } from "../schema/nearest.ts";

/** What follows is the provider's own name, whatever it looks like. */
const AS_IT_IS = "name:";
/** A name that differs from a known one in at most so many letters and digits is taken for a mistake. */
const TYPO = 3;
const SHOWN = 8;

/** The name to ask for: a known one however it is written, else the provider's own. A UserError refuses what must be a mistake, and says where in the matrix (`path`) it stands. */
export function wishedGpu(told: string, known: readonly string[], path: string): string {
  if (told === "any" || known.includes(told)) return told;
  if (told.startsWith(AS_IT_IS)) return ownName(told.slice(AS_IT_IS.length).trim(), path);
  const name = catalogName(told);
  if (name !== null && known.includes(name)) return name;
  const several = narrower(told);
  if (several.length > 1) {
    throw refused(
      `${path}: the GPU "${told}" may be ${several.join(", ")}`,
      `Name one of them${orOwnName(told)}`,
    );
  }
  const isMistake = isWithin(keyOf(told), [...known, "any"].map(keyOf), TYPO);
  if (looksLikeGpu(told) && !isMistake) return told;
  const shown = nearest(told, [...known, "any"], SHOWN);
  const more = known.length + 1 > shown.length ? "; all are in data/catalog/gpus.json" : "";
  throw refused(
    `${path}: unknown GPU "${told}"`,
    `Known GPUs, nearest first: ${shown.join(", ")}${more}${orOwnName(told)}`,
  );
}

/** The names among `gpus` that the catalogue lacks. */
export function unlisted(gpus: readonly string[], known: readonly string[]): string[] {
  return [...new Set(gpus)].filter((gpu) => gpu !== "any" && !known.includes(gpu));
}

function ownName(name: string, path: string): string {
  if (name !== "" && name !== "any") return name;
  throw refused(
    `${path}: "${AS_IT_IS}${name}" names no GPU`,
    `Write the provider's own name, for example "${AS_IT_IS}Tesla M60".`,
  );
}

function looksLikeGpu(name: string): boolean {
  return /[a-z]/i.test(name) && /\d/.test(name);
}

function orOwnName(told: string): string {
  return `. If a provider calls a card just so, write "${AS_IT_IS}${told}".`;
}

function refused(what: string, hint: string): UserError {
  return new UserError(`Cannot plan the matrix: ${what}`, hint, { exitCode: 2 });
}
