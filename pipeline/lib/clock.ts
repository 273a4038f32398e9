// Time as the pipeline sees it. All waits and deadlines go through a clock, so that a trial can let them pass faster.
import { StoppedError } from "../errors.ts";

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** The time `seconds` from now, milliseconds since 1970. */
  after(seconds: number): number;
  /** Waits; an abort ends it with the signal's reason. */
  sleep(seconds: number, signal?: AbortSignal): Promise<void>;
  /** A signal that aborts with a TimeoutError `seconds` from now. */
  timeout(seconds: number): AbortSignal;
}

/** However fast time passes, what is waited for is real: no signal aborts earlier. A busy computer takes so long to start a program. */
const LEAST_TIMEOUT_MS = 10_000;

/** The real clock; with a `pace` of 0.1 every wait and every deadline takes a tenth of its time, but no signal aborts within `least_ms`. */
export function realClock(pace = 1, least_ms = LEAST_TIMEOUT_MS): Clock {
  const shortest = pace < 1 ? least_ms : 0;
  return {
    now: () => Date.now(),
    after: (seconds) => Date.now() + seconds * 1000 * pace,
    sleep: (seconds, signal) => sleepMs(seconds * 1000 * pace, signal),
    timeout: (seconds) => AbortSignal.timeout(Math.max(shortest, Math.ceil(seconds * 1000 * pace))),
  };
}

/** Milliseconds of `now()` as seconds of the clock, by which it waits. */
export function secondsOf(clock: Clock, ms: number): number {
  return 1000 * ms / (clock.after(1000) - clock.now());
}

/** Tells how many of the clock's seconds have passed since now. */
export function stopwatch(clock: Clock): () => number {
  const began = clock.now();
  return () => secondsOf(clock, clock.now() - began);
}

function sleepMs(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortReason(signal));
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    };
    const stop = () => (end(), reject(abortReason(signal)));
    const timer = setTimeout(() => (end(), resolve()), ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** Why a signal was aborted: the error it was given, else a StoppedError. */
export function abortReason(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error && !(reason instanceof DOMException) ? reason : new StoppedError("Stopped");
}

/** Throws the reason of an aborted signal. */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw abortReason(signal);
}

/** What `promise` gives, unless the signal aborts before: then its reason is thrown, and nobody waits any longer. */
export async function unlessAborted<T>(promise: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  promise.then(undefined, () => undefined);
  throwIfAborted(signal);
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = () => reject(abortReason(signal));
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
