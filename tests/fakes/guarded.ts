// An endpoint behind a key, as gateways are: whatever is asked without it is refused, and remembered.

export interface Guarded extends AsyncDisposable {
  readonly url: string;
  /** What came, oldest first, as `POST /path`, with the key or without. */
  readonly admitted: string[];
  readonly refused: string[];
}

/** Passes on to `url` what brings `key`. */
export function guardedBy(key: string, url: string): Guarded {
  const [admitted, refused]: [string[], string[]] = [[], []];
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => undefined },
    async (request) => {
      const { pathname } = new URL(request.url);
      const has = request.headers.get("authorization") === `Bearer ${key}`;
      (has ? admitted : refused).push(`${request.method} ${pathname}`);
      if (!has) return Response.json({ error: { message: "Unauthorized" } }, { status: 401 });
      const body = request.method === "POST" ? { body: await request.text() } : {};
      return await fetch(new URL(pathname, url), { method: request.method, ...body });
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    admitted,
    refused,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
