// Odd streams of an engine that decodes a token every ten milliseconds: no failure is a success, no success a failure, and no speed is
// above the engine's, whatever it shows of its tokens and however its frames come.
import { deepEqual, equal, ok } from "node:assert/strict";
import { Random, shuffled } from "../../pipeline/agent/load/random.ts";
import { GOOD_ENDS } from "../../pipeline/schema/ends.ts";
import { ask, type Engine, heard, lineOfHeard } from "../exchange_fixtures.ts";
import { CHUNKED } from "../http_fixtures.ts";

const STREAMS = 800;
const OVER_SOCKETS = 80;
const GAP_MS = 10;
const BAD_ENDS = [
  "abort",
  "error",
  "timeout",
  "content_filter",
  "cancelled",
  "load",
  "unload",
  "insufficient_system_resource",
  "x".repeat(99),
];

/** A stream, and what must be made of it. */
interface Made {
  readonly engine: Engine;
  readonly parts: readonly (readonly [at: number, bytes: string])[];
  readonly fails: boolean;
  /** Null where the engine tells none. */
  readonly tok: number | null;
  /** Tokens of a frame. */
  readonly perFrame: number;
  /** What was drawn. */
  readonly what: string;
}

/** How tokens of a stretch show: the fields of their frames; null: no frame at all. */
type Shows = (text: string) => object | null;
const OPENAI_SHOWS: Readonly<Record<string, Shows>> = {
  text: (text) => ({ content: text }),
  reasoning: (text) => ({ reasoning_content: text }),
  thinking: (text) => ({ reasoning: text, content: null }),
  tool: (text) => ({ tool_calls: [{ index: 0, function: { arguments: text } }] }),
  parts: (text) => ({ content: [{ type: "text", text }] }),
  empty: () => ({ content: "" }),
  none: () => null,
};
const REASONING = ["reasoning", "thinking"];
const OLLAMA_SHOWS: Readonly<Record<string, Shows>> = {
  text: (text) => ({ response: text }),
  thinking: (text) => ({ response: "", thinking: text }),
  empty: () => ({ response: "" }),
};

function make(seed: number): Made {
  const random = new Random(seed, 7);
  const chance = (share: number) => random.uniform() < share;
  const one = <T>(things: readonly T[]): T => things[random.below(things.length)] as T;
  const engine: Engine = chance(0.3) ? "ollama" : "openai";
  const openai = engine === "openai";
  const shows = openai ? OPENAI_SHOWS : OLLAMA_SHOWS;
  const end = one(["\n", "\r\n", "\r"]);
  const event = (data: object | string) =>
    `data: ${typeof data === "string" ? data : JSON.stringify(data)}${end}${end}`;
  const frame = (fields: object, finish_reason: string | null = null, more: object = {}) =>
    openai
      ? event({ model: "m", choices: [{ index: 0, delta: fields, finish_reason }], usage: null, ...more })
      : `${JSON.stringify({ model: "m", done: false, ...fields })}${end}`;
  const noise = () =>
    openai
      ? one([`: ping${end}${end}`, `data:  ${end}${end}`, `event: message${end}id: 1${end}${end}`])
      : `${one(["", "  "])}${end}`;

  const tokens = 64 + random.below(120);
  const perFrame = one([1, 1, 1, 2, 3]);
  const names = shuffled(Object.keys(shows), seed).slice(0, 1 + random.below(3));
  // What never shows stands before what does, as reasoning does, and is no mere part of what shows of it; something always shows.
  const stretches = [
    ...new Set([
      ...names.filter((name) => name === "none"),
      ...names.filter((name) => name !== "none" && !(names.includes("none") && name === "thinking")),
      "text",
    ]),
  ];
  const counted = chance(0.85);
  const cutAt = chance(0.1) ? random.below(tokens) : null;
  const errorAt = cutAt === null && chance(0.1) ? random.below(tokens) : null;
  const word = chance(0.15) ? one(BAD_ENDS) : one(openai ? GOOD_ENDS : ["stop", "length", ""]);

  const sent: [number, string][] = [];
  let reasoned = 0;
  let broken = false;
  let seen = 0;
  if (openai && chance(0.8)) sent.push([0, frame({ role: "assistant", content: "" })]);
  for (let first = 0; first < tokens && !broken; first += perFrame) {
    const count = Math.min(perFrame, tokens - first);
    const at = 300 + GAP_MS * (first + count);
    const name = stretches[Math.min(stretches.length - 1, Math.floor(stretches.length * first / tokens))] ??
      "text";
    const fields = shows[name]?.(" tök🙂".repeat(count)) ?? null;
    if (cutAt !== null && first >= cutAt) broken = true;
    else if (errorAt !== null && first >= errorAt) {
      sent.push([
        at,
        openai
          ? one([
            event({ error: { message: "died" } }),
            `event: error${end}${event({ message: "died" })}`,
            event({ detail: "died" }),
          ])
          : `{"error":"died"}${end}`,
      ]);
      broken = true;
    } else if (fields === null) {
      reasoned += count;
    } else {
      sent.push([at, `${chance(0.1) ? noise() : ""}${frame(fields)}`]);
      if (name !== "empty") seen += 1;
      if (REASONING.includes(name)) reasoned += count;
    }
  }
  const over = 300 + GAP_MS * tokens;
  if (!broken || errorAt !== null) {
    const counts = openai
      ? {
        usage: {
          prompt_tokens: 9,
          completion_tokens: tokens,
          completion_tokens_details: { reasoning_tokens: reasoned },
        },
      }
      : { prompt_eval_count: 9, eval_count: tokens };
    if (openai) {
      sent.push([over, frame({}, word)]);
      if (counted) sent.push([over + 3, event({ choices: [], ...counts })]);
      if (chance(0.8)) sent.push([over + 3, event(one(["[DONE]", " [DONE] "]))]);
    } else {sent.push([
        over,
        `${
          JSON.stringify({
            model: "m",
            response: "",
            done: true,
            done_reason: word,
            ...(counted ? counts : {}),
          })
        }${end}`,
      ]);}
  }
  const isBad = word !== "" && !GOOD_ENDS.includes(word);
  return {
    engine,
    parts: delivered(sent, random),
    fails: broken || isBad || seen === 0,
    tok: counted ? tokens : null,
    perFrame,
    what:
      `seed ${seed}: ${engine}, ${tokens} tokens, ${perFrame} a frame, ${stretches.join("/")}, ${
        counted ? "" : "not "
      }counted, "${word}"` +
      `${cutAt === null ? "" : `, cut at ${cutAt}`}${errorAt === null ? "" : `, error at ${errorAt}`}`,
  };
}

