// What the mock server answers: streams, what clients ask before they begin, its clock and its own times.
import type { Protocol } from "./frames.ts";
import { planOf, type StreamPlan } from "./plan.ts";
import type { MockRequest } from "./request.ts";

export type Reply =
  | { readonly kind: "json"; readonly status: number; readonly body: unknown; readonly headers?: string }
  | {
    readonly kind: "stream";
    readonly protocol: Protocol;
    readonly model: string;
    readonly key: string;
    readonly plan: StreamPlan;
  }
  /** The server's clock, read when the answer is written. */
  | { readonly kind: "clock" }
  /** The times of all streams since the last such question. */
  | { readonly kind: "told" }
  /** How many streams are under way, and how many chunks were ever sent. */
  | { readonly kind: "sent" }
  /** The server's own counters, as engines tell them. */
  | { readonly kind: "metrics" };

const STREAMS: Record<string, Protocol> = {
  "POST /v1/chat/completions": "chat",
  "POST /v1/completions": "completions",
  "POST /api/generate": "ollama",
};
const VERSION = "mock-1";

/** The answer to `request`. `refused` tells how many requests under this name were refused so far, and counts one more. */
export function replyTo(request: MockRequest, refused: (name: string) => number): Reply {
  const path = request.path.split("?")[0];
  const protocol = STREAMS[`${request.method} ${path}`];
  if (protocol !== undefined) return streamReply(protocol, request.body, refused);
  switch (`${request.method} ${path}`) {
    case "GET /mock/clock":
      return { kind: "clock" };
    case "GET /mock/told":
      return { kind: "told" };
    case "GET /mock/sent":
      return { kind: "sent" };
    case "GET /metrics":
      return { kind: "metrics" };
    case "GET /health":
      return json(200, { status: "ok" });
    case "GET /version":
    case "GET /api/version":
      return json(200, { version: VERSION });
    case "GET /v1/models":
      return json(200, {
        object: "list",
        data: [{ id: "mock:", object: "model", created: 0, owned_by: "mock" }],
      });
    default:
      return json(404, {
        error: { message: `there is no ${request.method} ${path}`, type: "not_found_error", code: 404 },
      });
  }
}

function streamReply(protocol: Protocol, text: string, refused: (name: string) => number): Reply {
  let asked: Asked;
  let plan: StreamPlan;
  try {
    asked = askedIn(text);
    plan = planOf(asked.model, asked.max_tokens);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return json(400, { error: { message, type: "invalid_request_error", code: 400 } });
  }
  const { model, key } = asked;
  if (plan.quirks.has("refuse")) {
    return json(500, { error: { message: "the mock engine is out of memory", code: 500 } });
  }
  if (plan.quirks.has("redirect")) return json(307, {}, "location: /moved\r\n");
  if (plan.loading > 0 && refused(`${protocol} ${model}`) < plan.loading) {
    return json(503, { error: { code: 503, message: "Loading model", type: "unavailable_error" } });
  }
  return { kind: "stream", protocol, model, key, plan };
}

interface Asked {
  readonly model: string;
  readonly key: string;
  readonly max_tokens: number | undefined;
}

function askedIn(text: string): Asked {
  const { model, prompt, messages, max_tokens } = JSON.parse(text) as Record<string, unknown>;
  const last = Array.isArray(messages) ? messages.at(-1)?.content : undefined;
  return {
    model: String(model),
    key: typeof prompt === "string" ? prompt : typeof last === "string" ? last : JSON.stringify(last ?? null),
    max_tokens: typeof max_tokens === "number" ? max_tokens : undefined,
  };
}

function json(status: number, body: unknown, headers?: string): Reply {
  return { kind: "json", status, body, ...(headers === undefined ? {} : { headers }) };
}
