// The decoding speed of answers of which not every token can be seen: it is that of the engine, never that of the part that shows.
import { deepEqual, equal, ok } from "node:assert/strict";
import { chunkLineOf, lineOf } from "../pipeline/agent/record.ts";
import {
  delta,
  DONE,
  type Engine,
  event,
  heard,
  line,
  lineOfHeard as lineFrom,
  PLACE,
  said,
  usage,
} from "./exchange_fixtures.ts";

type Part = readonly [number, string];
/** `count` parts, one each ten milliseconds from `from`. */
const every10 = (from: number, count: number, part: string): Part[] =>
  Array.from({ length: count }, (_, n): Part => [from + 10 * n, part]);

const ROLE = delta({ role: "assistant", content: "" });
const END = (
  at: number,
  tok: number,
  more: object = {},
  reason = "stop",
): Part => [at, delta({}, reason) + usage(tok, more) + DONE];
const piece = (response: string, more: object = {}) => line({ response, done: false, ...more });
const last = (
  at: number,
  eval_count: number,
): Part => [at, line({ response: "", done: true, done_reason: "stop", eval_count })];

/** Every answer is decoded at 100 tokens/s. */
const ANSWERS: Readonly<Record<string, readonly [Engine, readonly Part[]]>> = {
  "tokens that all show": ["openai", [[0, ROLE], ...every10(500, 40, said("a")), END(890, 40)]],
  "reasoning that shows under its own key": [
    "openai",
    [
      [0, ROLE],
      ...every10(500, 30, delta({ reasoning_content: "hm" })),
      ...every10(800, 10, said("a")),
      END(890, 40, { completion_tokens_details: { reasoning_tokens: 30 } }),
    ],
  ],
  "reasoning of other names": [
    "openai",
    [
      [0, ROLE],
      ...every10(500, 20, delta({ reasoning: "hm" })),
      ...every10(700, 20, delta({ reasoning_details: [{ type: "reasoning.text", text: "hm" }] })),
      END(890, 40),
    ],
  ],
  "a tool call whose arguments come in pieces": [
    "openai",
    [
      [0, ROLE],
      ...every10(500, 3, said("a")),
      [
        530,
        delta({
          tool_calls: [{ index: 0, id: "c1", type: "function", function: { name: "f", arguments: "" } }],
        }),
      ],
      ...every10(540, 36, delta({ tool_calls: [{ index: 0, function: { arguments: "x" } }] })),
      END(890, 40, {}, "tool_calls"),
    ],
  ],
  "an old function call": [
    "openai",
    [...every10(500, 40, delta({ function_call: { arguments: "x" } })), END(890, 40, {}, "function_call")],
  ],
  "a content in parts": [
    "openai",
    [
      [0, ROLE],
      ...every10(
        500,
        20,
        delta({ content: [{ type: "thinking", thinking: [{ type: "text", text: "hm" }] }] }),
      ),
      ...every10(700, 20, delta({ content: [{ type: "text", text: "a" }] })),
      END(890, 40),
    ],
  ],
  "a refusal": ["openai", [[0, ROLE], ...every10(500, 40, delta({ refusal: "no" })), END(890, 40)]],
  "audio with its transcript": [
    "openai",
    [
      [0, ROLE],
      ...every10(500, 40, delta({ audio: { id: "a1", data: "UklG", transcript: "a" } })),
      END(890, 40),
    ],
  ],
  "thinking that Ollama does not show": ["ollama", [
    ...every10(500, 36, piece("")),
    ...every10(860, 4, piece("a")),
    last(890, 40),
  ]],
  "thinking that Ollama shows": ["ollama", [
    ...every10(500, 36, piece("", { thinking: "hm" })),
    ...every10(860, 4, piece("a")),
    last(890, 40),
  ]],
  "text first, and then thinking out of sight": ["ollama", [
    ...every10(500, 4, piece("a")),
    ...every10(540, 36, piece("")),
    last(890, 40),
  ]],
  "pieces of an answer without text after the role": [
    "openai",
    [[0, ROLE], ...every10(500, 30, delta({ content: "" })), ...every10(800, 10, said("a")), END(890, 40)],
  ],
  "reasoning of which no piece comes": [
    "openai",
    [
      [0, ROLE],
      ...every10(800, 10, said("a")),
      END(890, 40, { completion_tokens_details: { reasoning_tokens: 30 } }),
    ],
  ],
  "the same as SGLang tells it": [
    "openai",
    [[0, ROLE], ...every10(800, 10, said("a")), END(890, 40, { reasoning_tokens: 30 })],
  ],
  "drafts that were rejected": [
    "openai",
    [
      [0, ROLE],
      ...every10(800, 10, said("a")),
      END(890, 40, { completion_tokens_details: { rejected_prediction_tokens: 30 } }),
    ],
  ],
  "text inside which the reasoning stands": [
    "openai",
    [[0, ROLE], ...every10(500, 40, said("a")), END(890, 40, { reasoning_tokens: 30 })],
  ],
  "a tool call that is held back to the end": ["openai", [
    [0, ROLE],
    ...every10(500, 4, said("a")),
    END(890, 40, {}, "tool_calls"),
  ]],
  "a heap at the start": ["openai", [
    [0, ROLE],
    [700, said("a").repeat(21)],
    ...every10(710, 19, said("a")),
    END(890, 40),
  ]],
  "two tokens a frame": ["openai", [
    [0, ROLE],
    ...Array.from({ length: 20 }, (_, n): Part => [510 + 20 * n, said("a b")]),
    END(890, 40),
  ]],
  "ten tokens a frame": ["openai", [
    [0, ROLE],
    ...[590, 690, 790, 890].map((at): Part => [at, said("a b c d e f g h i j ")]),
    END(890, 40),
  ]],
  "a first frame that holds several": ["openai", [
    [0, ROLE],
    [610, said("a b c d e f g h i j k l ")],
    ...Array.from({ length: 28 }, (_, n): Part => [620 + 10 * n, said("a ")]),
    END(890, 40),
  ]],
  "one empty piece more than the engine counts": ["ollama", [
    ...every10(500, 36, piece("")),
    ...every10(860, 5, piece("a")),
    last(900, 40),
  ]],
  "an empty piece before those that are tokens": ["openai", [
    [0, ROLE],
    [100, delta({ content: "" })],
    ...every10(500, 30, delta({ content: "" })),
    ...every10(800, 10, said("a")),
    END(890, 40),
  ]],
  "empty pieces that kept the connection alive while the prompt was read": ["openai", [
    [0, ROLE],
    ...[1000, 2000, 3000, 4000].map((at): Part => [at, delta({ content: "" })]),
    ...Array.from({ length: 10 }, (_, n): Part => [5000 + 40 * n, said("a b c d ")]),
    END(5360, 40),
  ]],
  "an empty piece for which the count has room, long before": ["openai", [
    [0, ROLE],
    [10, delta({ content: "" })],
    ...every10(5000, 39, said("a")),
    END(5390, 40),
  ]],
  "reasoning of which a part is shown": ["openai", [
    ...Array.from({ length: 10 }, (_, n): Part => [500 + n, delta({ reasoning_content: "hm" })]),
    ...every10(800, 10, said("a")),
    END(890, 40, { reasoning_tokens: 30 }),
  ]],
  "reasoning that is sealed": ["openai", [
    [0, ROLE],
    [10, delta({ content: "", reasoning_details: [{ type: "reasoning.encrypted", data: "gAAA" }] })],
    ...every10(800, 10, said("a")),
    END(890, 40, { completion_tokens_details: { reasoning_tokens: 30 } }),
  ]],
};

