// PURE. Numbers and words of others: what is not of a sane size counts as not told.
import { z } from "zod";

/** No model has more bytes or parameters. */
const MOST = 1e14;
const WORD = /^[\w.+-]{1,40}$/;

/** What is told, or null where it is something else or nothing. */
const orNull = <S extends z.ZodType>(schema: S) =>
  schema.nullish().catch(null).transform((told) => told ?? null);

/** A whole number above 0. */
export const Count = orNull(z.number().int().min(1).max(MOST));
/** A number of layers, heads or the like. */
export const Few = orNull(z.number().int().min(1).max(1e6));
export const Flag = orNull(z.boolean());
/** A word that may be shown and kept. */
export const Word = orNull(z.string().regex(WORD));

/** The JSON object that `text` says; null when it says none. */
export function objectIn(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
