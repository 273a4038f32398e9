// The user's key for an endpoint of somebody else's, which may say it back in what it answers.
import { allowedEnv } from "./env.ts";

/** A shorter one is a placeholder, such as EMPTY, and may be a word of any text. */
const LEAST_CHARACTERS = 8;

/** Null where there is none. Files of variables end their lines in more than one way. */
export function apiKey(): string | null {
  return allowedEnv(["API_KEY"]).API_KEY?.trim() || null;
}

/** `text` without that key. */
export function withoutKey(text: string, key: string | null = apiKey()): string {
  return key === null || key.length < LEAST_CHARACTERS ? text : text.replaceAll(key, "***");
}
