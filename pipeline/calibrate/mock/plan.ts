// What a stream of the mock server does, read from the model's name: `mock:ttft=50,gap=20,n=128,crlf`. Pure.

/** Settings with a number: name → default and meaning. */
export const NUMBERS = {
  ttft: { usual: 50, meaning: "milliseconds from the whole request to the first chunk" },
  gap: { usual: 20, meaning: "milliseconds from each chunk to the next" },
  n: { usual: 64, meaning: "chunks with text" },
  tokens: { usual: 1, meaning: "tokens a chunk" },
  prompt: { usual: 40, meaning: "tokens that the prompt is said to have" },
  headers: {
    usual: 0,
    meaning: "milliseconds before the response's headers; delays the first chunk where it is later",
  },
  giant: { usual: 0, meaning: "bytes of text in the first chunk" },
  at: { usual: 3, meaning: "chunks before error_200 or close_mid strikes" },
  slots: { usual: 0, meaning: "streams of this model served at once, others wait their turn; 0: all" },
  loading: { usual: 0, meaning: "requests that are refused with 503 before this model is served" },
} as const;

/** Quirks that are on or off: name → meaning. */
export const QUIRKS = {
  role_first: "a frame without text before the first chunk, as chat servers send it",
  no_usage: "no counts at the end",
  no_done: "no [DONE]; of Ollama no last frame",
  no_end: "neither [DONE] nor a finish reason: the stream just ends",
  hang: "like no_end, but the connection stays open",
  error_200: "an error object in place of a chunk, under status 200",
  close_mid: "the connection closes inside a chunk",
  crlf: "lines end in CR LF",
  pings: "comments between events; of Ollama empty lines",
  split: "every frame in pieces of seven bytes, each an HTTP chunk of its own, cut inside characters",
  drip: "the headers byte by byte, two milliseconds apart",
  wrong_counts: "seven tokens more in the counts than were sent",
  few_counts: "half of the tokens in the counts",
  miscount: "the server's own counter of tokens runs 5 % ahead",
  hidden_queue: "the server's own gauges leave out what waits for a place",
  cached: "all of the prompt's tokens are said to come from the cache",
  refuse: "status 500 with an error object",
  redirect: "status 307 to a path that is not there",
  abort: "the engine gives the answer up: it ends as abort, of Ollama as unload",
  detail: "a framework's error object in place of a chunk, under status 200, and then [DONE]",
  error_event: "an event named error in place of a chunk, and then [DONE]; of Ollama an error with a list",
  no_reason: "an empty finish reason in every piece, and no other",
  cr: "lines end in CR alone",
  blank_data: "events without data between the others; of Ollama lines of blanks",
  whole: "the whole answer in one piece, as without streaming",
  page: "a page of HTML under status 200",
  tool_calls: "every second chunk is a part of a tool call",
  parts: "the text of a chunk stands in a list of parts",
  hidden: "the first half of the chunks shows nothing, as of thinking out of sight",
  silent: "as many tokens again as the chunks have are reasoned before them, of which nothing is sent",
  other_model: "the answer names another model",
  heaps: "chunks are held back and go out four at a time",
  times: "the engine tells its own time for decoding",
  wrong_times: "it tells half of that time",
  gzip: "the whole answer at its end, compressed, though nobody asked for that",
} as const;

export type Quirk = keyof typeof QUIRKS;
type Numbers = { readonly [K in keyof typeof NUMBERS]: number };

export interface StreamPlan extends Numbers {
  readonly quirks: ReadonlySet<Quirk>;
}

/** The plan that `model` names; a RangeError names what is wrong and what is known. `n` is used when the name gives none. */
export function planOf(model: string, n: number = NUMBERS.n.usual): StreamPlan {
  if (!model.startsWith("mock:")) {
    throw new RangeError(`there is no model ${model}: names begin with "mock:"`);
  }
  const numbers: Record<string, number> = {
    ...Object.fromEntries(Object.entries(NUMBERS).map(([name, { usual }]) => [name, usual])),
    n,
  };
  const quirks = new Set<Quirk>();
  for (const part of model.slice("mock:".length).split(",").filter((text) => text !== "")) {
    const [name = "", value] = part.split("=");
    if (value === undefined && Object.hasOwn(QUIRKS, name)) quirks.add(name as Quirk);
    else if (value !== undefined && Object.hasOwn(NUMBERS, name) && isCount(Number(value))) {
      numbers[name] = Number(value);
    } else throw new RangeError(`cannot use "${part}": known are ${known()}`);
  }
  return { ...numbers as Numbers, quirks };
}

/** The name that `planOf` reads as these settings. */
export function modelName(numbers: Partial<Numbers>, quirks: readonly Quirk[] = []): string {
  return `mock:${
    [...Object.entries(numbers).map(([name, value]) => `${name}=${value}`), ...quirks].join(",")
  }`;
}

/** When chunk `index` is due, milliseconds after the whole request was there. */
export function dueOf(plan: Numbers, index: number): number {
  return Math.max(plan.ttft, plan.headers) + index * plan.gap;
}

function isCount(value: number): boolean {
  return Number.isFinite(value) && value >= 0;
}

function known(): string {
  return [...Object.keys(NUMBERS).map((name) => `${name}=N`), ...Object.keys(QUIRKS)].join(", ");
}
