// A stand-in for Ollama: its native protocol with its quirks, and faults that a real one cannot be made to show.
import { createHash } from "node:crypto";

export interface OllamaFaults {
  /** Answer /api/generate with this status and an error body. */
  status?: number;
  /** Send this error as a frame after that many tokens, under status 200. */
  errorAfter?: { tokens: number; error: string };
  /** Close the stream without its last frame after that many tokens. */
  endAfter?: number;
  /** Send nothing more after that many tokens, and keep the stream open. */
  hangAfter?: number;
  /** Send only the last frame, without any text. */
  empty?: boolean;
  /** End before `max` with this many tokens and done_reason stop. */
  stopAt?: number;
  /** Report this many prompt tokens as served from the cache. */
  cached?: number;
  /** Refuse to pull with this error, inside the stream. */
  pullError?: string;
  /** End the pull's stream before `success`. */
  pullEndsEarly?: boolean;
  /** Models that are for embeddings; the capabilities stand in /api/show, as older servers do it, unless `told` says /api/tags. */
  embedding?: { models: string[]; told: "tags" | "show" };
  /** Models that are another one under another name. */
  alias?: Readonly<Record<string, string>>;
  /** Models that cannot be looked at. */
  broken?: string[];
  /** Models whose requests are only forwarded to another host. */
  remote?: string[];
  /** Do not answer a request to unload until its client leaves. */
  hangUnload?: boolean;
  /** Fail only while this returns true. */
  when?: () => boolean;
}

export interface FakeOllama extends AsyncDisposable {
  readonly url: string;
  /** What was asked, oldest first. */
  readonly requests: { path: string; body: Record<string, unknown> }[];
  readonly faults: OllamaFaults;
}

const SIZE = 4_431_400_262;

/** Serves `models` (those already pulled) on a free loopback port. */
export function fakeOllama(models: string[] = ["qwen2:7b"], faults: OllamaFaults = {}): FakeOllama {
  const requests: FakeOllama["requests"] = [];
  const pulled = new Set(models);
  const loaded = new Map<string, number>();
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => undefined },
    async (request) => {
      const path = new URL(request.url).pathname;
      const body = request.method === "POST" ? await request.json() as Record<string, unknown> : {};
      requests.push({ path, body });
      const model = String(body.model ?? "");
      switch (`${request.method} ${path}`) {
        case "GET /api/version":
          return Response.json({ version: "0.12.9" });
        case "GET /api/tags":
          return Response.json({
            models: [...pulled].map((name) => ({
              ...tag(name, faults.alias?.[name]),
              ...(faults.remote?.includes(name)
                ? { remote_host: "https://ollama.com:443", remote_model: name }
                : {}),
              ...(faults.embedding?.told === "tags" ? { capabilities: capabilities(name, faults) } : {}),
            })),
          });
        case "GET /api/ps":
          return Response.json({
            models: [...loaded].map(([name, context_length]) => ({
              ...tag(name),
              size_vram: SIZE,
              context_length,
            })),
          });
        case "POST /api/show":
          if (faults.broken?.includes(model) === true) {
            return Response.json({ error: "open manifest: no such file" }, { status: 500 });
          }
          return pulled.has(model)
            ? Response.json({
              details: tag(model).details,
              capabilities: capabilities(model, faults),
              model_info: { "general.parameter_count": 7_615_616_512 },
            })
            : Response.json({ error: `model '${model}' not found` }, { status: 404 });
        case "POST /api/pull":
          if (faults.pullError === undefined && faults.pullEndsEarly !== true) pulled.add(named(model));
          return lines(pull(faults));
        case "POST /api/generate":
          if (faults.hangUnload === true && body.keep_alive === 0) {
            await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
          }
          return generate(body, model, faults, pulled, loaded);
        default:
          return Response.json({ error: "404 page not found" }, { status: 404 });
      }
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    requests,
    faults,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function named(model: string): string {
  return model.includes(":") ? model : `${model}:latest`;
}

function tag(name: string, same = name) {
  const details = { format: "gguf", family: "qwen2", parameter_size: "7.6B", quantization_level: "Q4_0" };
  return {
    name,
    model: name,
    size: SIZE,
    digest: createHash("sha256").update(same).digest("hex"),
    details,
  };
}

function capabilities(model: string, faults: OllamaFaults): string[] {
  return faults.embedding?.models.includes(model) ? ["embedding"] : ["completion", "tools"];
}

function generate(
  body: Record<string, unknown>,
  model: string,
  faults: OllamaFaults,
  pulled: Set<string>,
  loaded: Map<string, number>,
): Response {
  if (!pulled.has(named(model))) {
    return Response.json({ error: `model '${model}' not found` }, { status: 404 });
  }
  const options = (body.options ?? {}) as { num_predict?: number; num_ctx?: number };
  if (body.keep_alive === 0) {
    loaded.delete(named(model));
    return Response.json({ model, response: "", done: true, done_reason: "unload" });
  }
  loaded.set(named(model), options.num_ctx ?? 4096);
  if (body.prompt === undefined) {
    return Response.json({ model, response: "", done: true, done_reason: "load" });
  }
  const active = faults.when?.() ?? true;
  if (active && faults.status !== undefined) {
    return Response.json({ error: "llama runner process has terminated" }, { status: faults.status });
  }
  const count = options.num_predict ?? 128;
  if (body.stream === false) {
    return Response.json({
      model,
      response: "",
      done: true,
      eval_count: count,
      eval_duration: 1_000_000_000,
    });
  }
  return lines(tokens(model, count, active ? faults : {}));
}

async function* tokens(model: string, most: number, faults: OllamaFaults): AsyncGenerator<object> {
  const frame = (fields: object) => ({ model, created_at: new Date().toISOString(), ...fields });
  const count = Math.min(most, faults.stopAt ?? most);
  for (let n = 0; n < count && faults.empty !== true; n++) {
    if (faults.errorAfter?.tokens === n) return yield { error: faults.errorAfter.error };
    if (faults.endAfter === n) return;
    if (faults.hangAfter === n) await new Promise(() => undefined);
    yield frame({ response: " tok", done: false });
  }
  yield frame({
    response: "",
    done: true,
    done_reason: count < most ? "stop" : "length",
    context: [1, 2, 3],
    total_duration: 1_200_000_000,
    load_duration: 1_000_000,
    ...(faults.cached === undefined ? {} : { prompt_eval_cached_count: faults.cached }),
    prompt_eval_count: 40,
    prompt_eval_duration: 30_000_000,
    ...(faults.empty === true ? {} : { eval_count: count, eval_duration: 1_000_000_000 }),
  });
}

async function* pull(faults: OllamaFaults): AsyncGenerator<object> {
  yield { status: "pulling manifest" };
  if (faults.pullError !== undefined) return yield { error: faults.pullError };
  for (const part of [1, 2, 3]) {
    yield {
      status: "pulling 845dbda0ea48",
      digest: "sha256:845d",
      total: SIZE,
      completed: Math.round(SIZE * part / 3),
    };
  }
  if (faults.pullEndsEarly !== true) yield { status: "success" };
}

/** NDJSON; a client that leaves ends it. */
function lines(frames: AsyncGenerator<object>): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await frames.next();
      if (next.done) controller.close();
      else controller.enqueue(encoder.encode(`${JSON.stringify(next.value)}\n`));
    },
  });
  return new Response(body, { headers: { "content-type": "application/x-ndjson" } });
}
