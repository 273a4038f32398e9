// No level may profit from what another one left in the engine's prompt cache.
import type { Config } from "./config.ts";

/** Empties the cache where the engine has a route for it; returns why it could not, or null. */
export async function resetCache({ reset_url, api_key }: Config): Promise<string | null> {
  if (reset_url === null) return null;
  try {
    const response = await fetch(reset_url, {
      redirect: "error",
      method: "POST",
      signal: AbortSignal.timeout(10_000),
      ...(api_key === null ? {} : { headers: { authorization: `Bearer ${api_key}` } }),
    });
    await response.body?.cancel();
    return response.ok ? null : `it answered ${response.status}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
