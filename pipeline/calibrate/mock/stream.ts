// One stream under way: writes each step when it is due and notes when each chunk was sent.
import { joined, type Outbox } from "./outbox.ts";
import type { Paced, Pacer } from "./pacer.ts";
import type { Timeline } from "./timeline.ts";
import type { Told } from "./told.ts";

class Stream implements Paced {
  #next = 0;
  readonly #done = Promise.withResolvers<void>();
  due: number;

  constructor(
    private readonly timeline: Timeline,
    private readonly outbox: Outbox,
    private readonly told: Told,
    private readonly pacer: Pacer,
    private readonly begun_ms: number,
  ) {
    this.due = this.#dueOf(0);
  }

  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** All that is due goes out in one write. */
  act(): void {
    const now = performance.now();
    const bytes: Uint8Array[] = [];
    while (this.due <= now) {
      const step = this.timeline.steps[this.#next];
      if (step === undefined) break;
      bytes.push(step.bytes);
      if (step.chunk) this.told.sent_ms.push(now);
      this.due = this.#dueOf(++this.#next);
    }
    this.outbox.send(joined(bytes));
    if (this.due < Infinity && !this.outbox.broken) return;
    this.pacer.remove(this);
    this.#done.resolve();
  }

  #dueOf(index: number): number {
    const step = this.timeline.steps[index];
    return step === undefined ? Infinity : this.begun_ms + step.due_ms;
  }
}

/** Sends all of `timeline`, counted from `begun_ms`; resolves at its end, or when the other side has gone. */
export async function sendStream(
  timeline: Timeline,
  outbox: Outbox,
  told: Told,
  pacer: Pacer,
  begun_ms = told.received_ms,
): Promise<void> {
  const stream = new Stream(timeline, outbox, told, pacer, begun_ms);
  pacer.add(stream);
  await stream.done;
  await outbox.flush();
}
