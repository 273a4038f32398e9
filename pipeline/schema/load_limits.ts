// What bounds a load: the load generator keeps it, and the method page tells it.

export const LADDER = {
  /** A doubling that gains less brought nothing; a level this near to the most is as good as it. */
  gain: 0.05,
  /** How close the good and the bad level must come, as a share of the good one. */
  near: 0.12,
  /** Of a level that is good, no more requests fail. */
  most_errors: 0.01,
} as const;

/** More requests in flight than this end a level: the server falls behind without end, and the client's own times would suffer. */
export const MOST_IN_FLIGHT = 4096;

/** How many times as long as planned a window may go on at most. */
export const LONGEST = 5;
