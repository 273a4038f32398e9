// One account's way to its provider's HTTP API: paced, retried only where that is safe, and never a key in a text.
import type { z } from "zod";
import { messageOf } from "../errors.ts";
import { boundedText } from "../lib/bounded.ts";
import { type Clock, throwIfAborted } from "../lib/clock.ts";
import { Failure, type FailureCode } from "../schema/failures.ts";
import { type ProviderName, providerTitle } from "../schema/names.ts";
import { cutText } from "../schema/text.ts";
import { Line } from "./line.ts";
import type { Opening } from "./provider.ts";

/** Least seconds between the beginnings of two calls: of any, and of two of a kind. */
export interface Pace {
  readonly any: number;
  readonly create: number;
  readonly destroy: number;
}

export interface Call {
  /** What is done, for messages: `list the machines`. */
  readonly what: string;
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Below the base URL, beginning with a slash. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Only `create` is never sent again once it may have arrived. */
  readonly kind?: "create" | "destroy";
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  /** The parsed text; undefined when it is not JSON. */
  readonly json: unknown;
  /** Seconds that it asks to wait for, and the second since 1970 at which a limit counts anew; null where it does not tell. */
  readonly retry_after: number | null;
  readonly resets_at: number | null;
}

/** A list of all offers has a few MiB. */
const ANSWER_BYTES = 64 << 20;
const TIMEOUT_SECONDS = 60;
/** How long a create that is on its way is still waited for after a stop. */
const STOPPED_CREATE_SECONDS = 10;
const MARKET_SECONDS = 30;
const TRIES = 5;
const FIRST_WAIT_SECONDS = 1;
const LONGEST_WAIT_SECONDS = 60;
/** A list of all machines or charges has some dozens. */
const MOST_PAGES = 1000;
/** What is shown of an answer, and what is looked at for that. */
const SHOWN = 300;
const LOOKED_AT = 16 * SHOWN;
/** What answers hold besides that opens a machine or an account, such as a machine's own key: values by their names, and in addresses. */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [
    /"(\w*(?:key|token|passw(?:or)?d|secret|credential|auth)\w*)"\s*:\s*"(?:[^"\\]|\\.)*("|$)/gi,
    '"$1":"***"',
  ],
  [/([?&;][\w.-]*(?:key|token|passw(?:or)?d|secret|auth|sig)[\w.-]*=)[^&\s"']+/gi, "$1***"],
];

/** Without reused connections: Deno's fetch sends a request again when a reused one closes without an answer, creates included. */
const NEVER_TWICE = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });

/** What an answer's words say that its status does not: a reason, with something to add to the words; null: nothing. */
export type Explain = (answer: Answer) => FailureCode | Explained | null;
export interface Explained {
  readonly code: FailureCode;
  readonly note: string;
}

export class Account {
  readonly #lines: Readonly<Record<keyof Pace, Line>>;
  readonly #markets = new Map<string, { readonly until: number; readonly found: Promise<unknown> }>();
  readonly #clock: Clock;

