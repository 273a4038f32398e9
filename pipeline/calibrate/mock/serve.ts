// The mock server: raw sockets on a free loopback port, one pacer for all streams.
import { DenoSocket } from "../../agent/socket/deno_socket.ts";
import { kernelListen } from "../../agent/socket/kernel_connect.ts";
import { Poller } from "../../agent/socket/poller.ts";
import type { Socket } from "../../agent/socket/socket.ts";
import { type MockRequest, requestsOf } from "./request.ts";
import { Counters } from "./counters.ts";
import { Pacer } from "./pacer.ts";
import { type Reply, replyTo } from "./routes.ts";
import { Slots } from "./slots.ts";
import { sendStream } from "./stream.ts";
import { type Timeline, timelineOf } from "./timeline.ts";
import type { Told } from "./told.ts";

const encoder = new TextEncoder();

/** Serves until the process ends; returns the port. */
export function serveMock(): number {
  const poller = Poller.open();
  const server = new Server();
  if (poller !== null) return kernelListen(poller, (socket) => void server.serve(socket));
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  (async () => {
    for await (const conn of listener) {
      conn.setNoDelay(true);
      server.serve(new DenoSocket(conn));
    }
  })();
  return (listener.addr as Deno.NetAddr).port;
}

class Server {
  readonly #pacer = new Pacer();
  readonly #timelines = new Map<string, Timeline>();
  readonly #slots = new Map<string, Slots>();
  readonly #counters = new Counters();
  readonly #refused = new Map<string, number>();
  #told: Told[] = [];
  /** Chunks of the streams that were told already. */
  #toldChunks = 0;
  #underWay = 0;

  /** Answers the requests of one connection until either side closes it. */
  async serve(socket: Socket): Promise<void> {
    try {
      for await (const request of requestsOf(socket)) {
        const then = await this.#answer(request, socket);
        if (then === "hang") continue;
        if (then === "close" || request.headers.get("connection") === "close" || socket.broken) break;
      }
    } catch {
      // The other side has gone, or speaks something else; either way there is nobody to answer.
    } finally {
      socket[Symbol.dispose]();
    }
  }

  async #answer(request: MockRequest, socket: Socket): Promise<Timeline["then"]> {
    const reply = replyTo(request, (name) => this.#refuse(name));
    if (reply.kind === "stream") return await this.#stream(reply, request.received_ms, socket);
    socket.send(encoder.encode(this.#whole(reply)));
    await socket.flush();
    return "next";
  }

  async #stream(
    { protocol, model, key, plan }: Extract<Reply, { kind: "stream" }>,
    received_ms: number,
    socket: Socket,
  ): Promise<Timeline["then"]> {
    const told: Told = {
      key,
      received_ms,
      sent_ms: [],
      span_ms: [],
      due: { ttft: Math.max(plan.ttft, plan.headers), gap: plan.gap },
    };
    this.#told.push(told);
    const name = `${protocol} ${plan.n} ${model}`;
    const timeline = this.#timelines.get(name) ?? timelineOf(protocol, model, plan);
    this.#timelines.set(name, timeline);
    const slots = this.#slots.get(name) ?? new Slots(plan.slots || Infinity);
    this.#slots.set(name, slots);
    using counted = this.#counters.enter(plan, told);
    await slots.take();
    counted.serve();
    this.#underWay += 1;
    await sendStream(timeline, socket, told, this.#pacer, plan.slots > 0 ? performance.now() : received_ms);
    this.#underWay -= 1;
    slots.give();
    return timeline.then;
  }

  #whole(reply: Exclude<Reply, { kind: "stream" }>): string {
    if (reply.kind === "metrics") return text(200, this.#counters.text(), "text/plain; version=0.0.4");
    if (reply.kind === "json") return response(reply.status, reply.body, reply.headers);
    if (reply.kind === "sent") {
      return response(200, { streams: this.#underWay, chunks: this.#toldChunks + chunksOf(this.#told) });
    }
    if (reply.kind === "told") {
      const told = this.#told.splice(0);
      this.#toldChunks += chunksOf(told);
      return response(200, told);
    }
    return response(200, { now_ms: performance.now() });
  }

  #refuse(name: string): number {
    const before = this.#refused.get(name) ?? 0;
    this.#refused.set(name, before + 1);
    return before;
  }
}

function chunksOf(told: readonly Told[]): number {
  return told.reduce((sum, { sent_ms }) => sum + sent_ms.length, 0);
}

function response(status: number, body: unknown, headers = ""): string {
  return text(status, JSON.stringify(body), "application/json", headers);
}

function text(status: number, body: string, type: string, headers = ""): string {
  return `HTTP/1.1 ${status} Mock\r\ncontent-type: ${type}\r\n${headers}` +
    `content-length: ${encoder.encode(body).length}\r\n\r\n${body}`;
}
