// HTTP to what others run: no redirect is followed, since it may lead to this computer's own ports, and an answer has an end.
import { bounded } from "../lib/bounded.ts";
import { ANSWER_BYTES } from "./limits.ts";

/** `ask` with those bounds; `signal` ends every question and every answer. */
export function guarded(ask: typeof fetch, signal: AbortSignal): typeof fetch {
  return async (input, init = {}) => {
    const signals = init.signal ? [signal, init.signal] : [signal];
    const response = await ask(input, { ...init, redirect: "manual", signal: AbortSignal.any(signals) });
    const { status, statusText, headers, body } = response;
    if (status >= 300 && status < 400) {
      await body?.cancel();
      const to = headers.get("location")?.slice(0, 100) ?? "nowhere";
      throw new TypeError(`it answers ${status}, a redirect to ${to}, which is not followed`);
    }
    if (body === null) return response;
    return new Response(bounded(body, ANSWER_BYTES), { status, statusText, headers });
  };
}
