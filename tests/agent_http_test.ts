// Answers as servers send them, good and bad, and what the agent's HTTP client makes of their bytes.
import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { AnswerReader } from "../pipeline/agent/http/answer.ts";
import { CHUNKED, ears, encode, fails, once, SIZED } from "./http_fixtures.ts";

for (
  const [what, answer, text] of [
    ["a body of known length", SIZED, "hello"],
    ["an empty body", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""],
    ["a body until the close", "HTTP/1.1 200 OK\r\n\r\nhello", "hello"],
    ["an answer of HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nhello", "hello"],
    ["an answer without a reason", "HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello", "hello"],
    ["line feeds alone", "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", "hello"],
    ["the same length told twice", "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello", "hello"],
    ["no content", "HTTP/1.1 204 No Content\r\n\r\n", ""],
    ["chunks", `${CHUNKED}3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n`, "hello"],
    ["chunks with extensions", `${CHUNKED}3;name="va;lue"\r\nhel\r\n2 ; a\r\nlo\r\n0;b\r\n\r\n`, "hello"],
    ["chunks with trailers", `${CHUNKED}5\r\nhello\r\n000\r\nX-One: 1\r\nX-Two: 2\r\n\r\n`, "hello"],
    [
      "chunks that win over a length",
      `HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: Chunked\r\n\r\nA\r\nhellohello\r\n0\r\n\r\n`,
      "hellohello",
    ],
    [
      "heads that only announce",
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${SIZED}`,
      "hello",
    ],
  ] as const // deno-fmt-ignore
) {
  Deno.test(`${what}: read whole, and byte by byte`, async () => {
    const whole = await once(answer);
    equal(whole.text, text);
    const listener = ears();
    using reader = new AnswerReader(listener);
    for (const byte of encode(answer)) await reader.push(Uint8Array.of(byte), 1);
    if (!reader.complete) await reader.close();
    deepEqual([listener.heard.text, listener.heard.status], [text, whole.status]);
  });
}

for (
  const [what, answer, kind, words] of [
    ["no answer", "", "connect", /closed the connection without an answer/],
    ["half a head", "HTTP/1.1 200 OK\r\nContent-", "truncated", /ended inside its head/],
    [
      "less than its length",
      "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
      "truncated",
      /ended before its end/,
    ],
    ["chunks without their end", `${CHUNKED}5\r\nhello\r\n`, "truncated", /ended before its end/],
    ["a chunk that is cut", `${CHUNKED}5\r\nhel`, "truncated", /ended before its end/],
    [
      "a chunk longer than its size",
      `${CHUNKED}3\r\nhello\r\n0\r\n\r\n`,
      "truncated",
      /longer than its size/,
    ],
    ["a chunk without a size", `${CHUNKED}\r\nhello`, "truncated", /has no size/],
    ["a size that is no number", `${CHUNKED}5x\r\nhello\r\n`, "truncated", /not a number/],
    ["a size with too many digits", `${CHUNKED}ffffffffffffff\r\n`, "truncated", /too many digits/],
    [
      "trailers without an end",
      `${CHUNKED}0\r\n${"X: y\r\n".repeat(12_000)}`,
      "truncated",
      /more than 64 KiB/,
    ],
    ["something else than HTTP", "SSH-2.0-OpenSSH_9.6\r\n", "http", /the answer is not HTTP: "SSH-2.0/],
    ["HTTP/2", "HTTP/2 200\r\n\r\n", "http", /not HTTP\/1: "HTTP\/2 200"/],
    [
      "a broken header",
      "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n",
      "http",
      /header of the answer is broken: "nonsense"/,
    ],
    ["a giant head", `HTTP/1.1 200 OK\r\nX: ${"x".repeat(70_000)}`, "http", /larger than 64 KiB/],
    [
      "two lengths",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
      "http",
      /content-length is "5, 6"/,
    ],
    ["a negative length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "http", /content-length is "-1"/],
    [
      "another transfer-encoding",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
      "http",
      /"gzip, chunked"/,
    ],
    [
      "another content-encoding",
      "HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\nContent-Length: 1\r\n\r\n.",
      "http",
      /content-encoding is "zstd"/,
    ],
    [
      "two content-encodings",
      "HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: 1\r\n\r\n.",
      "http",
      /"gzip, gzip"/,
    ],
    ["another protocol", "HTTP/1.1 101 Switching Protocols\r\n\r\n", "http", /HTTP 101/],
    [
      "a redirect",
      "HTTP/1.1 307 Moved\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n",
      "http",
      /HTTP 307: a redirect to http:\/\/elsewhere\/, which is not followed/,
    ],
    [
      "a gzip body that is broken",
      "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
      "truncated",
      /gzip body of the answer is broken/,
    ],
  ] as const // deno-fmt-ignore
) {
  Deno.test(`a server that sends ${what} fails the request as ${kind}`, async () => {
    await rejects(once(answer), fails(kind, words));
  });
}

for (
  const [encoding, format] of [["gzip", "gzip"], ["x-gzip", "gzip"], ["deflate", "deflate"], [
    "br",
    "brotli",
  ]] as const
) {
  Deno.test(`a body that is ${encoding} although nobody asked is unpacked`, async () => {
    const text = "data: grüße\n\n".repeat(5000);
    const stream = new Blob([text]).stream().pipeThrough(
      new CompressionStream(format as CompressionFormat),
    );
    const packed = await new Response(stream).bytes();
    const head =
      `HTTP/1.1 200 OK\r\nContent-Encoding: ${encoding}\r\nContent-Length: ${packed.length}\r\n\r\n`;
    equal((await once(new Uint8Array([...encode(head), ...packed]))).text, text);
    await rejects(
      once(new Uint8Array([...encode(head), ...packed.subarray(0, -20)])),
      fails("truncated", /ended before its end/),
    );
  });
}

Deno.test("all bytes of one read have the same time, and the end is that of the last one", async () => {
  const { times, end } = await once(`${CHUNKED}3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n`);
  deepEqual([times.length, times[1], times.at(-1)], [2, times[0], end]);
});

Deno.test("an answer that does not end is refused, and its listener hears no more than an answer may bring", () => {
  let heard = 0;
  const listener = { sending() {}, head() {}, bytes: (bytes: Uint8Array) => void (heard += bytes.length) };
  using reader = new AnswerReader(listener);
  reader.push(encode("HTTP/1.1 200 OK\r\n\r\n"), 0);
  const part = new Uint8Array(1 << 20);
  throws(() => {
    for (let n = 0; n < 1000; n++) reader.push(part, n);
  }, fails("http", /the answer is longer than 128 MiB/));
  equal(heard, 128 << 20);
});
