// What the server tells of the streams it has sent: its own times, on its own clock.

export interface Told {
  /** The text that the client sent as its prompt. */
  readonly key: string;
  /** When the whole request was there, milliseconds of the server's performance.now(). */
  readonly received_ms: number;
  /** When each chunk with text was handed to the system. */
  readonly sent_ms: number[];
  /** When the first chunk was due, and from each to the next, milliseconds. */
  readonly due: { readonly ttft: number; readonly gap: number };
}
