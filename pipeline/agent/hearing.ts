// What is heard of one answer, noted in its exchange with the time at which it came.
import { cutText } from "../schema/text.ts";
import type { Exchange } from "./exchange.ts";
import { Failure } from "./failure.ts";
import type { Listener } from "./http/answer.ts";
import type { Head } from "./http/head.ts";
import { Refusal } from "./refusal.ts";
import type { Frame, FrameReader } from "./wire/frame.ts";

/** An exchange while it goes on. */
export type Draft = { -readonly [K in keyof Exchange]: Exchange[K] } & {
  text_times: number[];
  text_bytes: number[];
  silent_times: number[];
};

/** Content types of streams; one that is none may be told of a stream all the same. */
const STREAMS = /event-stream|ndjson|jsonl|json-seq/i;

/** A Failure thrown by any of its methods says why the answer is none. */
export class Hearing implements Listener {
  /** What came of an answer that is refused, or before its first frame. */
  readonly #unread = new Refusal();
  #type: string | undefined;
  #frames = 0;
  #done = false;
  #last = false;
  /** The first words that were no piece of the answer. */
  #remark: string | null = null;

  /** What is known before anything was sent. */
  static draft(): Draft {
    return {
      sent_at: Date.now(),
      sent: performance.now(),
      headers: null,
      first_frame: null,
      lead_frames: 0,
      first_text: null,
      first_answer: null,
      last_text: null,
      end: 0,
      text_times: [],
      text_bytes: [],
      frames: 0,
      silent_times: [],
      reasoning_frames: 0,
      finished: null,
      model: null,
      http: null,
      stop: null,
      counts: {},
      engine: {},
      error: null,
    };
  }

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

  head({ status, headers }: Head, at: number): void {
    this.draft.http = status;
    this.draft.headers = at;
    this.#type = headers.get("content-type");
  }

  bytes(bytes: Uint8Array, at: number): void {
    if (this.#frames === 0) this.#unread.add(bytes);
    if (!this.#isRefused) return this.#take(this.reader.push(bytes), at);
    if (this.#unread.full) this.#checkStatus();
  }

  /** Whether the last message of the stream has come. */
  get finished(): boolean {
    return this.#last;
  }

  /** The answer was cut off; of a refusal what came is enough. */
  cut(): void {
    this.#checkStatus();
    if (this.#remark !== null) throw this.#early();
  }

  /** The answer has ended at `at`. */
  end(at: number): void {
    this.#checkStatus();
    this.#take(this.reader.end(), at);
    const { frames, counts, stop } = this.draft;
    if (this.#frames === 0) this.#checkUnread();
    if (!this.#done) throw this.#early();
    if (stop === null && this.#remark !== null) throw new Failure("in_stream", this.#remark);
    if (frames === 0) throw new Failure("empty", "the answer has no text");
    if (this.#frames === 1 && (counts.tok ?? 0) > 1) throw this.#noStream();
  }

  get #isRefused(): boolean {
    const { http } = this.draft;
    return http !== null && (http < 200 || http > 299);
  }

  #checkStatus(): void {
    if (this.#isRefused) throw new Failure("http", `HTTP ${this.draft.http}: ${this.#unread.message}`);
  }

  /** Of an answer without a frame: what it is instead. */
  #checkUnread(): void {
    if (this.#unread.empty) return;
    if (!STREAMS.test(this.#type ?? "")) throw this.#noStream();
    const { error } = this.#unread;
    if (error !== null) throw new Failure("in_stream", error);
    if (this.#remark !== null) throw this.#noStream();
  }

  #early(): Failure {
    const what = `the stream ended early, after ${this.draft.frames} frames with text`;
    return new Failure("truncated", this.#remark === null ? what : `${what}, with: ${this.#remark}`);
  }

  /** The answer came whole, or is a page, or anything else. */
  #noStream(): Failure {
    const type = this.#type === undefined ? "without a content type" : `with ${cutText(this.#type, 80)}`;
    const what = `HTTP ${this.draft.http} ${type} instead of a stream: ${this.#unread.message}`;
    return new Failure("http", what);
  }

  #take(frames: readonly Frame[], at: number): void {
    for (const frame of frames) {
      this.#remark ??= frame.remark ?? null;
      if (isRemark(frame)) continue;
      if (this.#frames === 0 && frame.error !== undefined && !STREAMS.test(this.#type ?? "event-stream")) {
        throw this.#noStream();
      }
      this.#frames += 1;
      note(frame, at, this.draft);
      if (frame.error !== undefined) throw new Failure("in_stream", frame.error);
      if (frame.text) this.onFrame();
      this.#done ||= frame.done === true;
      this.#last ||= frame.last === true;
    }
  }
}

/** Whether a frame is nothing but words beside the answer. */
function isRemark({ remark, text, done, counts, error }: Frame): boolean {
  return remark !== undefined && !text && done === undefined && counts === undefined && error === undefined;
}

function note(frame: Frame, at: number, draft: Draft): void {
  if (frame.stop !== undefined) draft.stop = frame.stop;
  if (frame.model !== undefined && draft.model?.same !== false) draft.model = frame.model;
  if (frame.error !== undefined) return;
  draft.first_frame ??= at;
  if (!frame.text && draft.first_text === null) draft.lead_frames += 1;
  if (frame.text) {
    draft.first_text ??= at;
    draft.last_text = at;
    draft.frames += 1;
    draft.text_times.push(at);
    draft.text_bytes.push(frame.bytes ?? 0);
  }
  if (frame.silent) draft.silent_times.push(at);
  if (frame.answer) draft.first_answer ??= at;
  if (frame.text && !frame.answer) draft.reasoning_frames += 1;
  if (frame.done) draft.finished ??= at;
  if (frame.counts !== undefined) draft.counts = { ...draft.counts, ...frame.counts };
  if (frame.engine !== undefined) draft.engine = { ...draft.engine, ...frame.engine };
}
