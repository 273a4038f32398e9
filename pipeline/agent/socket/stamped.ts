// Reads a socket together with the time at which the kernel had the bytes: right however late this process reads them. Pieces
// that wait together become one in the kernel, with the time of the last: only a stall longer than a stream's gap shows.
import {
  addressOf,
  EAGAIN,
  fixed,
  type Libc,
  millisecondsOf,
  MSG_DONTWAIT,
  SO_TIMESTAMPNS,
  SOL_SOCKET,
} from "./libc.ts";
import type { Rest } from "./socket.ts";

const ROOM = 64 * 1024;
const CONTROL_ROOM = 64;
const CLOCK_REALTIME = 0;
/** The clock was set, or slewed for long, when it has moved this far against performance.now() since the last reading. */
export const MOST_DRIFT_MS = 1;
const MOST_TRIES = 3;
const MOST_UNSTAMPED = 32;

export class StampedReader {
  readonly #libc: Libc;
  readonly #room = new Uint8Array(fixed(ROOM));
  readonly #control = new Uint32Array(fixed(CONTROL_ROOM));
  readonly #header = new Uint32Array(fixed(56));
  readonly #vector = new BigUint64Array(fixed(16));
  readonly #time = new Uint32Array(fixed(16));
  #ahead = NaN;
  #now = 0;
  #steady = false;
  #at = 0;
  #count = 0;
  #unstamped = 0;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#vector.set([addressOf(this.#room.buffer), BigInt(ROOM)]);
    // struct msghdr of a 64-bit system: no name, one vector, room for what the kernel has to say.
    const pointers = new BigUint64Array(this.#header.buffer);
    pointers[2] = addressOf(this.#vector.buffer);
    pointers[3] = 1n;
    pointers[4] = addressOf(this.#control.buffer);
  }

  /** Compares the kernel's clock with performance.now(); to be called before the reads of one turn. A comparison during which this thread was kept from the processor is made again. */
  compareClocks(): void {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const before = performance.now();
      this.#libc.calls.clock_gettime(CLOCK_REALTIME, this.#time);
      this.#now = performance.now();
      if (this.#now - before > MOST_DRIFT_MS / 2) continue;
      const ahead = millisecondsOf(this.#time, 0) - this.#now;
      this.#steady = Math.abs(ahead - this.#ahead) < MOST_DRIFT_MS;
      this.#ahead = ahead;
      return;
    }
    this.#steady = false;
  }

  /** Reads what `fd` has: "bytes" are in `bytes` and came at `at`; "nothing" has come yet; the server has closed, or the connection broke. */
  read(fd: number): "bytes" | "nothing" | Rest {
    this.#header[10] = CONTROL_ROOM;
    const count = Number(this.#libc.calls.recvmsg(fd, this.#header, MSG_DONTWAIT));
    if (count === 0) return "closed";
    if (count < 0) {
      return this.#libc.errno === EAGAIN ? "nothing" : { broken: this.#libc.wordsOf(this.#libc.errno) };
    }
    this.#count = count;
    this.#at = this.#stamp();
    return "bytes";
  }

  /** False once so many reads in a row came without a time: Linux begins to tell times a while after it is asked, others never do. */
  get stamped(): boolean {
    return this.#unstamped < MOST_UNSTAMPED;
  }

  get bytes(): Uint8Array {
    return this.#room.subarray(0, this.#count);
  }

  get at(): number {
    return this.#at;
  }

  /** True when there may be more to read at once. */
  get full(): boolean {
    return this.#count === ROOM;
  }

  /** The kernel's time of the last of the bytes; the time of this turn where that is not to be trusted. */
  #stamp(): number {
    const has = (this.#header[10] ?? 0) > 0 && this.#control[2] === SOL_SOCKET &&
      this.#control[3] === SO_TIMESTAMPNS;
    this.#unstamped = has ? 0 : this.#unstamped + 1;
    if (!has) return performance.now();
    const at = millisecondsOf(this.#control, 4) - this.#ahead;
    if (!this.#steady) return this.#now;
    // What came since the clocks were compared.
    return at <= this.#now ? at : Math.min(at, performance.now());
  }
}
