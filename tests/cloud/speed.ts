// PURE. How fast a simulated engine is: memory is read once a token, GPUs that share each layer lose time to one another, and so do requests.

export interface Work {
  /** Weights, bytes. */
  readonly bytes: number;
  /** Of one GPU. */
  readonly bandwidth_gb_s: number;
  /** Part of the bandwidth that is reached. */
  readonly efficiency: number;
  /** GPUs that share each layer (tensor parallelism); of several that only hold a part of the layers each, one works at a time. */
  readonly tensor_parallel_size: number;
  /** Requests that are served at the same time. */
  readonly in_flight: number;
  /** So many in flight halve the speed of each. */
  readonly halved_at: number;
}

/** What each doubling of the GPUs costs beside what it brings. */
const SHARING_COST = 0.18;
const FIRST_TOKEN_MS = 12;
/** What every further request in flight adds to it. */
const QUEUE_MS = 3;
/** How far requests lie apart. */
const UNEVEN = 0.04;

/** Tokens/s that the nth request sees. */
export function tokensPerSecond(work: Work, n: number): number {
  const { bytes, bandwidth_gb_s, efficiency, tensor_parallel_size: gpus, in_flight, halved_at } = work;
  const shared = gpus / (1 + SHARING_COST * Math.log2(gpus));
  const alone = bandwidth_gb_s * efficiency * shared / (bytes / 1e9);
  return alone / (1 + (Math.max(1, in_flight) - 1) / halved_at) * (1 + UNEVEN * Math.sin(2.4 * n));
}

/** Milliseconds to the first token. */
export function firstTokenMs({ in_flight }: Pick<Work, "in_flight">): number {
  return FIRST_TOKEN_MS + QUEUE_MS * Math.max(0, in_flight - 1);
}
