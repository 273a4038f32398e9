// What the tests of the agent's HTTP client share.
import { equal, match, ok } from "node:assert/strict";
import { Failure } from "../pipeline/agent/failure.ts";
import { HttpClient } from "../pipeline/agent/http/client.ts";
import { type RawOptions, type RawRequest, rawServer } from "./fakes/raw_server.ts";

export const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
export const SIZED = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/** What a listener hears. */
export function ears() {
  const heard = { sent: 0, status: 0, text: "", times: [] as number[] };
  const decoder = new TextDecoder();
  return {
    heard,
    sending: () => void (heard.sent += 1),
    head: ({ status }: { status: number }) => void (heard.status = status),
    bytes: (bytes: Uint8Array, at: number) => {
      heard.text += decoder.decode(bytes, { stream: true });
      heard.times.push(at);
    },
  };
}

export async function post(client: HttpClient, url: string, signal = new AbortController().signal) {
  const listener = ears();
  const end = await client.post({ url, headers: {}, body: "{}" }, signal, listener);
  return { ...listener.heard, end };
}

/** Posts once to a server that sends `answer` and closes. */
export async function once(answer: string | Uint8Array, options: RawOptions = {}) {
  await using server = rawServer((request) => request.write(answer), options);
  using client = new HttpClient();
  return await post(client, `http://127.0.0.1:${server.port}/`);
}

/** Posts `count` times, one after another, over one client. */
export async function several(count: number, answer: (request: RawRequest) => Promise<boolean | void>) {
  await using server = rawServer(answer);
  using client = new HttpClient();
  const texts: string[] = [];
  for (let n = 0; n < count; n++) {
    texts.push((await post(client, `http://127.0.0.1:${server.port}/`)).text);
  }
  return { texts, connections: server.requests.map(({ connection }) => connection) };
}

/** For `rejects`: the error is a Failure of this class with these words. */
export function fails(kind: Failure["kind"], words: RegExp): (error: unknown) => true {
  return (error) => {
    ok(error instanceof Failure, String(error));
    equal(error.kind, kind, error.message);
    match(error.message, words);
    return true;
  };
}

export const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