for (const [what, [engine, parts]] of Object.entries(ANSWERS)) {
  Deno.test(`the speed of ${what} is that at which it was decoded`, () => {
    const { tok, tps, err } = lineFrom(engine, parts);
    deepEqual([err, tok], [false, 40]);
    ok(Math.abs((tps ?? 0) / 100 - 1) <= 0.05, `${tps} tokens/s`);
  });
}

Deno.test("a summary of the reasoning makes no answer faster", () => {
  const { tps } = lineFrom("openai", [
    [0, ROLE],
    [560, delta({ reasoning: "hm" })],
    [650, delta({ reasoning: "so" })],
    ...every10(700, 20, said("a")),
    END(890, 40, { reasoning_tokens: 20 }),
  ]);
  ok((tps ?? NaN) <= 105, `${tps} tokens/s`);
});

Deno.test("the same reasoning under several names is heard once", () => {
  const rateWith = (fields: object) =>
    lineFrom("openai", [
      ...Array.from({ length: 10 }, (_, n): Part => [100 + 20 * n, delta(fields)]),
      ...Array.from({ length: 10 }, (_, n): Part => [300 + 20 * n, said(" word")]),
      END(500, 60),
    ]).tps;
  equal(rateWith({ reasoning: " hm", reasoning_content: " hm" }), rateWith({ reasoning: " hm" }));
});

Deno.test("parts of a content that are thinking are no answer", () => {
  for (
    const part of [{ type: "thinking", thinking: [{ type: "text", text: "hm" }] }, {
      type: "reasoning",
      text: "hm",
    }]
  ) {
    const { first_text_ns, first_answer_ns } = lineFrom("openai", [
      ...every10(100, 5, delta({ content: [part] })),
      ...every10(300, 5, delta({ content: [{ type: "text", text: "a" }] })),
      END(350, 10),
    ]);
    deepEqual([first_text_ns, first_answer_ns], [100e6, 300e6]);
  }
});

Deno.test("pings, roles, empty pieces before the first token and the frames of the end are no tokens", () => {
  const keepAlive = every10(0, 40, delta({ content: "" }));
  const { tps, lead_frames, first_token_ns } = lineFrom("openai", [
    ...keepAlive,
    ...every10(500, 40, said("a")),
    END(890, 40),
  ]);
  deepEqual([tps, lead_frames, first_token_ns], [100, 40, undefined]);
  const again = lineFrom("openai", [[0, `: ping\n\n${ROLE}`], ...every10(500, 40, said("a")), [
    890,
    delta({}, "length"),
  ], [1500, usage(40) + DONE]]);
  deepEqual([again.tps, again.last_token_ns], [100, undefined]);
});

