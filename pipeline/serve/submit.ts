// POST /api/v1/benchmarks: who may submit, how much and how often; what it says is judged by `accept`.
import { createHash, timingSafeEqual } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Taken } from "../schema/api.ts";
import { ENDPOINTS } from "../schema/endpoints.ts";
import { MOST_SUBMITTED_BYTES } from "../schema/limits.ts";
import { type StrictJson, strictJson } from "../schema/strict_json.ts";
import { createLimiter, type Limiter } from "./limiter.ts";
import type { Submitted } from "../summaries/submit.ts";
import { replyError, replyJson } from "./reply.ts";

/** Takes in one submission, or names every fault. */
export type Accept = (body: unknown) => Promise<Submitted>;

export interface Submissions {
  /** Null: submissions are off. */
  readonly accept: Accept | null;
  /** The bearer token that submits; null: submissions are off. */
  readonly token: string | null;
}

export const TOKEN_VARIABLE = "ALMANAC_SUBMIT_TOKEN";
const TURNS_A_MINUTE = 30;

/** The handlers of the route, in order. `now` in ms; `accepted` is called after each benchmark taken in. */
export function submission(
  { accept, token }: Submissions,
  now: () => number,
  accepted: () => void,
): MiddlewareHandler[] {
  if (accept === null || token === null) {
    const off = `Cannot submit: submissions are off. The server takes them when ${TOKEN_VARIABLE} is set.`;
    return [() => Promise.resolve(replyError(403, off))];
  }
  const limiter = createLimiter(TURNS_A_MINUTE, now);
  return [
    async (context, next) => refusal(context, token, limiter) ?? await next(),
    bodyLimit({
      maxSize: MOST_SUBMITTED_BYTES,
      onError: () =>
        replyError(413, `Cannot take in the benchmark: it is longer than ${MOST_SUBMITTED_BYTES} bytes.`),
    }),
    async ({ req }) => {
      const reply = await take(new Uint8Array(await req.arrayBuffer()), accept);
      if (reply.ok) accepted();
      return reply;
    },
  ];
}

async function take(bytes: Uint8Array, accept: Accept): Promise<Response> {
  const body = parse(bytes);
  if ("reason" in body) return replyError(400, `Cannot read the benchmark: ${body.reason}.`);
  const outcome = await accept(body.value);
  if ("faults" in outcome) {
    const { faults } = outcome;
    return replyError(400, `Cannot take in the benchmark: ${faults.join("; ")}.`, { faults });
  }
  const location = `${ENDPOINTS.list.path}/${encodeURIComponent(outcome.answer.benchmark.id)}`;
  const taken: Taken = { ...outcome.answer, ignored: [...outcome.ignored] };
  return outcome.added ? replyJson(taken, 201, { location }) : replyJson(taken, 200);
}

/** Why this client may not submit now; null when it may. Whoever guesses tokens is limited by address. */
function refusal({ req, env }: Context, token: string, limiter: Limiter): Response | null {
  const isHolder = holds(req.header("authorization"), token);
  const seconds = limiter.take(isHolder ? "holder" : `from ${env.address}`);
  if (seconds > 0) {
    const headers = { "retry-after": String(seconds) };
    return replyError(429, `Cannot submit so often: the next turn is in ${seconds} s.`, { headers });
  }
  if (!isHolder) {
    const headers = { "www-authenticate": 'Bearer realm="almanac"' };
    return replyError(401, "Cannot submit without the token: send it as Authorization: Bearer TOKEN.", {
      headers,
    });
  }
  const type = req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  return type === "application/json"
    ? null
    : replyError(415, `Cannot read ${type ?? "a body without a type"}: send Content-Type: application/json.`);
}

/** Compared as digests, in a time that tells nothing about the token. */
function holds(header: string | undefined, token: string): boolean {
  const given = /^Bearer +(\S+)$/i.exec(header ?? "")?.[1] ?? "";
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}

function parse(bytes: Uint8Array): StrictJson {
  try {
    return strictJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return { reason: "it is not JSON" };
  }
}
