// What the server tells of the streams it has sent: its own times, on its own clock.

export interface Told {
  /** The text that the client sent as its prompt. */
  readonly key: string;
  /** When the last byte of the request came, milliseconds of the server's performance.now(). */
  readonly received_ms: number;
  /** When each chunk with text was handed to the system: the middle of the call that did. */
  readonly sent_ms: number[];
  /** How long each of these calls took: the times are certain to plus or minus half of it. */
  readonly span_ms: number[];
  /** When the first chunk was due, and from each to the next, milliseconds. */
  readonly due: { readonly ttft: number; readonly gap: number };
}