Deno.test("where an engine does not count, what is not shown is not in the speed either", () => {
  const { tok, tok_from, tps } = lineFrom("ollama", [
    ...every10(500, 36, piece("")),
    ...every10(860, 4, piece("a")),
    [890, line({ response: "", done: true })],
  ]);
  deepEqual([tok, tok_from, tps], [4, "frames", 100]);
});

Deno.test("an answer of which all comes at once has no speed", () => {
  for (
    const parts of [[[900, ROLE + said("a").repeat(40)], END(900, 40)], [
      [900, said("a b c")],
      END(900, 3),
    ]] as const
  ) {
    equal(lineFrom("openai", parts).tps, null);
  }
});

const UNKNOWN: Readonly<Record<string, readonly Part[]>> = {
  "a first frame that holds most of the text": [
    [0, ROLE],
    [850, said("a ".repeat(36))],
    ...every10(860, 4, said("a")),
    END(890, 40),
  ],
  "more tokens than its text can hold, of which nothing is told": [
    [0, ROLE],
    ...every10(800, 10, said("a")),
    END(890, 40),
  ],
  "a summary of reasoning and nothing else": [
    [0, ROLE],
    ...every10(500, 2, delta({ reasoning_content: "hm" })),
    END(515, 400, { reasoning_tokens: 400 }, "length"),
  ],
  "a summary of reasoning before a single frame": [
    ...every10(4000, 2, delta({ reasoning_content: "hm" })),
    [4020, said("yes")],
    END(4020, 401, { reasoning_tokens: 400 }),
  ],
};
for (const [what, parts] of Object.entries(UNKNOWN)) {
  Deno.test(`the speed of ${what} is not known`, () => {
    const { err, tps, decode_tok } = lineFrom("openai", parts);
    deepEqual([err, tps, decode_tok], [false, null, 0]);
  });
}

Deno.test("what nobody can read is no text, and ends no time to the first token", () => {
  for (
    const sealed of [
      { reasoning_details: [{ type: "reasoning.encrypted", data: "gAAA", id: "r", index: 0 }] },
      { content: [{ type: "redacted_thinking", data: "gAAA" }] },
      { reasoning: { encrypted_content: "gAAA" } },
    ]
  ) {
    const { first_text_ns, frames } = lineFrom("openai", [
      [0, ROLE],
      [10, delta(sealed)],
      ...every10(800, 10, said("a")),
      END(890, 10),
    ]);
    deepEqual([first_text_ns, frames], [800e6, 10], JSON.stringify(sealed));
  }
});

Deno.test("a line tells the span and the tokens of its speed where they are not those of the text, and nothing where they are", () => {
  const plain = lineFrom("openai", [[0, ROLE], ...every10(500, 40, said("a")), END(890, 40)]);
  deepEqual([plain.first_token_ns, plain.last_token_ns, plain.decode_tok, plain.reads], [
    undefined,
    undefined,
    undefined,
    40,
  ]);
  const hidden = lineFrom("ollama", [
    ...every10(500, 36, piece("")),
    ...every10(860, 4, piece("a")),
    last(890, 40),
  ]);
  deepEqual([hidden.first_token_ns, hidden.first_text_ns, hidden.last_token_ns, hidden.decode_tok], [
    500e6,
    860e6,
    undefined,
    undefined,
  ]);
  const reasoned = lineFrom("openai", [
    ...every10(800, 10, said("a")),
    END(890, 40, { reasoning_tokens: 30 }),
  ]);
  deepEqual([reasoned.tok, reasoned.decode_tok], [40, 9]);
  const heap = heard("openai", [[590, said("a").repeat(10)], ...every10(600, 30, said("a")), END(890, 40)]);
  const told = lineOf(heap, PLACE);
  deepEqual([
    told.decode_tok,
    told.frames,
    told.reads,
    chunkLineOf(heap, PLACE)?.gaps_us.filter((gap) => gap === 0).length,
  ], [30, 40, 31, 9]);
});

Deno.test("time to first token is that of the first text, reasoning and tool calls included, and not of what nobody sees", () => {
  const { first_text_ns, first_answer_ns } = lineFrom("ollama", [
    ...every10(500, 36, piece("")),
    ...every10(860, 4, piece("a")),
    last(890, 40),
  ]);
  deepEqual([first_text_ns, first_answer_ns], [860e6, 860e6]);
  const tool = lineFrom("openai", [
    [0, ROLE],
    [500, delta({ reasoning: "hm" })],
    [700, delta({ tool_calls: [{ index: 0, function: { name: "f" } }] })],
    [710, event({ choices: [] })],
    END(720, 2, {}, "tool_calls"),
  ]);
  deepEqual([tool.first_text_ns, tool.first_answer_ns], [500e6, 700e6]);
});
