// A plain TCP connection by Linux's own calls.
import {
  EAGAIN,
  fixed,
  IPPROTO_TCP,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  SO_TIMESTAMPNS,
  SOL_SOCKET,
  TCP_NODELAY,
} from "./libc.ts";
import { type Poller, READABLE, WRITABLE } from "./poller.ts";
import { type Rest, type Socket, type Take } from "./socket.ts";

/** So often a socket is read in one turn; then timers and signals have theirs, and what is left is ready in the next. */
const MOST_READS = 16;

const one = new Int32Array(fixed(4));
one[0] = 1;

interface Receiver {
  readonly take: Take;
  readonly resolve: (rest: Rest) => void;
  readonly reject: (error: unknown) => void;
}

export class KernelSocket implements Socket {
  readonly #poller: Poller;
  readonly #fd: number;
  #open = true;
  #unsent: Uint8Array[] = [];
  #broken: string | null = null;
  #flushed: (() => void)[] = [];
  #receiver: Receiver | null = null;
  #watched = 0;

  /** `fd` is connected, and this socket's from now on. */
  constructor(poller: Poller, fd: number) {
    this.#poller = poller;
    this.#fd = fd;
    poller.libc.calls.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, one, 4);
    poller.libc.calls.setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, one, 4);
  }

  send(bytes: Uint8Array): void {
    if (this.#broken !== null) return;
    if (this.#unsent.length > 0) this.#unsent.push(bytes);
    else this.#handOver(bytes);
  }

  get broken(): boolean {
    return this.#broken !== null;
  }

  async flush(): Promise<string | null> {
    while (this.#unsent.length > 0 && this.#broken === null) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#flushed.push(resolve);
      await promise;
    }
    return this.#broken;
  }

  receive(take: Take): Promise<Rest> {
    const { promise, resolve, reject } = Promise.withResolvers<Rest>();
    if (!this.#open) resolve({ broken: "this side has closed it" });
    else this.#receiver = { take, resolve, reject };
    this.#watch();
    return promise;
  }

  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#break("this side has closed it");
    this.#open = false;
    this.#rest({ broken: "this side has closed it" });
    // With bytes unread the system would break the connection off instead of closing it.
    this.#poller.reader.read(this.#fd);
    this.#poller.libc.calls.close(this.#fd);
  }

  /** What the system does not take at once waits until it does. */
  #handOver(bytes: Uint8Array): void {
    const { libc } = this.#poller;
    const count = Number(
      libc.calls.send(
        this.#fd,
        bytes as Uint8Array<ArrayBuffer>,
        BigInt(bytes.length),
        MSG_DONTWAIT | MSG_NOSIGNAL,
      ),
    );
    if (count < 0 && libc.errno !== EAGAIN) return this.#break(libc.wordsOf(libc.errno));
    if (count < bytes.length) this.#unsent.unshift(bytes.subarray(Math.max(0, count)));
    this.#watch();
  }

  #ready = (): void => {
    if (this.#unsent.length > 0) this.#sendMore();
    if (this.#receiver !== null) this.#read(this.#receiver);
  };

  #sendMore(): void {
    const [bytes] = this.#unsent.splice(0, 1);
    if (bytes !== undefined) this.#handOver(bytes);
    this.#tellFlushed();
  }

  #break(why: string): void {
    this.#broken ??= why;
    this.#unsent = [];
    this.#tellFlushed();
    this.#watch();
  }

  #tellFlushed(): void {
    for (const resolve of this.#flushed.splice(0)) resolve();
  }

  #read({ take, reject }: Receiver): void {
    const { reader } = this.#poller;
    try {
      for (let reads = 0; reads < MOST_READS && this.#open; reads++) {
        const found = reader.read(this.#fd);
        if (found === "nothing") return;
        if (found !== "bytes") return this.#rest(found);
        if (!take(reader.bytes, reader.at)) return this.#rest("enough");
        if (!reader.full) return;
      }
    } catch (error) {
      this.#receiver = null;
      this.#watch();
      reject(error);
    }
  }

  #rest(rest: Rest): void {
    const receiver = this.#receiver;
    this.#receiver = null;
    this.#watch();
    receiver?.resolve(rest);
  }

  /** Watches for what this socket waits for, and for nothing else. */
  #watch(): void {
    const wanted = !this.#open
      ? 0
      : (this.#receiver === null ? 0 : READABLE) | (this.#unsent.length === 0 ? 0 : WRITABLE);
    if (wanted === this.#watched) return;
    if (this.#watched !== 0) this.#poller.unwatch(this.#fd);
    this.#watched = wanted;
    if (wanted !== 0) this.#poller.watch(this.#fd, wanted, this.#ready);
  }
}
