// A server whose every byte the test decides, on a free loopback port.

export interface RawRequest {
  /** Running number of the request, from 0. */
  readonly n: number;
  /** Running number of its connection, from 0. */
  readonly connection: number;
  /** Head and body as they came. */
  readonly text: string;
  write(...pieces: (string | Uint8Array)[]): Promise<void>;
  /** Resolves when the client has closed. */
  left(): Promise<void>;
}

export interface RawServer extends AsyncDisposable {
  readonly port: number;
  readonly requests: RawRequest[];
}

export interface RawOptions {
  readonly hostname?: string;
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** Serves `answer`, which keeps the connection by returning true; else it is closed behind the answer. */
export function rawServer(
  answer: (request: RawRequest) => Promise<boolean | void> | boolean | void,
  { hostname = "127.0.0.1", tls }: RawOptions = {},
): RawServer {
  const listener = tls === undefined
    ? Deno.listen({ hostname, port: 0 })
    : Deno.listenTls({ hostname, port: 0, ...tls });
  const requests: RawRequest[] = [];
  const open = new Set<Deno.Conn>();
  let connections = 0;
  const serve = async (conn: Deno.Conn, connection: number) => {
    for (let keep = true; keep;) {
      const text = await readRequest(conn);
      if (text === null) break;
      const request: RawRequest = {
        n: requests.length,
        connection,
        text,
        write: async (...pieces) => {
          for (const piece of pieces) await writeAll(conn, piece);
        },
        left: async () => void await conn.read(new Uint8Array(1)),
      };
      requests.push(request);
      keep = await answer(request) === true;
    }
  };
  const accepting = (async () => {
    const serving: Promise<void>[] = [];
    try {
      for await (const conn of listener) {
        open.add(conn);
        serving.push(serve(conn, connections++).catch(() => undefined).finally(() => close(conn, open)));
      }
    } finally {
      await Promise.all(serving);
    }
  })();
  return {
    port: (listener.addr as Deno.NetAddr).port,
    requests,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const conn of open) close(conn, open);
      await accepting.catch(() => undefined);
    },
  };
}

/** One request with its body; null when the client has closed. */
async function readRequest(conn: Deno.Conn): Promise<string | null> {
  const decoder = new TextDecoder("latin1");
  const buffer = new Uint8Array(65_536);
  for (let text = "";;) {
    const [, head, size] = /^([^]*?\r\n\r\n)/.exec(text) === null
      ? []
      : /^([^]*?content-length: (\d+)[^]*?\r\n\r\n)/.exec(text) ?? [];
    if (head !== undefined && text.length >= head.length + Number(size)) return text;
    const count = await conn.read(buffer);
    if (count === null) return null;
    text += decoder.decode(buffer.subarray(0, count));
  }
}

async function writeAll(conn: Deno.Conn, piece: string | Uint8Array): Promise<void> {
  let rest = typeof piece === "string" ? new TextEncoder().encode(piece) : piece;
  while (rest.length > 0) rest = rest.subarray(await conn.write(rest));
}

function close(conn: Deno.Conn, open: Set<Deno.Conn>): void {
  if (open.delete(conn)) conn.close();
}
