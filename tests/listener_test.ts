// The server's connections over real sockets: none is held for ever, and none keeps the others out.
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { connect as connectHttp2 } from "node:http2";
import { join } from "node:path";
import { Connection, type Handle } from "../pipeline/serve/connection.ts";
import { type ServeLimits, USUAL_LIMITS } from "../pipeline/serve/limits.ts";
import { Listener } from "../pipeline/serve/listener.ts";
import { Site } from "../pipeline/serve/site.ts";
import { temporaryRoot } from "./fixtures.ts";
import { until } from "./until.ts";

/** More than the network holds between a server and a client that does not read. */
const BIG = 32 * 2 ** 20;
const QUICK = { ...USUAL_LIMITS, idle_ms: 100, check_ms: 10 };
const GET = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
const answerAtOnce: Handle = () => new Response("here");

interface Served {
  readonly listener: Listener;
  readonly said: string[];
  /** Opens a connection and sends what is given. */
  connect(text?: string): Promise<Deno.TcpConn>;
  /** Asks over a connection of its own. */
  ask(path?: string): Promise<{ status: number; retry_after: string | null; text: string }>;
}

async function serving(
  limits: Partial<ServeLimits>,
  handle: Handle,
  work: (served: Served) => Promise<void>,
  now = () => performance.now(),
): Promise<void> {
  const said: string[] = [];
  const log = { info: (text: string) => said.push(text), warn: (text: string) => said.push(text) };
  const listener = new Listener({
    hostname: "127.0.0.1",
    port: 0,
    handle,
    log,
    limits: { ...USUAL_LIMITS, ...limits },
    now,
  });
  const opened = new Set<Deno.TcpConn>();
  const connect = async (text = "") => {
    const { hostname, port } = listener.address;
    const connection = await Deno.connect({ hostname, port });
    opened.add(connection);
    await send(connection, text);
    return connection;
  };
  const ask = async (path = "/") => {
    const connection = await connect(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
    const text = await rest(connection);
    connection.close();
    opened.delete(connection);
    return {
      status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]),
      retry_after: /^retry-after: (\S+)/im.exec(text)?.[1] ?? null,
      text,
    };
  };
  try {
    await work({ listener, said, connect, ask });
  } finally {
    for (const connection of opened) connection.close();
    await listener.shutdown();
  }
}

async function send(connection: Deno.Conn, text: string): Promise<void> {
  await connection.write(new TextEncoder().encode(text));
}

/** All that comes until the server closes. */
async function rest(connection: Deno.Conn): Promise<string> {
  let text = "";
  const decoder = new TextDecoder("latin1");
  const buffer = new Uint8Array(64 * 1024);
  for (;;) {
    const read = await connection.read(buffer).catch(() => null);
    if (read === null) return text;
    text += decoder.decode(buffer.subarray(0, read));
  }
}

/** What comes next. */
async function next(connection: Deno.Conn): Promise<string> {
  const buffer = new Uint8Array(64 * 1024);
  const read = await connection.read(buffer);
  return new TextDecoder("latin1").decode(buffer.subarray(0, read ?? 0));
}

/** A site of two big files and a small one. */
async function withSite(work: (page: Site["page"]) => Promise<void>): Promise<void> {
  await using root = await temporaryRoot();
  await Deno.mkdir(root.paths.siteDist, { recursive: true });
  await Deno.writeFile(join(root.paths.siteDist, "big.bin"), new Uint8Array(BIG));
  await Deno.writeTextFile(join(root.paths.siteDist, "big.txt"), "x".repeat(BIG));
  await Deno.writeTextFile(join(root.paths.siteDist, "index.html"), "home");
  const site = new Site(root.paths);
  await work((request, client) => site.page(request, client));
}

/** The server of such a site, and how often a part of a file was taken. */
function servingFile(
  limits: Partial<ServeLimits>,
  work: (served: Served, parts: () => number) => Promise<void>,
  now?: () => number,
): Promise<void> {
  return withSite((page) => {
    let parts = 0;
    const handle: Handle = (request, client) => page(request, { taken: () => (parts += 1, client.taken()) });
    return serving(limits, handle, (served) => work(served, () => parts), now);
  });
}

const SILENT: Record<string, string[]> = {
  "that says nothing": [""],
  "that sends half a head": ["GET / HTT"],
  "that sends a head without its end": ["GET / HTTP/1.1\r\nhost: x\r\n"],
  "that asks once and keeps the connection": [GET],
  "that sends half a body": ["POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc"],
  "that begins a chunked body": ["POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab"],
};

