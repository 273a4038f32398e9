// No level may profit from what another one left in the engine's prompt cache.
import type { Config } from "./config.ts";
import { fetchText } from "./fetch_text.ts";

const DEADLINE_MS = 10_000;

/** Empties the cache where the engine has a route for it; returns why it could not, or null. */
export async function resetCache({ reset_url, api_key }: Config): Promise<string | null> {
  if (reset_url === null) return null;
  try {
    const { status } = await fetchText(reset_url, { method: "POST", api_key, deadline_ms: DEADLINE_MS });
    return status < 300 ? null : `it answered ${status}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
