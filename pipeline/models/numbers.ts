// PURE. Numbers and words of others: what is not of a sane size counts as not told.
import { z } from "zod";

/** No model has more bytes or parameters. */
const MOST = 1e14;
const WORD = /^[\w.+-]{1,40}$/;

/** A whole number above 0; anything else is null. */
export const Count = z.number().int().min(1).max(MOST).nullish().catch(null).transform((told) =>
  told ?? null
);
/** A number of layers, heads or the like. */
export const Few = z.number().int().min(1).max(1e6).nullish().catch(null).transform((told) => told ?? null);
export const Flag = z.boolean().nullish().catch(null).transform((told) => told ?? null);
/** A word that may be shown and kept. */
export const Word = z.string().regex(WORD).nullish().catch(null).transform((told) => told ?? null);

/** The JSON object that `text` says; null when it says none. */
export function objectIn(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