/** As the network brings it: some pieces wait for those after them, and come with the time of the last. */
function delivered(sent: readonly [number, string][], random: Random): [number, string][] {
  const heaps = random.uniform() < 0.4;
  const parts: [number, string][] = [];
  for (let from = 0; from < sent.length;) {
    const count = heaps && random.uniform() < 0.3 ? 1 + random.below(20) : 1;
    const heap = sent.slice(from, from + count);
    parts.push([heap.at(-1)?.[0] ?? 0, heap.map(([, bytes]) => bytes).join("")]);
    from += count;
  }
  return parts;
}

Deno.test(`${STREAMS} odd streams: what failed is a failure, what did not is none, and nothing is faster than it was decoded`, () => {
  let good = 0;
  let known = 0;
  for (let seed = 1; seed <= STREAMS; seed++) {
    const { engine, parts, fails, tok, perFrame, what } = make(seed);
    const line = lineOfHeard(engine, parts);
    equal(line.err, fails, `${what}: ${line.error_msg ?? "a success"}`);
    ok((line.error_msg ?? "").isWellFormed() && (line.stop ?? "").isWellFormed(), what);
    if (fails) continue;
    good += 1;
    if (tok !== null) equal(line.tok, tok, what);
    if (line.tps === null || line.tps === undefined) continue;
    known += 1;
    // The first frame may hold several tokens, or be taken for one without any; the last one fewer than the others.
    const excess = (2 * perFrame - 1) / Math.max(1, (line.decode_tok ?? (line.tok ?? 0) - 1) - perFrame);
    ok(line.tps <= 100 * (perFrame === 1 ? 1.05 : 1.1) * (1 + excess), `${what}: ${line.tps} tokens/s`);
    // Only where tokens are not counted may it be lower: then frames are.
    if (tok !== null) ok(line.tps >= 100 * 0.85, `${what}: ${line.tps} tokens/s`);
  }
  ok(good > STREAMS / 3 && known > good / 2, `${good} good, ${known} with a speed`);
});

Deno.test(`${OVER_SOCKETS} of them over sockets, cut anywhere, come to the same`, async () => {
  for (let seed = 1; seed <= OVER_SOCKETS; seed++) {
    const { engine, parts, fails, what } = make(seed);
    const random = new Random(seed, 9);
    const bytes = new TextEncoder().encode(parts.map(([, text]) => text).join(""));
    const result = await ask(engine, async (request) => {
      await request.write(CHUNKED);
      for (let from = 0; from < bytes.length;) {
        const piece = bytes.slice(from, from + 1 + random.below(2000));
        from += piece.length;
        await request.write(`${piece.length.toString(16)}\r\n`, piece, "\r\n");
      }
      await request.write("0\r\n\r\n");
    });
    equal(result.error !== null, fails, `${what}: ${result.error?.message}`);
    const all = lineOfHeard(engine, parts);
    if (!fails) {
      deepEqual([result.frames, result.counts.tok, result.stop], [
        all.frames,
        heard(engine, parts).counts.tok,
        all.stop,
      ], what);
    }
  }
});
