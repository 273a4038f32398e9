// HTTP to what others run: no redirect is followed, since it may lead to this computer's own ports, and an answer has an end.
import { bounded, type Bounds, TooMuchError } from "../lib/bounded.ts";
import { Failure } from "../schema/failures.ts";
import { ANSWER_BYTES } from "./limits.ts";

/** `ask` with those bounds; `signal` ends every question and every answer, `explain` says what its errors mean. */
export function guarded(
  ask: typeof fetch,
  signal: AbortSignal,
  explain: Bounds["explain"] = (error) => Promise.resolve(error),
): typeof fetch {
  return async (input, init = {}) => {
    const either = init.signal ? AbortSignal.any([signal, init.signal]) : signal;
    const response = await ask(input, { ...init, redirect: "manual", signal: either }).catch(
      async (error) => {
        throw await explain(error);
      },
    );
    const { status, statusText, headers, body } = response;
    if (status >= 300 && status < 400) {
      await body?.cancel();
      const to = headers.get("location")?.slice(0, 100) ?? "nowhere";
      throw new TypeError(`it answers ${status}, a redirect to ${to}, which is not followed`);
    }
    if (body === null) return response;
    return new Response(bounded(body, ANSWER_BYTES, { signal: either, explain }), {
      status,
      statusText,
      headers,
    });
  };
}

/** What an answer's error is told as: one that goes beyond its bound is a Failure of its machine. */
export function endless(error: unknown): unknown {
  if (!(error instanceof TooMuchError)) return error;
  return new Failure("hostile_output", `Cannot read an engine's answer: ${error.message}`, { cause: error });
}
