// How much may be asked for and submitted; the same on the command line and in the API.

/** How many benchmarks a list holds. */
export const LIST_LIMIT = { usual: 50, most: 200 } as const;

/** The most that can be asked of a figure: what evidence itself may tell at most. */
export const MOST_ASKED = { tokens_per_second: 1e9, ms: 1e10, level: 1e6 } as const;

/** The longest submission. */
export const MOST_SUBMITTED_BYTES = 64 * 1024;
