// A connection as HTTP needs it, whoever reads it: Linux's own calls (kernel_socket.ts) or Deno's (deno_socket.ts).

/** Why reading came to rest; `broken` says what happened to the connection. */
export type Rest = "enough" | "closed" | { readonly broken: string };

/** Takes bytes that came at `at`, milliseconds of performance.now(); they are valid during this call. False: enough for now. */
export type Take = (bytes: Uint8Array, at: number) => boolean;

export interface Socket extends Disposable {
  /** Hands the bytes to the system, now or behind those before them. */
  send(bytes: Uint8Array): void;
  /** True when the other side is known to have gone; what is sent then is dropped. */
  readonly broken: boolean;
  /** Resolves when all that was sent has been handed over: null, or why it could not be. */
  flush(): Promise<string | null>;
  /** Gives to `take` what comes, until it has enough or nothing more can come. What `take` throws comes out here. */
  receive(take: Take): Promise<Rest>;
}

/** Where a server listens. */
export interface Place {
  /** A name or an address, an IPv6 one without brackets. */
  readonly hostname: string;
  readonly port: number;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
