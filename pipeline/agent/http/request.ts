// A request as the bytes that go over the wire, and the address they go to. Pure.
import { Failure } from "../failure.ts";

/** A POST of `body` to `url`, which is http or https. */
export interface Call {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Address {
  readonly tls: boolean;
  /** A name or an address, an IPv6 one without brackets. */
  readonly hostname: string;
  readonly port: number;
}

export interface WireRequest {
  readonly address: Address;
  readonly bytes: Uint8Array;
}

/** The bytes and the address of `call`. A Failure of class http refuses a header that would end its line. */
export function wireRequest(call: Call): WireRequest {
  const url = new URL(call.url);
  const tls = url.protocol === "https:";
  const body = new TextEncoder().encode(call.body);
  const headers = {
    host: url.host,
    accept: "*/*",
    "accept-encoding": "identity",
    "user-agent": "gpu-almanac",
    "content-length": String(body.length),
    ...authorization(url),
    ...call.headers,
  };
  const head = new TextEncoder().encode(
    `POST ${url.pathname}${url.search} HTTP/1.1\r\n${Object.entries(headers).map(headerLine).join("")}\r\n`,
  );
  const bytes = new Uint8Array(head.length + body.length);
  bytes.set(head);
  bytes.set(body, head.length);
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  return { address: { tls, hostname, port: Number(url.port || (tls ? 443 : 80)) }, bytes };
}

/** A user and password that stand in the URL. */
function authorization({ username, password }: URL): Record<string, string> {
  if (username === "" && password === "") return {};
  const pair = new TextEncoder().encode(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  return { authorization: `Basic ${btoa(String.fromCharCode(...pair))}` };
}

function headerLine([name, value]: [string, string]): string {
  if (/[\r\n\0]/.test(value)) throw new Failure("http", `the header ${name} holds a line break`);
  return `${name}: ${value}\r\n`;
}
