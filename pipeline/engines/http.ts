// Questions to an engine over HTTP, with errors that say who was asked and what came back.
import { messageOf, UserError } from "../errors.ts";
import { boundedText } from "../lib/bounded.ts";
import { wordsIn } from "../lib/error_words.ts";
import { endless } from "../machines/guarded_fetch.ts";
import { Failure } from "../schema/failures.ts";
import { cutText } from "../schema/text.ts";
import type { EngineWorld } from "./engine.ts";

/** Asks for more text than a decode takes. */
export const DECODE_PROMPT =
  "Write a long story about a lighthouse keeper, with every detail you can think of.";

/** What an engine says of itself and of its models is far shorter. */
const ANSWER_BYTES = 16 << 20;

export interface Question {
  readonly url: string;
  readonly body?: unknown;
  readonly api_key?: string;
  /** Default 30; a model may take long to load. */
  readonly timeout_seconds?: number;
}

/** The answer to `question`, any status; a UserError when nobody answers. */
export async function ask(question: Question, world: EngineWorld): Promise<Response> {
  const { url, body, api_key, timeout_seconds = 30 } = question;
  try {
    return await world.fetch(url, {
      signal: AbortSignal.any([world.signal, AbortSignal.timeout(timeout_seconds * 1000)]),
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
      headers: {
        "content-type": "application/json",
        ...(api_key === undefined ? {} : { authorization: `Bearer ${api_key}` }),
      },
    });
  } catch (cause) {
    world.signal.throwIfAborted();
    // Not the engine but the machine cannot be reached.
    if (cause instanceof Failure) throw cause;
    throw new UserError(
      `Cannot reach an engine at ${new URL(url).origin}: ${messageOf(cause)}`,
      "Start the engine, or put its address into the matrix as the engine's url.",
      { cause },
    );
  }
}

/** The text of an answer; a Failure `hostile_output` when it does not end. */
export async function textOf(response: Response): Promise<string> {
  try {
    return await boundedText(response, ANSWER_BYTES);
  } catch (error) {
    throw endless(error);
  }
}

/** The JSON object that answers `question`; a UserError tells `what` failed and what the engine said. */
export async function askJson(
  what: string,
  question: Question,
  world: EngineWorld,
): Promise<Record<string, unknown>> {
  const response = await ask(question, world);
  const text = await textOf(response);
  if (!response.ok) throw refusal(what, response.status, text);
  try {
    const answer: unknown = JSON.parse(text);
    if (typeof answer === "object" && answer !== null) return answer as Record<string, unknown>;
  } catch {
    // Said below: the text is no JSON object.
  }
  throw new UserError(
    `Cannot ${what}: ${question.url} answered ${JSON.stringify(cutText(text, 80))}, which is no JSON object`,
    "Check that the url is the engine's own.",
  );
}

/** The error for an answer other than 200. */
export function refusal(what: string, status: number, text: string): UserError {
  return new UserError(
    `Cannot ${what}: the engine answered ${status}: ${errorText(text)}`,
    status === 401 || status === 403
      ? "Put the endpoint's key into the environment variable API_KEY."
      : "Check the model's name and what the engine's own log says.",
  );
}

/** The words of an error in whatever shape, else the text itself, at most 300 characters. */
export function errorText(text: string): string {
  return wordsIn(text) ?? cutText(text, 300);
}
