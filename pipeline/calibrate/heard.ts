// What a client says of one stream, in its own times.

export interface Heard {
  /** The prompt, by which the server's record is found. */
  readonly key: string;
  /** When the request was sent, milliseconds of the client's performance.now(). */
  readonly sent_ms: number;
  /** When each chunk with text was there. */
  readonly chunks_ms: readonly number[];
  /** Tokens as the stream's end told them; null when it did not. */
  readonly tokens: number | null;
  /** Why it failed; null when it did not. */
  readonly error: string | null;
}

/** Sends `key` as the prompt and reads the stream to its end. Never throws. */
export type Client = (key: string) => Promise<Heard>;
