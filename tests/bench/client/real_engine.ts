// The agent against a real engine: the embedded llama.cpp, whose own timings come with every answer.
import { join } from "node:path";
import { readConfig } from "../../../pipeline/agent/config.ts";
import { run } from "../../../pipeline/agent/run.ts";
import { startEmbedded } from "../../../pipeline/engines/embedded/process.ts";
import { RequestLine } from "../../../pipeline/schema/request.ts";
import { temporaryRoot } from "../../fixtures.ts";
import type { Line } from "../line.ts";

const MODEL = "synthetic:42m";
const LEVELS = [1, 2, 4];
const SECONDS = 8;
const MAX_TOKENS = 128;
const AIM_PCT = 2;

/** A line for each concurrency: the agent's tokens/s beside the engine's, and the counts of both. */
export async function realEngineLines(): Promise<Line[]> {
  await using root = await temporaryRoot();
  const signal = new AbortController().signal;
  await using server = await startEmbedded({
    model: MODEL,
    slots: Math.max(...LEVELS),
    context: 1024,
    modelsDir: root.paths.models,
    log: () => undefined,
    signal,
  });
  const out = join(root.paths.root, "evidence");
  const config = readConfig({
    MODEL,
    ENGINE: "embedded",
    URL: server.url,
    DURATION: String(SECONDS),
    CONCURRENCY: LEVELS.join(","),
    MAX_TOKENS: String(MAX_TOKENS),
    OUT: out,
  }, new Date());
  await run(config, signal, { progress: () => undefined, ended: () => undefined });
  const text = await Deno.readTextFile(join(out, "results.jsonl"));
  const lines = text.trim().split("\n").map((line) => RequestLine.parse(JSON.parse(line)));
  return LEVELS.map((level) => compared(level, lines.filter((line) => isMeasured(line, level))));
}

function isMeasured(line: RequestLine, level: number): boolean {
  return line.phase === "measure" && line.level === level;
}

/** Decoding takes one step less than there are tokens: the first comes out of reading the prompt. */
function compared(level: number, lines: readonly RequestLine[]): Line {
  const steps = sum(lines, ({ tok }) => (tok ?? 0) - 1);
  const ours = steps * 1e9 /
    sum(lines, ({ first_text_ns, last_text_ns }) => span(first_text_ns, last_text_ns));
  const engines = steps * 1e9 / sum(lines, ({ engine }) => engine?.decode_ns ?? NaN);
  const off_pct = 100 * Math.abs(ours / engines - 1);
  const exact = lines.every(({ err, tok, tok_from, frames }) =>
    err === false && tok_from === "engine" && tok === MAX_TOKENS && frames === MAX_TOKENS
  );
  return {
    what: `llama.cpp with ${MODEL}, concurrency ${level}`,
    found:
      `${ours.toFixed(2)} tokens/s, by its own timings ${engines.toFixed(2)}: ${
        off_pct.toFixed(2)
      } % apart; ` +
      `${lines.length} requests, tokens ${exact ? "exact" : "NOT exact"}`,
    aim: `within ${AIM_PCT} %, exact`,
    held: lines.length > 0 && off_pct <= AIM_PCT && exact,
  };
}

function span(from: number | null | undefined, to: number | null | undefined): number {
  return (to ?? NaN) - (from ?? NaN);
}

function sum(lines: readonly RequestLine[], of: (line: RequestLine) => number): number {
  return lines.reduce((total, line) => total + of(line), 0);
}
