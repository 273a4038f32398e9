// Reads HTTP/1.1 requests from a connection, one after another: as much of the protocol as clients of engines use.
import type { Socket } from "../../agent/socket/socket.ts";
import { joined } from "./joined.ts";

export interface MockRequest {
  readonly method: string;
  readonly path: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  /** When its last byte came, milliseconds of performance.now(). */
  readonly received_ms: number;
}

const MOST_BYTES = 16 * 1024 * 1024;
const decoder = new TextDecoder();

/** The requests of `socket` until its end; a RangeError when one is not understood. */
export async function* requestsOf(socket: Socket): AsyncGenerator<MockRequest> {
  let rest = new Uint8Array(0);
  let received_ms = 0;
  const more = async (): Promise<boolean> => {
    if (rest.length > MOST_BYTES) throw new RangeError("the request is too large");
    const came = await socket.receive((bytes, at) => {
      rest = Uint8Array.from(joined([rest, bytes]));
      received_ms = at;
      return false;
    });
    return came === "enough";
  };
  while (true) {
    let end = headEnd(rest);
    for (; end < 0; end = headEnd(rest)) if (!await more()) return;
    const { method, path, headers } = headOf(decoder.decode(rest.subarray(0, end)));
    if (headers.has("transfer-encoding")) {
      throw new RangeError("a body without content-length is not understood");
    }
    const size = Number(headers.get("content-length") ?? 0);
    if (headers.get("expect") === "100-continue") {
      socket.send(new TextEncoder().encode("HTTP/1.1 100 Continue\r\n\r\n"));
    }
    while (rest.length < end + 4 + size) if (!await more()) return;
    const body = decoder.decode(rest.subarray(end + 4, end + 4 + size));
    rest = rest.slice(end + 4 + size);
    yield { method, path, headers, body, received_ms };
  }
}

/** Where the blank line after the head begins; -1 when it is not there yet. */
function headEnd(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(13); at >= 0 && at + 3 < bytes.length; at = bytes.indexOf(13, at + 1)) {
    if (bytes[at + 1] === 10 && bytes[at + 2] === 13 && bytes[at + 3] === 10) return at;
  }
  return -1;
}

function headOf(text: string): Pick<MockRequest, "method" | "path" | "headers"> {
  const [first = "", ...lines] = text.split("\r\n");
  const [method, path] = first.split(" ");
  if (method === undefined || path === undefined) throw new RangeError(`"${first}" is no request`);
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { method, path, headers: new Map(headers) };
}
