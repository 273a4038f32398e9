// How much of the server the network may hold at once, and for how long.

export interface ServeLimits {
  /** Connections held open. One more takes the place of the one that waited longest without a request, else of an answer that stalls. */
  readonly connections: number;
  /** Requests in work. One more takes the place of an answer that stalls, or is asked to come again. Together with the connections fewer than the 1,024 files that a system usually lets a program open. */
  readonly requests: number;
  /** Questions that wait for the database. One more is asked to come again. */
  readonly questions: number;
  /** How long a client may be silent: until the head of its request is whole, until the rest of it is, until it takes the next part of its answer, and after that until its next request, ms. */
  readonly idle_ms: number;
  /** An answer stalls when nothing of it was taken for so long, ms. */
  readonly stalled_ms: number;
  /** How often is looked for clients that are silent for too long, and one more connection is let in after files ran out, ms. */
  readonly check_ms: number;
}

export const USUAL_LIMITS: ServeLimits = {
  connections: 500,
  requests: 350,
  questions: 256,
  idle_ms: 60_000,
  stalled_ms: 5000,
  check_ms: 1000,
};
