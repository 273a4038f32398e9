// Asks the engine something beside the load. It may be anybody's: its answer has a time and a size, and leads nowhere else.
import { boundedText } from "../lib/bounded.ts";

export interface Question {
  readonly api_key: string | null;
  readonly deadline_ms: number;
  readonly method?: "GET" | "POST";
  readonly body?: unknown;
}

export interface Told {
  readonly status: number;
  readonly text: string;
}

const MOST_BYTES = 4 * 1024 * 1024;

/** What is found at `url`, whatever its status. Throws when there is no answer in time, a redirect, or more than 4 MiB. */
export async function fetchText(
  url: string,
  { api_key, deadline_ms, body, method }: Question,
): Promise<Told> {
  const signal = AbortSignal.timeout(deadline_ms);
  const response = await fetch(url, {
    method: method ?? (body === undefined ? "GET" : "POST"),
    redirect: "error",
    signal,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(api_key === null ? {} : { headers: { authorization: `Bearer ${api_key}` } }),
  });
  return { status: response.status, text: await boundedText(response, MOST_BYTES, { signal }) };
}
