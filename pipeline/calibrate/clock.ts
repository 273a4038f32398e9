// How far apart the clocks of two processes are: performance.now() starts anew in each, so that their times
// cannot be subtracted (two processes' performance.timeOrigin were seen 3 ms apart).

export interface ClockOffset {
  /** Add it to a time of ours to have the server's, milliseconds. */
  readonly offset_ms: number;
  /** The offset is known to plus or minus this: half of the shortest round trip, milliseconds. */
  readonly uncertainty_ms: number;
}

/** One question for the server's clock: when it was sent, what came back, when that was there; milliseconds. */
export interface Ping {
  readonly sent_ms: number;
  readonly server_ms: number;
  readonly back_ms: number;
}

/** The offset by the ping with the shortest round trip: the server's time belongs to its middle. Pure. */
export function offsetOf(pings: readonly Ping[]): ClockOffset {
  const [first, ...others] = pings;
  if (first === undefined) throw new RangeError("Cannot tell the clocks' offset: there are no pings");
  const trip = ({ sent_ms, back_ms }: Ping) => back_ms - sent_ms;
  const best = others.reduce((least, ping) => trip(ping) < trip(least) ? ping : least, first);
  return {
    offset_ms: best.server_ms - (best.sent_ms + best.back_ms) / 2,
    uncertainty_ms: trip(best) / 2,
  };
}

const PINGS = 50;
const ASK = new TextEncoder().encode("GET /mock/clock HTTP/1.1\r\nhost: mock\r\n\r\n");

/** Asks the mock server at `url` for its clock, many times over one connection. */
export async function readOffset(url: string): Promise<ClockOffset> {
  const { hostname, port } = new URL(url);
  using conn = await Deno.connect({ hostname, port: Number(port) });
  conn.setNoDelay(true);
  const pings: Ping[] = [];
  for (let n = 0; n < PINGS; n++) pings.push(await ping(conn));
  return offsetOf(pings);
}

/** The answer is so short that it comes in one piece. */
async function ping(conn: Deno.Conn): Promise<Ping> {
  const buffer = new Uint8Array(1024);
  const sent_ms = performance.now();
  await conn.write(ASK);
  const size = await conn.read(buffer) ?? 0;
  const back_ms = performance.now();
  const [, body = ""] = new TextDecoder().decode(buffer.subarray(0, size)).split("\r\n\r\n");
  return { sent_ms, server_ms: (JSON.parse(body) as { now_ms: number }).now_ms, back_ms };
}