for (const [who, texts] of Object.entries(SILENT)) {
  Deno.test(`a client ${who} is let go after its time`, () =>
    serving(QUICK, async (request) => new Response(await request.text()), async ({ connect }) => {
      const connection = await connect();
      for (const text of texts) await send(connection, text);
      await rest(connection);
    }));
}

Deno.test("a client that sends its head byte by byte is let go, however busily it sends", () =>
  serving(QUICK, answerAtOnce, async ({ connect }) => {
    const connection = await connect("GET / HTTP/1.1\r\n");
    const ended = rest(connection);
    let isOver = false;
    ended.then(() => isOver = true);
    for (let sent = 0; !isOver && sent < 1_000_000; sent++) {
      await send(connection, "a").catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    equal(await ended, "");
  }));

for (const path of ["/big.bin", "/big.txt"]) {
  Deno.test(`a client that asks for ${path} and takes nothing is let go`, () =>
    servingFile(QUICK, async ({ listener, connect }) => {
      const accept = path === "/big.txt" ? "accept-encoding: gzip\r\n" : "";
      const connection = await connect(`GET ${path} HTTP/1.1\r\nhost: x\r\n${accept}\r\n`);
      await until(() => listener.connections === 0 ? true : null);
      ok((await rest(connection)).length < BIG);
    }));
}

Deno.test("a client that takes part after part gets all, however long that lasts", () => {
  const clock = { now: 0 };
  const limits = { idle_ms: 1000, check_ms: 1 };
  return servingFile(limits, async ({ connect }, parts) => {
    const reader = await connect("GET /big.bin HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    let taken = 0;
    let pauses = 0;
    for (;;) {
      const before = parts();
      const read = await reader.read(new Uint8Array(BIG / 16));
      if (read === null) break;
      taken += read;
      if (taken > BIG / 2 || parts() === before) continue;
      clock.now += limits.idle_ms - 1;
      pauses += 1;
    }
    ok(taken > BIG && pauses > 2, `${taken} bytes, ${pauses} pauses`);
  }, () => clock.now);
});

Deno.test("a connection too many takes the place of the one that waits longest, never of one in work", () => {
  const { promise, resolve } = Promise.withResolvers<Response>();
  const handle: Handle = ({ url }) => url.endsWith("/slow") ? promise : new Response("here");
  return serving({ connections: 5 }, handle, async ({ connect, ask }) => {
    const working = await connect("GET /slow HTTP/1.1\r\nhost: x\r\n\r\n");
    const waiting: Deno.TcpConn[] = [];
    for (let n = 0; n < 4; n++) {
      const connection = await connect(GET);
      match(await next(connection), /^HTTP\/1\.1 200/);
      waiting.push(connection);
    }
    await send(waiting[0] as Deno.TcpConn, GET);
    await next(waiting[0] as Deno.TcpConn);
    for (let n = 0; n < 2; n++) equal((await ask()).status, 200);
    equal(await rest(waiting[1] as Deno.TcpConn), "");
    await send(waiting[0] as Deno.TcpConn, GET);
    match(await next(waiting[0] as Deno.TcpConn), /here$/);
    resolve(new Response("done"));
    match(await next(working), /done$/);
  });
});

Deno.test("a request too many is asked to come again, and is answered then", () => {
  const answers: ((response: Response) => void)[] = [];
  const handle: Handle = () => new Promise((resolve) => answers.push(resolve));
  return serving({ requests: 3 }, handle, async ({ connect, ask }) => {
    const working = [];
    for (let n = 0; n < 3; n++) working.push(await connect(GET));
    await until(() => answers.length === 3 ? true : null);
    const { status, retry_after, text } = await ask();
    deepEqual([status, retry_after], [503, "2"]);
    match(text, /"error": "Cannot answer now: 3 requests are in work\. Ask again in 2 s\."/);
    for (const answer of answers.splice(0)) answer(new Response("done"));
    for (const connection of working) match(await next(connection), /done$/);
    const asked = ask();
    (await until(() => answers[0]))(new Response("done"));
    equal((await asked).status, 200);
  });
});

Deno.test("a request too many takes the place of an answer that nobody takes", () =>
  servingFile({ requests: 4, stalled_ms: 20 }, async ({ connect, ask }) => {
    for (let n = 0; n < 12; n++) await connect("GET /big.bin HTTP/1.1\r\nhost: x\r\n\r\n");
    const { text } = await until(async () => {
      const answer = await ask();
      return answer.status === 200 ? answer : null;
    });
    match(text, /home$/);
  }));

Deno.test("a client that takes one of many answers over one connection keeps nobody out", () =>
  servingFile({ requests: 4, stalled_ms: 50 }, async ({ listener, ask }) => {
    const session = connectHttp2(`http://127.0.0.1:${listener.address.port}`);
    const ended = new Promise((resolve) => session.once("close", resolve));
    session.on("error", () => undefined);
    await new Promise((resolve) => session.once("connect", resolve));
    session.setLocalWindowSize(2 ** 30);
    const streams = Array.from({ length: 12 }, () => session.request({ ":path": "/big.bin" }).pause());
    for (const stream of streams) stream.on("error", () => undefined);
    const [slow] = streams;
    slow?.on("data", () => {
      slow.pause();
      setTimeout(() => slow.resume(), 1);
    });
    slow?.resume();
    await until(async () => (await ask()).status === 200 ? true : null);
    session.destroy();
    await ended;
  }));

Deno.test("a connection that has just ended by itself may be closed", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const client = await Deno.connect({ hostname: "127.0.0.1", port });
  const ended = Promise.withResolvers<Connection>();
  const nothing = () => undefined;
  new Connection(await listener.accept(), {
    handle: answerAtOnce,
    now: () => 0,
    begun: nothing,
    taken: nothing,
    done: nothing,
    ended: ended.resolve,
    outOfFiles: nothing,
  });
  client.close();
  (await ended.promise).close();
});

Deno.test("files that the system has no more of are taken from answers that nobody takes", () =>
  withSite((page) => {
    let open = () => 0;
    const handle: Handle = (request, client) => {
      if (request.url.endsWith("/big.bin") || open() < 4) return page(request, client);
      client.outOfFiles();
      return new Response(null, { status: 503 });
    };
    return serving({ stalled_ms: 20 }, handle, async ({ listener, connect, ask }) => {
      open = () => listener.connections;
      for (let n = 0; n < 12; n++) await connect("GET /big.bin HTTP/1.1\r\nhost: x\r\n\r\n");
      await until(async () => (await ask()).status === 200 ? true : null);
    });
  }));

Deno.test("after files ran out there are fewer connections for a while, then as many as before", () => {
  const handle: Handle = (_request, client) => (client.outOfFiles(), new Response(null, { status: 503 }));
  return serving({ connections: 40, check_ms: 5 }, handle, async ({ listener, connect, ask }) => {
    const fill = () =>
      until(async () => {
        if (listener.connections < 40) await connect();
        return listener.connections >= 40 ? true : null;
      });
    await fill();
    equal((await ask()).status, 503);
    await until(() => listener.connections <= 32 ? true : null);
    await fill();
  });
});

Deno.test("a thousand clients that say nothing, stop half-way or take nothing keep nobody out", () =>
  servingFile({ connections: 60, requests: 30, stalled_ms: 20 }, async ({ listener, connect, ask, said }) => {
    const texts = ["", "GET / HT", "GET /big.bin HTTP/1.1\r\nhost: x\r\n\r\n", GET];
    for (let n = 0; n < 1000; n++) {
      const connection = await connect();
      await send(connection, texts[n % texts.length] ?? "").catch(() => undefined);
      if (n % 5 === 0) await connection.closeWrite().catch(() => undefined);
    }
    await until(async () => (await ask()).status === 200 ? true : null);
    ok(listener.connections < 100, String(listener.connections));
    deepEqual(said, []);
  }));

Deno.test("on shutdown requests in work are answered, whoever waits is let go, and nobody new comes in", async () => {
  const { promise, resolve } = Promise.withResolvers<Response>();
  const begun = Promise.withResolvers<void>();
  await serving({}, () => (begun.resolve(), promise), async ({ listener, connect }) => {
    const working = await connect(GET);
    const [silent, half] = [await connect(), await connect("GET / HT")];
    await begun.promise;
    await until(() => listener.connections === 3 ? true : null);
    const ended = listener.shutdown();
    deepEqual([await rest(silent), await rest(half)], ["", ""]);
    resolve(new Response("done"));
    match(await rest(working), /done$/);
    await ended;
    await rejects(connect(), Deno.errors.ConnectionRefused);
  });
});
