// The sockets of the agent's HTTP client: which are kept, what replaces a dead one, who closes them, and TLS.
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { HttpClient } from "../pipeline/agent/http/client.ts";
import { wireRequest } from "../pipeline/agent/http/request.ts";
import { selfSigned } from "./fakes/certificate.ts";
import { type RawRequest, rawServer } from "./fakes/raw_server.ts";
import { deafUrl } from "./fixtures.ts";
import { CHUNKED, ears, encode, fails, post, several, SIZED } from "./http_fixtures.ts";

Deno.test("requests one after another share a connection, those at once have each their own", async () => {
  const { texts, connections } = await several(3, async (request) => {
    await request.write(SIZED);
    return true;
  });
  deepEqual([texts, connections], [["hello", "hello", "hello"], [0, 0, 0]]);
  const all = Promise.withResolvers<void>();
  await using server = rawServer(async (request) => {
    if (request.n === 2) all.resolve();
    await all.promise;
    await request.write(SIZED);
    return true;
  });
  using client = new HttpClient();
  await Promise.all([1, 2, 3].map(() => post(client, `http://127.0.0.1:${server.port}/`)));
  equal(new Set(server.requests.map(({ connection }) => connection)).size, 3);
});

for (
  const [what, answer] of [
    ["says close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello"],
    ["speaks HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"],
    ["sends more than the body", `${SIZED}surplus`],
  ] as const
) {
  Deno.test(`a connection whose server ${what} is not used again`, async () => {
    const { connections } = await several(2, async (request) => {
      await request.write(answer);
      return true;
    });
    deepEqual(connections, [0, 1]);
  });
}

Deno.test("a kept connection that died unanswered is replaced once, and nobody notices", async () => {
  const { texts, connections } = await several(3, async (request) => {
    if (request.n === 1) return;
    await request.write(SIZED);
    return true;
  });
  deepEqual([texts, connections], [["hello", "hello", "hello"], [0, 0, 1, 1]]);
});

Deno.test("a kept connection that died inside its answer fails the request, and a new one without an answer too", async () => {
  const dying = (first: string) =>
    several(2, async (request) => {
      await request.write(request.n === 0 ? SIZED : first);
      return request.n === 0;
    });
  await rejects(dying("H"), fails("truncated", /ended inside its head/));
  await rejects(dying(""), fails("connect", /without an answer/));
});

Deno.test("nobody at the port is a failure to connect that names host and port", async () => {
  using client = new HttpClient();
  await rejects(post(client, deafUrl()), fails("connect", /127\.0\.0\.1 port \d+: .*refused/i));
});

for (
  const [where, answer] of [["before any byte", ""], ["inside the head", "HTTP/1.1 2"], [
    "inside the body",
    CHUNKED,
  ]]
) {
  Deno.test(`aborting a request that hangs ${where} closes its socket and throws the reason`, async () => {
    const [begun, left] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    await using server = rawServer(async (request) => {
      await request.write(answer ?? "");
      begun.resolve();
      await request.left();
      left.resolve();
    });
    using client = new HttpClient();
    const stop = new AbortController();
    const posted = post(client, `http://127.0.0.1:${server.port}/`, stop.signal);
    const refused = rejects(posted, /enough/);
    await begun.promise;
    stop.abort(new Error("enough"));
    await refused;
    await left.promise;
    await rejects(post(client, `http://127.0.0.1:${server.port}/`, stop.signal), /enough/);
    equal(server.requests.length, 1);
  });
}

Deno.test("what a listener throws ends the request, closes its socket and comes out", async () => {
  const left = Promise.withResolvers<void>();
  await using server = rawServer(async (request) => {
    await request.write(`${CHUNKED}5\r\nhello\r\n`);
    await request.left();
    left.resolve();
  });
  using client = new HttpClient();
  const deaf = {
    ...ears(),
    bytes: () => {
      throw new Error("no more");
    },
  }; // deno-fmt-ignore
  const call = { url: `http://127.0.0.1:${server.port}/`, headers: {}, body: "" };
  await rejects(client.post(call, new AbortController().signal, deaf), /no more/);
  await left.promise;
});

