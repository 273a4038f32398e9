// How a run shows itself on a terminal and in a pipe.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import type process from "node:process";
import { createLog } from "../pipeline/lib/log.ts";
import { boardText, createBoard, duration, type Totals } from "../pipeline/run/board.ts";
import type { Tally } from "../pipeline/schema/tally.ts";

const tally: Tally = {
  arrival: "closed",
  phase: "measure",
  step: 1,
  steps: 3,
  level: 2,
  elapsed_seconds: 20.7,
  planned_seconds: 20,
  requests: 31,
  tokens: 7936,
  errors: 1,
  frames: 7936,
  in_flight: 2,
  tokens_per_second: 383.38,
};
const totals: Totals = {
  usd: 0.1234,
  usd_of: (lease) => lease === "vastai-rtx-4090" ? 0.0712 : 0,
  done: 3,
  entries: 12,
  seconds_left: 754,
};

Deno.test("a board has one line a lease with phase, speed and dollars, and a total with what is left", () => {
  const lines = new Map([
    ["vastai-rtx-4090", { what: "vastai-rtx-4090-ollama-qwen2-7b", since: 0, tally }],
    ["lambda-h100", { what: "load  deepseek-r1:70b", since: 5_000, tally: null }],
  ]);
  deepEqual(boardText(lines, totals, 65_000, 200).split("\n"), [
    "  vastai-rtx-4090-ollama-qwen2-7b  concurrency 2, 1 of 3  20 of 20 s  31 requests  383.4 tokens/s  1 failed  $0.071",
    "  lambda-h100  load  deepseek-r1:70b  60 s",
    "  3 of 12 entries  $0.12  about 13 min left",
  ]);
});

Deno.test("a board says of a level at which rate requests come, which step of a ladder it is, and when it is measured again", () => {
  const text = (changes: Partial<Tally>) =>
    boardText(new Map([["l", { what: "l", since: 0, tally: { ...tally, ...changes } }]]), null, 0, 200);
  match(text({ arrival: "poisson", level: 2.5 }), /^ {2}l {2}2\.5 requests\/s \(Poisson\), 1 of 3 {2}/);
  match(text({ level: 16, step: 5, steps: null }), /concurrency 16, step 5 /);
  match(text({ phase: "repeat", step: 3 }), /concurrency 2, again /);
  match(text({ arrival: "ramp", level: 8, steps: 1 }), /up to 8 requests\/s \(ramp\) {2}20 of/);
});

Deno.test("a line of the board is never wider than the terminal", () => {
  const lines = new Map([["lease", { what: "x".repeat(300), since: 0, tally }]]);
  ok(boardText(lines, totals, 0, 80).split("\n").every((line) => line.length < 80));
});

Deno.test("a pipe gets messages alone", () => {
  const written: string[] = [];
  const board = createBoard(createLog((text) => written.push(text), () => new Date(0)), null);
  board.stage("lease", "setup");
  board.tally("lease", "entry", tally);
  board.log.info("done");
  board.over("lease");
  board.end();
  equal(written.join(""), "00:00:00  done\n");
});

Deno.test("a terminal gets messages above what is drawn, and nothing is left of the drawing at the end", () => {
  const written: string[] = [];
  const stream = { columns: 80, rows: 24, isTTY: true, write: (text: string) => written.push(text) > 0 };
  const board = createBoard(
    createLog((text) => written.push(text), () => new Date(0)),
    stream as unknown as typeof process.stderr,
  );
  board.stage("lease", "setup");
  board.log.info("hello");
  board.end();
  const text = written.join("");
  match(text, /lease {2}setup/);
  match(text, /00:00:00 {2}hello\n/);
  // deno-lint-ignore no-control-regex
  match(text, /\u001b\[/);
});

Deno.test("durations are told in the unit that suits them", () => {
  deepEqual([5, 89, 90, 5399, 5400].map(duration), ["5 s", "89 s", "2 min", "90 min", "1.5 h"]);
});
