// Questions to libraries of models. The token goes to the hub's own origin alone, redirects lead to known stores alone, answers have an end.
import { boundedText, TooMuchError } from "../lib/bounded.ts";

/** Who is asked. Other origins than those that the engines of rented machines ask would tell of other models. */
export interface ModelSources {
  readonly fetch: typeof fetch;
  /** Origin of the hub; the only one that is told the token. */
  readonly hub: string;
  /** Origin of Ollama's library. */
  readonly ollama: string;
}

/** What one model is asked with. */
export interface Asking {
  readonly sources: ModelSources;
  /** The user's token for the hub. */
  readonly token: string | null;
  /** The user's key for engines of their own. */
  readonly api_key: string | null;
  readonly signal: AbortSignal;
}

export const HUB = "https://huggingface.co";
export const OLLAMA_LIBRARY = "https://ollama.com";

export interface Question {
  readonly origin: string;
  /** Begins with a slash. */
  readonly path: string;
  readonly token?: string | null;
  readonly accept?: string;
  /** Sent as JSON. */
  readonly body?: object;
}

/** Nobody answered, or not in a way that can be used; the message says who and how. */
export class Unanswered extends Error {
  override readonly name = "Unanswered";
}

/** For an answer of this status that tells nothing of use. */
export function unusable(origin: string, status: number): Unanswered {
  return new Unanswered(`${new URL(origin).host} answers ${status === 200 ? "something else" : status}`);
}

/** Where the hub and Ollama's library keep large files. */
const STORES = /(^|\.)(huggingface\.co|hf\.co|r2\.cloudflarestorage\.com)$/;
const MOST_REDIRECTS = 4;
/** What the hub tells of a repository with thousands of files. */
const ANSWER_BYTES = 8 << 20;

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** The answer to `question`, of any status. */
export async function ask(question: Question, fetcher: typeof fetch, signal: AbortSignal): Promise<Answer> {
  const response = await responseTo(question, {}, fetcher, signal);
  try {
    return { status: response.status, text: await boundedText(response, ANSWER_BYTES, { signal }) };
  } catch (error) {
    const why = error instanceof TooMuchError ? `says too much: ${error.message}` : "does not answer";
    throw new Unanswered(`${hostOf(question)} ${why}`);
  }
}

/** The first bytes of a file; null when it is not given out. */
export async function firstBytes(
  question: Question,
  most: number,
  fetcher: typeof fetch,
  signal: AbortSignal,
): Promise<Uint8Array | null> {
  const response = await responseTo(question, { range: `bytes=0-${most - 1}` }, fetcher, signal);
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    return null;
  }
  const bytes = new Uint8Array(most);
  let length = 0;
  try {
    // Leaving the loop ends what a store would go on to send.
    for await (const part of response.body) {
      const fits = part.subarray(0, most - length);
      bytes.set(fits, length);
      length += fits.length;
      if (length === most || signal.aborted) break;
    }
  } catch {
    throw new Unanswered(`${hostOf(question)} does not answer`);
  }
  return bytes.subarray(0, length);
}

/** Where a redirect may lead, seen from `from`; null where it may not. */
export function redirected(home: string, from: string, location: string | null): URL | null {
  if (location === null || !URL.canParse(location, from)) return null;
  const url = new URL(location, from);
  if (url.username !== "" || url.password !== "") return null;
  if (url.origin === new URL(home).origin) return url;
  return url.protocol === "https:" && url.port === "" && STORES.test(url.hostname) ? url : null;
}

/** Follows redirects as far as they may lead. */
async function responseTo(
  question: Question,
  also: Record<string, string>,
  fetcher: typeof fetch,
  signal: AbortSignal,
): Promise<Response> {
  const { origin, path, token = null, accept, body } = question;
  let url = new URL(path, origin);
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const mayKnow = token !== null && url.origin === new URL(origin).origin;
    const response = await fetcher(url, {
      signal,
      redirect: "manual",
      headers: {
        ...also,
        ...(accept === undefined ? {} : { accept }),
        ...(mayKnow ? { authorization: `Bearer ${token}` } : {}),
      },
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    }).catch(() => null);
    if (response === null) throw new Unanswered(`${hostOf(question)} does not answer`);
    if (response.status < 300 || response.status >= 400) return response;
    await response.body?.cancel();
    const next = redirected(origin, url.href, response.headers.get("location"));
    if (next === null) throw new Unanswered(`${hostOf(question)} leads elsewhere`);
    url = next;
  }
  throw new Unanswered(`${hostOf(question)} leads in circles`);
}

function hostOf({ origin }: Question): string {
  return new URL(origin).host;
}
