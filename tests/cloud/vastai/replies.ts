// Vast.ai's answers that are no success, in the shapes that they were seen in.
import type { Reply } from "../server.ts";

/** Every shape that its 429 has. */
export const TOO_MANY: readonly Reply[] = [
  { status: 429, text: "API requests too frequent" },
  { status: 429, text: "API requests too frequent: endpoint threshold=4.5" },
  { status: 429, json: { detail: "API requests too frequent endpoint threshold=4.5" } },
  { status: 429, json: { success: false, error: "rate_limit_exceeded", msg: "slow down" } },
  {
    status: 429,
    json: {
      message:
        "...too many requests by the client.\n\nAPI requests too frequent: endpoint threshold=4.5*1.0\n\n",
      code: "429 Too Many Requests",
    },
  },
];

/** Its answer to a search when those of the day are used up. `reset`: seconds since 1970 at which they count anew. */
export function noMoreSearches(reset?: number): Reply {
  return {
    status: 429,
    json: { success: false, error: "search_quota_exceeded", msg: "Daily search quota exceeded" },
    headers: reset === undefined ? {} : { "X-RateLimit-Reset": String(reset) },
  };
}

/** Its answer to an offer that is taken. */
export function noSuchAsk(id: string, status = 400): Reply {
  const msg = `error 404/3603: no_such_ask  Instance type by id ${id} is not available.`;
  return { status, json: { success: false, error: "invalid_args", msg, ask_id: Number(id) } };
}

export const AUTH_ERROR: Reply = {
  status: 404,
  json: { success: false, error: "auth_error", msg: "Invalid user key" },
};

export const NOT_FOUND: Reply = {
  status: 404,
  json: { success: false, error: "no_such_instance", msg: "Instance not found." },
};

export function invalid(error: string, msg: string): Reply {
  return { status: 400, json: { success: false, error, msg } };
}
