// The user's key for an endpoint of somebody else's, which may say it back in what it answers.
import { allowedEnv, type Env } from "./env.ts";

/** A shorter one is a placeholder, such as EMPTY, and may be a word of any text. */
const LEAST_CHARACTERS = 8;

/** The key among these variables, by default our own; null where there is none. Files of variables end their lines in more than one way. */
export function apiKey(env: Env = ourEnv): string | null {
  return env("API_KEY")?.trim() || null;
}

function ourEnv(name: string): string | undefined {
  return allowedEnv([name])[name];
}

/** The variable that tells an agent of the key. */
export function keyEnv(key: string | null): Record<string, string> {
  return key === null ? {} : { API_KEY: key };
}

/** `ask` with the key, as the agent asks. */
export function withApiKey(ask: typeof fetch, key: string | null): typeof fetch {
  if (key === null) return ask;
  return (input, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set("authorization", `Bearer ${key}`);
    return ask(input, { ...init, headers });
  };
}

/** `text` without that key. */
export function withoutKey(text: string, key: string | null = apiKey()): string {
  return key === null || key.length < LEAST_CHARACTERS ? text : text.replaceAll(key, "***");
}
