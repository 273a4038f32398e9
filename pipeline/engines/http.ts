// Questions to an engine over HTTP, with errors that say who was asked and what came back.
import { z } from "zod";
import { messageOf, UserError } from "../errors.ts";
import { apiKey, withoutKey } from "../lib/api_key.ts";
import { boundedText } from "../lib/bounded.ts";
import { wordsIn } from "../lib/error_words.ts";
import { endless } from "../machines/guarded_fetch.ts";
import { Failure } from "../schema/failures.ts";
import { check } from "../schema/parse.ts";
import { cutText } from "../schema/text.ts";
import type { EngineWorld } from "./engine.ts";

/** Asks for more text than a decode takes. */
export const DECODE_PROMPT =
  "Write a long story about a lighthouse keeper, with every detail you can think of.";

/** What an engine says of itself and of its models is far shorter. */
const ANSWER_BYTES = 16 << 20;
const SHOWN_FAULTS = 3;

export interface Question {
  readonly url: string;
  readonly body?: unknown;
  /** Default 30; a model may take long to load. */
  readonly timeout_seconds?: number;
}

/** The answer to `question`, any status; a UserError when nobody answers. */
export async function ask(question: Question, world: EngineWorld): Promise<Response> {
  const { url, body, timeout_seconds = 30 } = question;
  try {
    return await world.fetch(url, {
      signal: AbortSignal.any([world.signal, AbortSignal.timeout(timeout_seconds * 1000)]),
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
      headers: { "content-type": "application/json" },
    });
  } catch (cause) {
    world.signal.throwIfAborted();
    // Not the engine but the machine cannot be reached.
    if (cause instanceof Failure) throw cause;
    const words = messageOf(cause);
    throw new UserError(
      `Cannot reach an engine at ${new URL(url).origin}: ${words}`,
      /peer certificate/i.test(words)
        ? "Name the file of a certificate that you trust in DENO_CERT; the README tells which."
        : "Start the engine, or put its address into the matrix as the engine's url.",
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

/** Any JSON object. */
export const AnyObject = z.record(z.string(), z.unknown());

/**
 * The JSON object that answers `question`, of the form of `schema`; a UserError tells `what` failed and what the engine said. Where
 * the engine is ours, on a machine of strangers, another form is that machine's: a Failure `hostile_output`.
 */
export async function askJson<S extends z.ZodType>(
  what: string,
  question: Question,
  schema: S,
  world: EngineWorld,
): Promise<z.output<S>> {
  const answer = await askObject(what, question, world);
  const checked = check(schema, answer);
  if ("value" in checked) return checked.value;
  const faults = checked.faults.slice(0, SHOWN_FAULTS).join("; ");
  throw otherForm(`Cannot ${what}: in the answer of ${question.url} ${faults}`, world);
}

/** A list of what an engine has. In one of the user's own, what has another form is `none`, which has no name, and the rest counts. */
export function listOf<S extends z.ZodType>(member: S, none: z.output<S>, { host }: EngineWorld) {
  const members = host === null ? z.array(member.catch(none)) : z.array(member);
  return members.nullish().transform((list) => list ?? []);
}

async function askObject(what: string, question: Question, world: EngineWorld): Promise<object> {
  const response = await ask(question, world);
  const text = await textOf(response);
  if (!response.ok) throw refusal(what, response.status, text);
  try {
    const answer: unknown = JSON.parse(text);
    if (typeof answer === "object" && answer !== null) return answer;
  } catch {
    // Said below: the text is no JSON object.
  }
  const shown = JSON.stringify(cutText(text, 80));
  throw otherForm(`Cannot ${what}: ${question.url} answered ${shown}, which is no JSON object`, world);
}

/** An engine of ours answers in its own form, unless its machine lies; at the user's url there may be anything. */
function otherForm(message: string, { host }: EngineWorld): UserError {
  return host === null
    ? new UserError(message, "Check that the url is the engine's own.")
    : new Failure("hostile_output", message);
}

/** The engine wants a key, or another one: somebody answers. */
class KeyRefused extends UserError {}

/** The error for an answer other than 200. */
export function refusal(what: string, status: number, text: string): UserError {
  const found = `Cannot ${what}: the engine answered ${status}: ${errorText(text)}`;
  if (status !== 401 && status !== 403) {
    return new UserError(found, "Check the model's name and what the engine's own log says.");
  }
  return new KeyRefused(
    found,
    apiKey() === null
      ? "Put the endpoint's key into the environment variable API_KEY."
      : "It does not take the key in the environment variable API_KEY: check whose it is.",
  );
}

/** Whether the engine says no, or nobody answers: its machine is not to blame, and no key is missing. */
export function saysNo(error: unknown): error is UserError {
  return error instanceof UserError && !(error instanceof Failure) && !(error instanceof KeyRefused);
}

/** The words of an error in whatever shape, else the text itself, at most 300 characters and without the key of an endpoint. */
export function errorText(text: string): string {
  return withoutKey(wordsIn(text) ?? cutText(text, 300));
}
