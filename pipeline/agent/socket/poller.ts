// Asks Linux every one or two milliseconds which sockets are ready. The kernel's stamps make the times right all the same, and one turn
// for many sockets costs a fraction of what a wait for each of them does. Without sockets that wait there are no turns.
import { fixed, Libc } from "./libc.ts";
import { StampedReader } from "./stamped.ts";

export const READABLE = 1;
export const WRITABLE = 4;
const MOST_EVENTS = 1024;
const CLOEXEC = 0o2000000;
/** Most of a turn's cost is waking up: with many sockets fewer turns serve more of them each. */
const TURN_MS = 1;
const TURN_OF_MANY_MS = 2;
const MANY = 32;
const [ADD, REMOVE] = [1, 2];
/** struct epoll_event is packed on x86 alone. */
const [EVENT_WORDS, FD_WORD] = Deno.build.arch === "x86_64" ? [3, 1] : [4, 2];

export class Poller implements Disposable {
  readonly libc: Libc;
  readonly #epoll: number;
  readonly #waiting = new Map<number, () => void>();
  readonly #events = new Uint32Array(fixed(4 * EVENT_WORDS * MOST_EVENTS));
  readonly #event = new Uint32Array(fixed(4 * EVENT_WORDS));
  readonly reader: StampedReader;
  #turns: { readonly timer: ReturnType<typeof setInterval>; readonly every_ms: number } | null = null;

  /** Null where Linux's calls cannot be had. */
  static open(): Poller | null {
    const libc = Libc.open();
    return libc === null ? null : new Poller(libc);
  }

  private constructor(libc: Libc) {
    this.libc = libc;
    this.#epoll = libc.calls.epoll_create1(CLOEXEC);
    this.reader = new StampedReader(libc);
  }

  /** Calls `ready` in every turn in which `fd` is, until it is unwatched. One at a time for each. */
  watch(fd: number, events: number, ready: () => void): void {
    this.#waiting.set(fd, ready);
    this.#control(ADD, fd, events);
    if (this.#turns === null) this.#start();
  }

  unwatch(fd: number): void {
    if (this.#waiting.delete(fd)) this.#control(REMOVE, fd, 0);
    if (this.#waiting.size === 0) this.#stop();
  }

  /** Serves what is ready now; the kernel takes turns when that is more than fits. */
  serve(): void {
    this.reader.compareClocks();
    const count = this.libc.calls.epoll_wait(this.#epoll, this.#events, MOST_EVENTS, 0);
    for (let index = 0; index < count; index++) {
      this.#waiting.get(this.#events[index * EVENT_WORDS + FD_WORD] ?? -1)?.();
    }
  }

  [Symbol.dispose](): void {
    this.#stop();
    this.libc.calls.close(this.#epoll);
    this.libc[Symbol.dispose]();
  }

  /** A timer that goes on costs two thirds of one that is set anew for each turn. */
  #turn = (): void => {
    this.serve();
    if (this.#turns !== null && this.#turns.every_ms !== this.#every_ms) this.#start();
  };

  #start(): void {
    this.#stop();
    const every_ms = this.#every_ms;
    this.#turns = { timer: setInterval(this.#turn, every_ms), every_ms };
  }

  #stop(): void {
    if (this.#turns !== null) clearInterval(this.#turns.timer);
    this.#turns = null;
  }

  get #every_ms(): number {
    return this.#waiting.size < MANY ? TURN_MS : TURN_OF_MANY_MS;
  }

  #control(operation: number, fd: number, events: number): void {
    this.#event[0] = events;
    this.#event[FD_WORD] = fd;
    this.libc.calls.epoll_ctl(this.#epoll, operation, fd, this.#event);
  }
}
