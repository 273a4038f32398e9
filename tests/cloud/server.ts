// An HTTP server on loopback whose answers can be broken on purpose: lost, late, replaced, or refused by rate.
import { Buffer } from "node:buffer";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The parsed body; undefined when there is none or it is not JSON. */
  readonly body: unknown;
}

export interface Reply {
  readonly status?: number;
  /** Sent as JSON. */
  readonly json?: unknown;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a provider's protocol calls a request, whatever its path. */
export type Verb = "offers" | "create" | "get" | "list" | "destroy" | "admit" | "keys" | "charges" | "other";

/** What goes wrong with an answer. */
export type Fault =
  /** The connection is closed: before the request has any effect, or after. */
  | { readonly lost: "before" | "after" }
  /** This is answered instead: without any effect, or after it. */
  | { readonly reply: Reply; readonly after?: boolean }
  /** No answer until the client leaves; the request has its effect. */
  | { readonly hang: true };

/** The fault for the nth request (from 1) of a verb, or none. */
export type Script = (verb: Verb, n: number, asked: Asked) => Fault | undefined;

export interface Protocol {
  verbOf(asked: Asked): Verb;
  answer(asked: Asked, verb: Verb): Promise<Reply> | Reply;
}

export interface Serving extends AsyncDisposable {
  readonly url: string;
  /** What was asked, oldest first. */
  readonly asked: { readonly verb: Verb; readonly asked: Asked; readonly status: number }[];
}

/** Serves `protocol` on a free loopback port; `script` is asked before each answer. */
export async function serve(protocol: Protocol, script: Script = () => undefined): Promise<Serving> {
  const log: Serving["asked"] = [];
  const counts = new Map<Verb, number>();
  const server = createServer((request, response) => {
    (async () => {
      const asked = await read(request);
      const verb = protocol.verbOf(asked);
      const n = (counts.get(verb) ?? 0) + 1;
      counts.set(verb, n);
      const fault = script(verb, n, asked);
      const note = (status: number) => log.push({ verb, asked, status });
      if (fault !== undefined && "lost" in fault) {
        if (fault.lost === "after") await protocol.answer(asked, verb);
        note(0);
        request.socket.destroy();
        return;
      }
      if (fault !== undefined && "hang" in fault) {
        await protocol.answer(asked, verb);
        note(0);
        return;
      }
      const own = fault === undefined || fault.after === true ? await protocol.answer(asked, verb) : {};
      const reply = fault === undefined ? own : fault.reply;
      const status = reply.status ?? 200;
      note(status);
      const text = reply.text ?? (reply.json === undefined ? "" : JSON.stringify(reply.json));
      response.writeHead(status, {
        "content-type": reply.text === undefined ? "application/json" : "text/plain",
        ...reply.headers,
      });
      response.end(text);
    })().catch((error) => {
      response.writeHead(500);
      response.end(String(error));
    });
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", () => resolve());
  await promise;
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: log,
    [Symbol.asyncDispose]: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function read(request: IncomingMessage): Promise<Asked> {
  const parts: Uint8Array[] = [];
  for await (const part of request) parts.push(part as Uint8Array);
  const url = new URL(request.url ?? "/", "http://loopback");
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder().decode(Buffer.concat(parts)));
  } catch {
    body = undefined;
  }
  const { method = "GET", headers } = request;
  return { method, path: url.pathname, query: url.searchParams, headers, body };
}

/** Faults by verb and number: `{ create: { 1: { lost: "after" } } }`; number 0 means every one. */
export function scripted(faults: Partial<Record<Verb, Readonly<Record<number, Fault>>>>): Script {
  return (verb, n) => faults[verb]?.[n] ?? faults[verb]?.[0];
}
