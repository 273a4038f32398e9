// The requests of one connection, read and answered by the server inside Deno.serve. Deno.serve itself bounds nothing and ends when the system has no more files; node's server under Deno has bounds and answers a third as many requests.

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

const { serveHttpOnConnection } = Reflect.get(Deno, Reflect.get(Deno, "internal")) as {
  serveHttpOnConnection: ServeOn;
};

/** Answers the requests of a connection; an aborted signal closes it at once. */
export function serveConnection(
  connection: Deno.TcpConn,
  signal: AbortSignal,
  handler: Deno.ServeHandler<Deno.NetAddr>,
): HttpConnection {
  const onError = () => new Response(null, { status: 500 });
  return serveHttpOnConnection(connection, signal, handler, onError, () => undefined);
}
