// What a canary holds a machine against: the plan judges by it, and the method page tells it.

export const CANARY = {
  /** A machine must reach this part of what is usual, or of its card's own power limit. */
  least_share: 0.7,
  /**
   * The slowest decode that a whole card shows: half the bandwidth that its maker states, and 6 ms a token for all that is not
   * reading weights. Of 176 published llama-bench results on whole cards from Volta on (models of 0.4 to 4 GB), 172 pass; the others
   * are those of two servers that are slower than their kind by a factor of 2 to 8. Quarters and eighths of a card do not pass.
   */
  bandwidth_share: 0.5,
  overhead_seconds: 0.006,
  /** The download may become so many times faster. */
  download_slack: 2,
  /** So many hosts make something usual. */
  least_hosts: 3,
  /** Four lanes of generation 3: enough to load a model; a token decoded on one GPU hardly needs the link. */
  least_pcie_gb_s: 4,
} as const;
