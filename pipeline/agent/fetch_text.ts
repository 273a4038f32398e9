// Asks the engine something beside the load. It may be anybody's: its answer has a time and a size, and leads nowhere else.

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
  const response = await fetch(url, {
    method: method ?? (body === undefined ? "GET" : "POST"),
    redirect: "error",
    signal: AbortSignal.timeout(deadline_ms),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(api_key === null ? {} : { headers: { authorization: `Bearer ${api_key}` } }),
  });
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    bytes += piece.length;
    if (bytes > MOST_BYTES) throw new Error(`${url} answered more than ${MOST_BYTES / 1024 / 1024} MiB`);
    text += decoder.decode(piece, { stream: true });
  }
  return { status: response.status, text: text + decoder.decode() };
}
