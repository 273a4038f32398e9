// The requests of one connection, read and answered by the server inside Deno.serve. Deno.serve itself bounds nothing and ends when the system has no more files; node's server under Deno has bounds and answers a third as many requests.
import { UserError } from "../errors.ts";

export interface HttpConnection {
  /** When the connection is closed; an error when the other side broke it off. */
  readonly finished: Promise<void>;
  /** Closes it after the request in work. */
  shutdown(): Promise<void>;
}

type ServeOn = (
  connection: Deno.TcpConn,
  signal: AbortSignal,
  handler: Deno.ServeHandler<Deno.NetAddr>,
  onError: (error: unknown) => Response,
  onListen: () => void,
) => HttpConnection;

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

/** Answers the requests of a connection; an aborted signal closes it at once. */
export function serveConnection(
  connection: Deno.TcpConn,
  signal: AbortSignal,
  handler: Deno.ServeHandler<Deno.NetAddr>,
): HttpConnection {
  const onError = () => new Response(null, { status: 500 });
  if (serveHttpOnConnection === undefined) throw new TypeError("a listener requires a server first");
  return serveHttpOnConnection(connection, signal, handler, onError, () => undefined);
}
