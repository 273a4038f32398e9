import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { readConfig } from "../pipeline/agent/config.ts";
import type { Frame, Wire } from "../pipeline/agent/wire/frame.ts";
import { lineReader } from "../pipeline/agent/wire/lines.ts";
import { ollamaWire } from "../pipeline/agent/wire/ollama.ts";
import { openaiWire } from "../pipeline/agent/wire/openai.ts";
import { sseReader } from "../pipeline/agent/wire/sse.ts";
import { ENGINES } from "../pipeline/schema/names.ts";
import { prompt } from "./fixtures.ts";

const config = readConfig({ MODEL: "m" }, new Date(0));
const ollama = ollamaWire(config);
const openai = openaiWire(config);

/** What is asked of each engine for a plain prompt of 12 tokens, besides what all OpenAI-compatible ones are asked. */
const ASKED: Record<typeof ENGINES[number], object> = {
  ollama: {},
  vllm: {},
  sglang: {},
  "llama.cpp": { cache_prompt: false },
  openai: {},
  embedded: {},
};

for (const engine of ENGINES) {
  Deno.test(`${engine} is asked for each request's own text and length, and for no cached prompt`, () => {
    deepEqual(bodyOf(engine), { ...plainBody(engine), ...ASKED[engine] });
  });

  Deno.test(`${engine} is asked to go on past the end of an answer where it can`, () => {
    const more = engine === "ollama"
      ? {}
      : { ignore_eos: true, ...(engine === "vllm" ? { min_tokens: 12 } : {}) };
    deepEqual(bodyOf(engine, { ignore_eos: true }), { ...plainBody(engine), ...ASKED[engine], ...more });
  });

  Deno.test(`${engine} may take from its cache what prompts share`, () => {
    const more = engine === "llama.cpp" ? { cache_prompt: true } : {};
    deepEqual(bodyOf(engine, { may_be_cached: true }), { ...plainBody(engine), ...more });
  });
}

function bodyOf(engine: typeof ENGINES[number], changes: Parameters<typeof prompt>[1] = {}): unknown {
  const told = { MODEL: "m", ENGINE: engine, URL: "http://127.0.0.1:1", CONTEXT: "4096", MAX_TOKENS: "99" };
  const config = readConfig(told, new Date(0));
  const wire = engine === "ollama" ? ollamaWire(config) : openaiWire(config);
  return wire.body(prompt("hello", { max_tokens: 12, ...changes }));
}

function plainBody(engine: typeof ENGINES[number]): object {
  if (engine === "ollama") {
    const options = { num_predict: 12, num_ctx: 4096, temperature: 0 };
    return { model: "m", prompt: "hello", stream: true, keep_alive: "10m", options };
  }
  return {
    model: "m",
    messages: [{ role: "user", content: "hello" }],
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: 12,
    temperature: 0,
  };
}

/** Reads `text` cut into the given pieces of bytes. */
function read(wire: Wire, text: string, cuts: readonly number[] = []): Frame[] {
  const reader = wire.reader();
  const bytes = new TextEncoder().encode(text);
  const frames: Frame[] = [];
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    frames.push(...reader.push(bytes.slice(from, cut)));
    from = cut;
  }
  return [...frames, ...reader.end()];
}

const NDJSON = '{"response":"grüße","done":false}\r\n\n{"response":"","thinking":"hm","done":false}\n' +
  '{"response":"","done":true,"done_reason":"length","prompt_eval_count":7,"eval_count":2,"eval_duration":5}';
const SSE =
  ': hello\n\nevent: message\ndata: {"choices":[{"delta":{"role":"assistant","content":""},"finish_reason":null}]}\r\n\r\n' +
  'data:{"choices":[{"delta":{"content":"grüße"},"finish_reason":null}]}\n\n' +
  'data: {"choices":[{"delta":{"reasoning_content":"hm"},"finish_reason":null}]}\n\n' +
  'data: {"choices":[{"delta":{},"finish_reason":"length"}]}\n\n' +
  'data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":3}},"timings":{"prompt_ms":1.5,"predicted_ms":2}}\n\n' +
  "data: [DONE]\n\n";

Deno.test("Ollama's lines are read with thinking as text, absent counts left out and a last line without its break", () => {
  const [first, second, last] = read(ollama, NDJSON);
  deepEqual([first?.text, second?.text, last?.text], [true, true, false]);
  deepEqual([first?.answer, second?.answer, last?.answer], [true, false, false]);
  deepEqual(last?.counts, { prompt_tok: 7, tok: 2 });
  equal(last?.engine?.decode_ns, 5);
  equal(last?.done, true);
});

Deno.test("OpenAI's events are read with comments, event names and CRLF between them", () => {
  const frames = read(openai, SSE);
  deepEqual(frames.map((frame) => frame.text), [false, true, true, false, false, false]);
  deepEqual(frames.map((frame) => frame.answer), [false, true, false, false, false, false]);
  equal(frames[3]?.stop, "length");
  deepEqual(frames[4]?.counts, { tok: 2, prompt_tok: 7, cached_tok: 3 });
  equal(frames[4]?.engine?.prompt_ns, 1_500_000);
  equal(frames[5]?.done, true);
});

Deno.test("llama-server's timings give the counts that its usage leaves out, the cached ones too", () => {
  const timings = '"timings":{"cache_n":30,"prompt_n":5,"prompt_ms":1,"predicted_n":9,"predicted_ms":2}';
  const counts = (text: string) => read(openai, `data: {"choices":[],${text}}\n\n`)[0]?.counts;
  deepEqual(counts(timings), { tok: 9, prompt_tok: 35, cached_tok: 30 });
  deepEqual(counts(`"usage":{"prompt_tokens":35,"completion_tokens":8},${timings}`), {
    tok: 8,
    prompt_tok: 35,
    cached_tok: 30,
  });
});