for (
  const [url, host, hostname, port, tls] of [
    ["http://example.com/v1", "example.com", "example.com", 80, false],
    ["https://example.com/v1", "example.com", "example.com", 443, true],
    ["http://example.com:8000/v1?a=b", "example.com:8000", "example.com", 8000, false],
    ["http://[::1]:8000/v1", "[::1]:8000", "::1", 8000, false],
  ] as const
) {
  Deno.test(`a request to ${url} goes to ${hostname} port ${port} and names its host`, () => {
    const { address, bytes } = wireRequest({ url, headers: { "x-a": "1" }, body: "grüße" });
    deepEqual(address, { hostname, port, tls });
    const [head = "", body] = new TextDecoder().decode(bytes).split("\r\n\r\n");
    const [first, ...lines] = head.split("\r\n");
    equal(first, `POST ${new URL(url).pathname}${new URL(url).search} HTTP/1.1`);
    for (const line of [`host: ${host}`, "accept-encoding: identity", "content-length: 7", "x-a: 1"]) {
      ok(lines.includes(line), line);
    }
    equal(body, "grüße");
  });
}

Deno.test("a user and password in the URL are sent as such, and a header cannot smuggle in another", () => {
  const { bytes } = wireRequest({ url: "http://me:s%C3%A9cret@h/", headers: {}, body: "" });
  match(new TextDecoder().decode(bytes), /\r\nauthorization: Basic bWU6c8OpY3JldA==\r\n/);
  const smuggle = () => wireRequest({ url: "http://h/", headers: { a: "b\r\nc: d" }, body: "" });
  return rejects(Promise.try(smuggle), fails("http", /the header a holds a line break/));
});

const canIpv6 = await Promise.try(() => Deno.listen({ hostname: "::1", port: 0 }).close()).then(
  () => true,
  () => false,
);
Deno.test({
  name: `an IPv6 host is reached${canIpv6 ? "" : " (skipped: this machine has no IPv6)"}`,
  ignore: !canIpv6,
  fn: async () => {
    await using server = rawServer((request) => request.write(SIZED), { hostname: "::1" });
    using client = new HttpClient();
    equal((await post(client, `http://[::1]:${server.port}/`)).text, "hello");
    match(server.requests[0]?.text ?? "", /\r\nhost: \[::1\]:\d+\r\n/);
  },
});

const certificate = await selfSigned();
const SKIPPED = "(skipped: this machine has no openssl)";
Deno.test({
  name: `https is spoken with a server whose certificate is trusted, and refused with any other ${
    certificate === null ? SKIPPED : ""
  }`.trim(),
  ignore: certificate === null,
  fn: async () => {
    if (certificate === null) return;
    const keep = async (request: RawRequest) => {
      await request.write(SIZED);
      return true;
    };
    await using server = rawServer(keep, { tls: certificate });
    using client = new HttpClient({ ca_certs: [certificate.cert] });
    const url = `https://localhost:${server.port}/`;
    deepEqual([(await post(client, url)).text, (await post(client, url)).text], ["hello", "hello"]);
    deepEqual(server.requests.map(({ connection }) => connection), [0, 0]);
    using stranger = new HttpClient();
    await rejects(post(stranger, url), fails("connect", /localhost port \d+: .*certificate/i));
  },
});

Deno.test("https with a server that does not speak it is a failure to connect", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using client = new HttpClient();
  const refused = rejects(post(client, httpsTo(listener)), fails("connect", /127\.0\.0\.1 port \d+: /));
  using greeted = await listener.accept();
  await greeted.write(encode("HTTP/1.1 400 Bad Request\r\n\r\n"));
  await refused;
});

Deno.test("aborting a request whose server never answers the greeting of TLS ends it", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using client = new HttpClient();
  const stop = new AbortController();
  const refused = rejects(post(client, httpsTo(listener), stop.signal), /enough/);
  using greeted = await listener.accept();
  ok(await greeted.read(new Uint8Array(16)));
  stop.abort(new Error("enough"));
  await refused;
});

function httpsTo({ addr }: Deno.TcpListener): string {
  return `https://127.0.0.1:${addr.port}/`;
}
