// What leaves the server: answers with their validators, errors with their request id, and the headers of both.
import { toJson } from "../query/json.ts";
import type { ApiError } from "../schema/api.ts";
import type { Answer } from "./edition.ts";
import { JSON_HEADERS } from "./headers.ts";

/** The answer, or 304 when the client has it. */
export function replyAnswer(answer: Answer, request: Request): Response {
  const { body, bytes, etag, headers } = answer;
  if (isKnown(request.headers.get("if-none-match"), etag)) {
    return new Response(null, { status: 304, headers });
  }
  if (request.method === "HEAD") {
    return new Response(null, { headers: { ...headers, "content-length": String(bytes) } });
  }
  return new Response(body, { headers });
}

/** Any other value as JSON, not to be kept. */
export function replyJson(value: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(toJson(value), {
    status,
    headers: { ...JSON_HEADERS, "cache-control": "no-store", ...headers },
  });
}

/** An error in the API's shape. `error` says what is wrong and what to do next. */
export function replyError(
  status: number,
  error: string,
  more: { faults?: readonly string[]; headers?: Record<string, string>; id?: string } = {},
): Response {
  const request_id = more.id ?? crypto.randomUUID();
  const body: ApiError = { error, request_id, ...(more.faults ? { faults: [...more.faults] } : {}) };
  return replyJson(body, status, { "x-request-id": request_id, ...more.headers });
}

/** Whether `etag` stands in an If-None-Match header. */
export function isKnown(header: string | null, etag: string): boolean {
  if (header === null) return false;
  return header.split(",").map((text) => text.trim().replace(/^W\//, "")).some((known) =>
    known === etag || known === "*"
  );
}