for (const [name, wire, text] of [["Ollama", ollama, NDJSON], ["OpenAI", openai, SSE]] as const) {
  Deno.test(`a stream of ${name} reads the same wherever its bytes are cut`, () => {
    const whole = JSON.stringify(read(wire, text));
    const length = new TextEncoder().encode(text).length;
    for (let cut = 1; cut < length; cut++) {
      equal(JSON.stringify(read(wire, text, [cut])), whole, `cut at ${cut}`);
    }
    equal(JSON.stringify(read(wire, text, Array.from({ length }, (_, at) => at))), whole, "byte by byte");
  });

  Deno.test(`a stream of ${name} with damaged bytes is an error or fewer frames, never an exception`, () => {
    const bytes = new TextEncoder().encode(text);
    let state = 7;
    const random = (below: number) => (state = (state * 1103515245 + 12345) % 2147483648) % below;
    for (let round = 0; round < 500; round++) {
      const broken = bytes.slice();
      for (let n = 0; n < 3; n++) broken[random(broken.length)] = random(256);
      const reader = wire.reader();
      ok(Array.isArray([...reader.push(broken), ...reader.end()]));
    }
  });
}

/** The data of all events in `text`, read whole and byte by byte. */
function events(text: string): string[] {
  const bytes = new TextEncoder().encode(text);
  const whole = sseReader();
  const events = [...whole.push(bytes), ...whole.end()];
  const slow = sseReader();
  deepEqual([...Array.from(bytes).flatMap((byte) => slow.push(Uint8Array.of(byte))), ...slow.end()], events);
  return events;
}

Deno.test("events are read as the standard says, and their names, ids and retry times left out", () => {
  deepEqual(events("\uFEFFdata: a\n\ndata:b\n\ndata:  c\n\n"), ["a", "b", " c"]);
  deepEqual(events("event: x\nid: 1\nretry: 5\ndata: a\ndata: b\r\ndata\n\n: note\n\n"), ["a\nb\n"]);
  deepEqual(events("data:\n\n\n\ndatabase: a\n\ndata: grüße 🙂\n\ndata: last"), ["grüße 🙂", "last"]);
  deepEqual(events("data: a\n\n\uFEFFdata: b\n\n"), ["a"]);
});

Deno.test("an event may be as long as a line, and no longer, in however many lines it comes", () => {
  const part = new TextEncoder().encode(`data: ${"x".repeat(1023)}\n`);
  const reader = sseReader();
  for (let n = 0; n < 8192; n++) equal(reader.push(part).length, 0);
  throws(() => reader.push(part), /an event of the answer is longer than 8 MiB/);
});

Deno.test("a line of 8 MiB in pieces of one read each is taken in one go, and one byte more refused", () => {
  const piece = new Uint8Array(16 * 1024).fill(120);
  const reader = lineReader();
  for (let n = 0; n < 512; n++) equal(reader.push(piece).length, 0);
  const [line] = reader.push(new TextEncoder().encode("\nrest"));
  deepEqual([line?.length, reader.end()], [8 * 1024 * 1024, ["rest"]]);
  for (let n = 0; n < 512; n++) reader.push(piece);
  throws(() => reader.push(piece.subarray(0, 1)), /a line of the answer is longer than 8 MiB/);
});

Deno.test("errors inside a stream are seen in every shape that engines use", () => {
  const errorOf = (wire: Wire, text: string) => read(wire, text)[0]?.error;
  equal(errorOf(ollama, '{"error":"out of memory"}\n'), "out of memory");
  equal(errorOf(openai, 'data: {"error":{"message":"too long","code":400}}\n\n'), "too long");
  equal(errorOf(openai, 'data: {"error":"flat"}\n\n'), "flat");
  equal(errorOf(openai, 'data: {"object":"error","message":"vllm"}\n\n'), "vllm");
  equal(errorOf(openai, 'error: {"code":500,"message":"llama-server"}\n\n'), "llama-server");
  ok(errorOf(openai, "data: <html>\n\n")?.startsWith("a frame is not JSON"));
});

Deno.test("frames that are like the last one are not parsed, and say what they would say", () => {
  const event = (content: string, more = "", end = "\n") =>
    `data: {"id":"c1","choices":[{"delta":{"content":${content}},"finish_reason":null${more}}]}${end}${end}`;
  const all = [
    ...[event('"a"'), event('"b"'), event('"grüße 🙂"'), event('""'), event('"c"'), event('"say \\"hi\\""')],
    ...[event('"d"', "", "\r\n"), event('"e"', "", "\r\n"), event('"f"', ',"content":"x"'), event('"g"')],
    ...[event('"","x":"y"'), event('"\\"'), event("null"), event('"i"')],
    ...[`: ping\n\n${event('"j"')}`, `: ping\n\n${event('"k"')}`, event('"l"') + event('"m"'), event('"n"')],
    ...[event('"a\tb"'), event('"o"'), "data: {", event('"p"'), event('"q"'), 'data: {"error":"died"}\n\n'],
  ];
  const slow = () => {
    const reader = openai.reader();
    const bytes = new TextEncoder().encode(all.join(""));
    return [...Array.from(bytes).flatMap((byte) => reader.push(Uint8Array.of(byte))), ...reader.end()];
  };
  const quick = openai.reader();
  const frames = [...all.flatMap((text) => quick.push(new TextEncoder().encode(text))), ...quick.end()];
  deepEqual(frames, slow());
  ok(frames.filter(({ text }) => text).length > 12);
});
