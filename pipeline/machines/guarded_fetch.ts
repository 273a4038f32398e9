// HTTP to what others run: no redirect is followed, since it may lead to this computer's own ports, and an answer has an end.
import { bounded } from "../lib/bounded.ts";
import { ANSWER_BYTES } from "./limits.ts";

/** What an error means that ended a question, or an answer before it was whole. */
export type Explain = (error: unknown) => Promise<unknown>;

/** `ask` with those bounds; `signal` ends every question and every answer. */
export function guarded(
  ask: typeof fetch,
  signal: AbortSignal,
  explain: Explain = (error) => Promise.resolve(error),
): typeof fetch {
  return async (input, init = {}) => {
    const signals = init.signal ? [signal, init.signal] : [signal];
    const given = { ...init, redirect: "manual", signal: AbortSignal.any(signals) } as const;
    const response = await ask(input, given).catch(async (error) => {
      throw await explain(error);
    });
    const { status, statusText, headers, body } = response;
    if (status >= 300 && status < 400) {
      await body?.cancel();
      const to = headers.get("location")?.slice(0, 100) ?? "nowhere";
      throw new TypeError(`it answers ${status}, a redirect to ${to}, which is not followed`);
    }
    if (body === null) return response;
    const whole = ReadableStream.from(explained(bounded(body, ANSWER_BYTES), explain));
    return new Response(whole, { status, statusText, headers });
  };
}

async function* explained(body: ReadableStream<Uint8Array>, explain: Explain): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw await explain(error);
  }
}
