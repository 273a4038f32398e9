// Reads the bodies of /v1/completions and /v1/chat/completions. Pure. What would change the answer and is not
// supported is refused with a sentence; unknown fields are ignored, as OpenAI-compatible servers do.
import { z } from "zod";
import { check } from "../../schema/parse.ts";

const textPart = z.object({ type: z.literal("text"), text: z.string() });

const message = z.object({
  role: z.enum(["system", "developer", "user", "assistant"]),
  content: z.union([
    z.string(),
    z.array(textPart).transform((parts) => parts.map((part) => part.text).join("")),
  ]),
});

const generation = z.object({
  model: z.string(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: z.int().positive().nullish(),
  max_completion_tokens: z.int().positive().nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  seed: z.int().nullish(),
  ignore_eos: z.boolean().nullish(),
  n: z.literal(1, "only one answer a request is supported").nullish(),
  stop: z.union([z.null(), z.tuple([])], "stop sequences are not supported").optional(),
});

const completion = generation.extend({ prompt: z.string().min(1) });
const chat = generation.extend({ messages: z.array(message).min(1) });

/** One message of a chat; `developer` counts as `system`. */
export interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** What to generate; `max_tokens` is undefined when only the context bounds the answer. */
export interface GenerationRequest {
  readonly kind: "completion" | "chat";
  readonly model: string;
  readonly input: string | readonly Message[];
  readonly stream: boolean;
  readonly include_usage: boolean;
  readonly max_tokens: number | undefined;
  readonly temperature: number;
  readonly seed: number | undefined;
  readonly ignore_eos: boolean;
}

/** An answer other than 200, in OpenAI's nested error shape. */
export class RequestError extends Error {
  override readonly name = "RequestError";

  constructor(
    readonly status: number,
    message: string,
    readonly type: string,
    readonly code: string | null = null,
  ) {
    super(message);
  }
}

/** The request in `body`; a RequestError 400 names every fault. */
export function readRequest(kind: GenerationRequest["kind"], body: unknown): GenerationRequest {
  const { input, ...fields } = kind === "chat" ? readChat(body) : readCompletion(body);
  return {
    kind,
    model: fields.model,
    input,
    stream: fields.stream ?? false,
    include_usage: fields.stream_options?.include_usage ?? false,
    max_tokens: fields.max_completion_tokens ?? fields.max_tokens ?? undefined,
    temperature: fields.temperature ?? 1,
    seed: fields.seed ?? undefined,
    ignore_eos: fields.ignore_eos ?? false,
  };
}

function readChat(body: unknown) {
  const { messages, ...fields } = accept(chat, body);
  const input = messages.map(({ role, content }): Message => ({
    role: role === "developer" ? "system" : role,
    content,
  }));
  return { ...fields, input };
}

function readCompletion(body: unknown) {
  const { prompt, ...fields } = accept(completion, body);
  return { ...fields, input: prompt };
}

function accept<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const checked = check(schema, body);
  if ("value" in checked) return checked.value;
  throw new RequestError(400, checked.faults.join("; "), "invalid_request_error");
}
