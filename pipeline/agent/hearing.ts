// What is heard of one answer, noted in its exchange with the time at which it came.
import type { Exchange } from "./exchange.ts";
import { Failure } from "./failure.ts";
import type { Listener } from "./http/answer.ts";
import type { Head } from "./http/head.ts";
import { Refusal } from "./refusal.ts";
import type { Frame, FrameReader } from "./wire/frame.ts";

/** An exchange while it goes on. */
export type Draft = { -readonly [K in keyof Exchange]: Exchange[K] } & { text_times: number[] };

/** A Failure thrown by any of its methods says why the answer is none. */
export class Hearing implements Listener {
  readonly #refusal = new Refusal();
  #done = false;

  /** `onFrame` is told of each frame with text. */
  constructor(
    readonly draft: Draft,
    readonly reader: FrameReader,
    readonly onFrame: () => void,
  ) {}

  sending(): void {
    this.draft.sent_at = Date.now();
    this.draft.sent = performance.now();
  }

  head({ status }: Head, at: number): void {
    this.draft.http = status;
    this.draft.headers = at;
  }

  bytes(bytes: Uint8Array, at: number): void {
    if (!this.#isRefused) return this.#take(this.reader.push(bytes), at);
    this.#refusal.add(bytes);
    if (this.#refusal.full) this.#checkStatus();
  }

  /** The answer was cut off; of a refusal what came is enough. */
  cut(): void {
    this.#checkStatus();
  }

  /** The answer has ended at `at`. */
  end(at: number): void {
    this.#checkStatus();
    this.#take(this.reader.end(), at);
    const { frames } = this.draft;
    if (!this.#done) {
      throw new Failure("truncated", `the stream ended early, after ${frames} frames with text`);
    }
    if (frames === 0) throw new Failure("empty", "the answer has no text");
  }

  get #isRefused(): boolean {
    const { http } = this.draft;
    return http !== null && (http < 200 || http > 299);
  }

  #checkStatus(): void {
    if (this.#isRefused) throw new Failure("http", `HTTP ${this.draft.http}: ${this.#refusal.message}`);
  }

  #take(frames: readonly Frame[], at: number): void {
    for (const frame of frames) {
      if (frame.error !== undefined) throw new Failure("in_stream", frame.error);
      note(frame, at, this.draft);
      if (frame.text) this.onFrame();
      this.#done ||= frame.done === true;
    }
  }
}

function note(frame: Frame, at: number, draft: Draft): void {
  draft.first_frame ??= at;
  if (!frame.text && draft.first_text === null) draft.lead_frames += 1;
  if (frame.text) {
    draft.first_text ??= at;
    draft.last_text = at;
    draft.frames += 1;
    draft.text_times.push(at);
  }
  if (frame.answer) draft.first_answer ??= at;
  if (frame.stop !== undefined) draft.stop = frame.stop;
  if (frame.counts !== undefined) draft.counts = { ...draft.counts, ...frame.counts };
  if (frame.engine !== undefined) draft.engine = { ...draft.engine, ...frame.engine };
}