  constructor(
    readonly provider: ProviderName,
    readonly base: string,
    readonly opening: Opening,
    pace: Pace,
    readonly explain: Explain = () => null,
  ) {
    const { clock } = opening;
    this.#clock = clock;
    this.#lines = {
      any: new Line(pace.any, clock),
      create: new Line(pace.create, clock),
      destroy: new Line(pace.destroy, clock),
    };
  }

  /**
   * What `find` found a moment ago, for all who want to know the same. Whatever is created, taken back or fails makes it old, and
   * so do `seconds`.
   */
  market<T>(what: string, find: () => Promise<T>, seconds = MARKET_SECONDS): Promise<T> {
    const known = this.#markets.get(what);
    if (known !== undefined && this.#clock.now() < known.until) return known.found as Promise<T>;
    const found = find();
    this.#markets.set(what, { until: this.#clock.after(seconds), found });
    found.catch(() => this.#markets.delete(what));
    return found;
  }

  /** The answer, whatever its status but 429 and, where the call is safe, 5xx. A Failure says why there is none. */
  async ask(call: Call): Promise<Answer> {
    for (let attempt = 1;; attempt++) {
      await this.#turn(call);
      if (call.signal !== undefined) throwIfAborted(call.signal);
      const answer = await this.#send(call);
      if (call.kind !== undefined) this.#markets.clear();
      const trouble = this.#troubleOf(call, answer);
      if (trouble === null) return answer as Answer;
      const isLimit = "status" in answer && answer.status === 429;
      const mayRepeat = isLimit ? trouble.code === "rate_limited" : call.kind !== "create";
      if (!mayRepeat || attempt >= TRIES) throw trouble;
      await this.#clock.sleep(waitAfter(attempt, answer), call.signal);
    }
  }

  /** What the answer holds by `schema`; a Failure when it is not 2xx or holds something else. */
  read<S extends z.ZodType>(schema: S, call: Pick<Call, "what">, answer: Answer): z.output<S> {
    if (answer.status < 200 || answer.status > 299) throw this.refusal(call, answer);
    const reading = schema.safeParse(answer.json);
    if (reading.success) return reading.data;
    // What it holds is not shown: a list of machines tells of their keys.
    const [issue] = reading.error.issues;
    throw this.failure(
      "provider_unavailable",
      call,
      `its answer has not the form it should have: ${
        issue?.path.join(".") || "all of it"
      }: ${issue?.message}`,
    );
  }

  /** Every page of a list, first to last, none without the others; `parameter` asks for the page after one that tells `next`. */
  async pages<P>(
    call: Call,
    parameter: string,
    read: (answer: Answer) => P,
    next: (page: P) => string | null | undefined,
  ): Promise<P[]> {
    const found: P[] = [];
    const asked = new Set<string>();
    let length = 0;
    for (let query = call.query;;) {
      const answer = await this.ask({ ...call, ...(query === undefined ? {} : { query }) });
      const page = read(answer);
      found.push(page);
      const token = next(page) ?? null;
      if (token === null) return found;
      length += answer.text.length;
      if (asked.has(token) || asked.size >= MOST_PAGES || length > ANSWER_BYTES) {
        throw this.failure("provider_unavailable", call, "its pages have no end");
      }
      asked.add(token);
      query = { ...call.query, [parameter]: token };
    }
  }

  /** A Failure that says what was to be done and what the provider answered. */
  failure(code: FailureCode, { what }: Pick<Call, "what">, found: string): Failure {
    return new Failure(code, `Cannot ${what} at ${providerTitle(this.provider)}: ${this.#redacted(found)}`);
  }

  /** The Failure for an answer that is no good: by its words, by its status, else `code`. */
  refusal(call: Pick<Call, "what">, answer: Answer, code: FailureCode = "request_refused"): Failure {
    const { status, text } = answer;
    const known = status === 401 || status === 403 ? "bad_key" : status === 402 ? "no_credit" : code;
    const told = this.explain(answer) ?? known;
    const found = `it answered ${status}: ${this.#shown(text)}`;
    return typeof told === "string"
      ? this.failure(told, call, found)
      : this.failure(told.code, call, `${found}; ${told.note}`);
  }

  #troubleOf(call: Call, answer: Answer | LostAnswer): Failure | null {
    if ("lost" in answer) {
      const code = call.kind === "create" ? "create_unknown" : "provider_unavailable";
      return this.failure(code, call, answer.lost);
    }
    if (answer.status === 429) return this.refusal(call, answer, "rate_limited");
    if (answer.status < 500) return null;
    if (call.kind !== "create") return this.refusal(call, answer, "provider_unavailable");
    // Whatever its words say: something may have been made before it failed.
    return this.failure("create_unknown", call, `it answered ${answer.status}: ${this.#shown(answer.text)}`);
  }

  /** Waits for the call's turn: among those of its kind, then among all, where a create goes first. */
  #turn({ kind, signal }: Call): Promise<void> {
    const { any } = this.#lines;
    if (kind === undefined) return any.turn(false, signal);
    return this.#lines[kind].turn(false, signal, () => any.turn(kind === "create", signal));
  }

  async #send(call: Call): Promise<Answer | LostAnswer> {
    const { method, path, query, body } = call;
    const url = new URL(`${this.base}${path}`);
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    const ends = this.#endsOf(call);
    try {
      const response = await fetch(url, {
        client: NEVER_TWICE,
        method,
        redirect: "error",
        signal: ends,
        headers: {
          authorization: `Bearer ${this.opening.key}`,
          accept: "application/json",
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await boundedText(response, ANSWER_BYTES, { signal: ends });
      const told = (name: string) => Number(response.headers.get(name)) || null;
      return {
        status: response.status,
        text,
        json: parsed(text),
        retry_after: told("retry-after"),
        resets_at: told("x-ratelimit-reset"),
      };
    } catch (error) {
      return { lost: `no answer came: ${messageOf(error)}` };
    }
  }

  /** What ends the wait for an answer. That of a create says what was made: a stop does not end it at once. */
  #endsOf({ kind, signal }: Call): AbortSignal {
    const late = this.#clock.timeout(TIMEOUT_SECONDS);
    if (signal === undefined) return late;
    if (kind !== "create") return AbortSignal.any([late, signal]);
    const stopped = new AbortController();
    const stop = () =>
      this.#clock.timeout(STOPPED_CREATE_SECONDS).addEventListener("abort", () => stopped.abort());
    signal.addEventListener("abort", stop, { once: true, signal: late });
    return AbortSignal.any([late, stopped.signal]);
  }

  /** An answer's text for people: one line, not too long, and without keys. */
  #shown(text: string): string {
    const start = cutText(text, LOOKED_AT);
    return shortened(
      this.#redacted(SECRETS.reduce((left, [secret, shown]) => left.replace(secret, shown), start)),
    );
  }

  #redacted(text: string): string {
    const { key } = this.opening;
    return key === "" ? text : text.replaceAll(key, "***");
  }
}

interface LostAnswer {
  readonly lost: string;
}

/** Seconds to wait: what the provider asks for, else twice as long each time, with a fifth of chance. */
function waitAfter(attempt: number, answer: Answer | LostAnswer): number {
  const asked = "retry_after" in answer ? answer.retry_after : null;
  const wait = asked ?? FIRST_WAIT_SECONDS * 2 ** (attempt - 1) * (0.9 + 0.2 * Math.random());
  return Math.min(wait, LONGEST_WAIT_SECONDS);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function shortened(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line === "" ? "nothing" : cutText(line, SHOWN);
}
