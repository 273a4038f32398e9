// A model comes from Ollama's library: progress is told, a pull that stalls is begun again once, and errors get their reason.
import { UserError } from "../errors.ts";
import { errorIn, remarkIn } from "../lib/error_words.ts";
import { LineSplitter } from "../lib/line_splitter.ts";
import { Failure, type FailureCode } from "../schema/failures.ts";
import type { EngineWorld } from "./engine.ts";
import { endless } from "../machines/guarded_fetch.ts";
import { ask, refusal, textOf } from "./http.ts";

/** Without a new byte for so long, a pull has stalled. */
const STALL_SECONDS = 120;
const LONGEST_SECONDS = 6 * 3600;
/** Progress is told at each tenth, but not more often. */
const TELL_SECONDS = 10;
const TRIES = 2;
/** A model has some dozens. */
const MOST_PARTS = 10_000;

const MEANINGS: readonly (readonly [RegExp, FailureCode])[] = [
  [/file does not exist|not found|invalid model name/i, "model_unknown"],
  [/no space left/i, "disk_too_small"],
];

/** Fetches `model` and returns the bytes that came; Ollama goes on where an earlier try stopped. */
export async function pull(url: string, model: string, world: EngineWorld): Promise<number> {
  world.log(`pulling ${model}`);
  for (let attempt = 1;; attempt++) {
    try {
      return await pullOnce(url, model, world);
    } catch (error) {
      const again = error instanceof Failure && ["pull_failed", "pull_stalled"].includes(error.code);
      if (!again || attempt === TRIES || world.signal.aborted) throw error;
      world.log(`${error.message}; trying again`);
    }
  }
}

async function pullOnce(url: string, model: string, world: EngineWorld): Promise<number> {
  const stalled = new AbortController();
  const signal = AbortSignal.any([world.signal, stalled.signal]);
  const question = {
    url: `${url}/api/pull`,
    body: { model, stream: true },
    timeout_seconds: LONGEST_SECONDS,
  };
  const watch = watchdog(world, stalled);
  try {
    const response = await ask(question, { ...world, signal });
    if (!response.ok) throw refusal(`pull ${model}`, response.status, await textOf(response));
    return await readProgress(response, model, world, watch.alive);
  } catch (error) {
    const cause = endless(error);
    if (stalled.signal.aborted) {
      throw new Failure("pull_stalled", `Cannot pull ${model}: nothing came for ${STALL_SECONDS} s`, {
        cause,
      });
    }
    if (!(cause instanceof UserError) || cause instanceof Failure || world.signal.aborted) throw cause;
    const code = MEANINGS.find(([pattern]) => pattern.test(cause.message))?.[1] ?? "pull_failed";
    throw new Failure(code, cause.message, { cause });
  } finally {
    watch.stop();
  }
}

/** Aborts `stalled` when `alive` was not called for too long. */
function watchdog(world: EngineWorld, stalled: AbortController) {
  const end = new AbortController();
  let deadline = world.clock.after(STALL_SECONDS);
  (async () => {
    while (world.clock.now() < deadline) await world.clock.sleep(STALL_SECONDS / 20, end.signal);
    stalled.abort();
  })().catch(() => undefined);
  return {
    alive: () => {
      deadline = world.clock.after(STALL_SECONDS);
    },
    stop: () => end.abort(),
  };
}

async function readProgress(
  response: Response,
  model: string,
  world: EngineWorld,
  alive: () => void,
): Promise<number> {
  const pulled = new Pulled();
  let status = "";
  let told = 0;
  let tellAt = 0;
  for await (const frame of jsonLines(response)) {
    const error = errorIn(frame) ?? (frame.status === undefined ? remarkIn(frame) : null);
    if (error !== null) throw refusal(`pull ${model}`, response.status, error);
    const { digest, total } = frame;
    const done = Number(frame.completed) || 0;
    const next = String(frame.status ?? status);
    if (next !== status || done > pulled.of(String(digest))) alive();
    status = next;
    if (digest === undefined || total === undefined) continue;
    pulled.set(String(digest), done);
    if (pulled.parts > MOST_PARTS) {
      throw new Failure("hostile_output", `Cannot pull ${model}: it has more than ${MOST_PARTS} parts`);
    }
    world.onPulled?.(pulled.bytes);
    const tenth = Math.floor(10 * done / Number(total));
    if (tenth > told && world.clock.now() >= tellAt) {
      tellAt = world.clock.after(TELL_SECONDS);
      world.log(`pulling ${model}: ${tenth}0 % of ${gigabytes(Number(total))}`);
    }
    told = tenth;
  }
  if (status !== "success") {
    throw new Failure("pull_failed", `Cannot pull ${model}: the answer ended early, at "${status}"`, {
      hint: "Try again: Ollama goes on where it stopped.",
    });
  }
  return pulled.bytes;
}

/** What has come of each part of a model, and of all. */
class Pulled {
  readonly #parts = new Map<string, number>();
  bytes = 0;

  get parts(): number {
    return this.#parts.size;
  }

  of(digest: string): number {
    return this.#parts.get(digest) ?? 0;
  }

  set(digest: string, bytes: number): void {
    this.bytes += bytes - this.of(digest);
    this.#parts.set(digest, bytes);
  }
}

async function* jsonLines(response: Response): AsyncGenerator<Record<string, unknown>> {
  const splitter = new LineSplitter();
  for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    for (const line of splitter.push(text)) yield frameOf(line);
  }
  yield frameOf(splitter.rest() ?? "");
}

/** A line that is no object says nothing, one that is no JSON is an error. */
function frameOf(line: string): Record<string, unknown> {
  if (line.trim() === "") return {};
  try {
    const frame: unknown = JSON.parse(line);
    return typeof frame === "object" && frame !== null ? frame as Record<string, unknown> : {};
  } catch {
    return { error: line };
  }
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
