// The calls of Linux's C library behind sockets. One costs about a microsecond, an asynchronous read of Deno's ten or more.

const SYMBOLS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  accept4: { parameters: ["i32", "pointer", "pointer", "i32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  recvmsg: { parameters: ["i32", "buffer", "i32"], result: "isize" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  strerror: { parameters: ["i32"], result: "pointer" },
  __errno_location: { parameters: [], result: "pointer" },
} as const;

type Library = Deno.DynamicLibrary<typeof SYMBOLS>;

export const EAGAIN = 11;
export const EINPROGRESS = 115;

export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_STREAM = 1;
/** Of a socket that is made: it never waits, and no child of this process has it. */
export const NONBLOCK_CLOEXEC = 0o2004000;
export const SOL_SOCKET = 1;
export const SO_ERROR = 4;
/** The kernel tells when it had what is read. */
export const SO_TIMESTAMPNS = 35;
export const IPPROTO_TCP = 6;
export const TCP_NODELAY = 1;
export const MSG_DONTWAIT = 0x40;
export const MSG_NOSIGNAL = 0x4000;

/** The library as this thread sees it. */
export class Libc implements Disposable {
  readonly #library: Library;
  readonly #errno: Deno.UnsafePointerView | null;

  /** Null where it cannot be had: another system, or --allow-ffi not given. */
  static open(): Libc | null {
    if (Deno.build.os !== "linux") return null;
    if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return null;
    try {
      return new Libc(Deno.dlopen("libc.so.6", SYMBOLS));
    } catch {
      return null;
    }
  }

  private constructor(library: Library) {
    this.#library = library;
    const errno = library.symbols.__errno_location();
    this.#errno = errno === null ? null : new Deno.UnsafePointerView(errno);
  }

  get calls(): Library["symbols"] {
    return this.#library.symbols;
  }

  /** Why the last call failed. */
  get errno(): number {
    return this.#errno?.getInt32() ?? 0;
  }

  wordsOf(errno: number): string {
    const text = this.calls.strerror(errno);
    return text === null ? `error ${errno}` : Deno.UnsafePointerView.getCString(text);
  }

  [Symbol.dispose](): void {
    this.#library.close();
  }
}

/** Memory that V8 does not move, which it does with small arrays: the kernel is given its address. */
export function fixed(bytes: number): ArrayBuffer {
  return new ArrayBuffer(Math.max(128, bytes));
}

export function addressOf(memory: ArrayBuffer): bigint {
  return Deno.UnsafePointer.value(Deno.UnsafePointer.of(memory));
}

/** The struct timespec of a 64-bit system that begins at word `at`, milliseconds. */
export function millisecondsOf(words: Uint32Array, at: number): number {
  return (words[at] ?? 0) * 1000 + (words[at + 2] ?? 0) / 1e6;
}
