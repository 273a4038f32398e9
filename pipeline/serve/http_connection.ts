// The requests of one connection, read and answered by the server inside Deno.serve. Deno.serve itself bounds nothing and ends when the system has no more files; node's server under Deno has bounds and answers a third as many requests.
import { UserError } from "../errors.ts";

export interface HttpConnection {
  /** When the connection is closed; an error when the other side broke it off. */
  readonly finished: Promise<void>;
  /** Closes it after the request in work. */
  shutdown(): Promise<void>;
  /** Closes it at once, unless it has ended by itself. */
  close(): void;
}

type ServeOn = (
  connection: Deno.TcpConn,
  signal: Stop,
  handler: Deno.ServeHandler<Deno.NetAddr>,
  onError: (error: unknown) => Response,
  onListen: () => void,
) => Pick<HttpConnection, "finished" | "shutdown">;

/** The part of Deno that is not documented; undefined in a version that has it no more. */
const { serveHttpOnConnection } = (Reflect.get(Deno, Reflect.get(Deno, "internal") ?? "") ?? {}) as {
  serveHttpOnConnection?: ServeOn;
};

/** Refuses a Deno that cannot serve. */
export function requireServer(): void {
  if (serveHttpOnConnection !== undefined) return;
  throw new UserError(
    `Cannot serve with Deno ${Deno.version.deno}: it has no server for single connections`,
    "Use the version that the README names.",
  );
}

/** Answers the requests of a connection. */
export function serveConnection(
  connection: Deno.TcpConn,
  handler: Deno.ServeHandler<Deno.NetAddr>,
): HttpConnection {
  const onError = () => new Response(null, { status: 500 });
  if (serveHttpOnConnection === undefined) throw new TypeError("a listener requires a server first");
  const stop = new Stop();
  const server = serveHttpOnConnection(connection, stop, handler, onError, () => undefined);
  return { finished: server.finished, shutdown: () => server.shutdown(), close: () => stop.abort() };
}

/** The signal that the server listens to. An error of its listener would end the program if it were an AbortSignal's. */
class Stop {
  #onAbort: () => void = () => undefined;

  addEventListener(_: string, onAbort: () => void): void {
    this.#onAbort = onAbort;
  }

  abort(): void {
    try {
      this.#onAbort();
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }
}
