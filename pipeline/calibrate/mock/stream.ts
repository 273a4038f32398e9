// One stream under way: writes each step when it is due and notes when each chunk was sent.
import type { Socket } from "../../agent/socket/socket.ts";
import { joined } from "./joined.ts";
import type { Paced, Pacer } from "./pacer.ts";
import type { Timeline } from "./timeline.ts";
import type { Told } from "./told.ts";

class Stream implements Paced {
  #next = 0;
  readonly #done = Promise.withResolvers<void>();
  due: number;

  constructor(
    private readonly timeline: Timeline,
    private readonly socket: Socket,
    private readonly told: Told,
    private readonly pacer: Pacer,
    private readonly begun_ms: number,
  ) {
    this.due = this.#dueOf(0);
  }

  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** All that is due goes out in one write. Its time is the middle of the call, in which the kernel took it. */
  act(): void {
    const now = performance.now();
    const bytes: Uint8Array[] = [];
    let chunks = 0;
    while (this.due <= now) {
      const step = this.timeline.steps[this.#next];
      if (step === undefined) break;
      bytes.push(step.bytes);
      if (step.chunk) chunks += 1;
      this.due = this.#dueOf(++this.#next);
    }
    const whole = joined(bytes);
    const before = performance.now();
    this.socket.send(whole);
    const span = performance.now() - before;
    for (; chunks > 0; chunks--) {
      this.told.sent_ms.push(before + span / 2);
      this.told.span_ms.push(span);
    }
    if (this.due < Infinity && !this.socket.broken) return;
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
  socket: Socket,
  told: Told,
  pacer: Pacer,
  begun_ms = told.received_ms,
): Promise<void> {
  const stream = new Stream(timeline, socket, told, pacer, begun_ms);
  pacer.add(stream);
  await stream.done;
  await socket.flush();
}
