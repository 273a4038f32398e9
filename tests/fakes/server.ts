// Stand-ins for vLLM, SGLang and llama-server: the routes beside OpenAI's, each with its own habits, which can be broken on purpose.
import { join } from "node:path";
import { sse } from "./openai.ts";

export type ServerName = "vllm" | "sglang" | "llama.cpp";

/** What they tell as their version, llama-server with its commit behind it. */
export const VERSIONS: Record<ServerName, string> = {
  vllm: "0.11.2",
  sglang: "0.5.16",
  "llama.cpp": "b10356",
};

export interface ServerFaults {
  /** Answer so many requests for its health as while it loads; -1: all. */
  loading?: number;
  /** SGLang before it renamed /get_server_info. */
  old?: boolean;
  /** Give the counters of this file of tests/fixtures/metrics. */
  metrics?: string;
  /** Lack what its flags or environment must switch on. */
  bare?: boolean;
  /** Tell this version. */
  version?: string;
  /** Serve without a model's weights. */
  dummy?: boolean;
}

/** A server whose tokens take their time and are counted, in place of canned ones. */
export interface Live {
  /** Answers what asks for text. */
  readonly complete: (body: Record<string, unknown>, isChat: boolean) => Response | Promise<Response>;
  /** The text of its counters. */
  readonly metrics: () => string;
  readonly max_model_len: number;
  readonly tensor_parallel_size: number;
  /** How its weights are quantised; null: not at all. */
  readonly quantization: string | null;
}

export interface FakeServer extends AsyncDisposable {
  readonly url: string;
  /** What was asked, oldest first, as `POST /path`; with the body where there was one. */
  readonly requests: { asked: string; body: Record<string, unknown> }[];
}

/** Serves `models` as `name` on a free loopback port. */
export function fakeServer(name: ServerName, models: string[], faults: ServerFaults = {}): FakeServer {
  const requests: FakeServer["requests"] = [];
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => undefined },
    answering(name, models, faults, requests),
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    requests,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Answers as `name` does. */
export function answering(
  name: ServerName,
  models: string[],
  faults: ServerFaults,
  requests: FakeServer["requests"] = [],
  live: Live | null = null,
): (request: Request) => Promise<Response> {
  let left = faults.loading ?? 0;
  return async (request) => {
    const asked = `${request.method} ${new URL(request.url).pathname}`;
    const text = await request.text();
    const body = text === "" ? {} : JSON.parse(text) as Record<string, unknown>;
    requests.push({ asked, body });
    const isLoading = left !== 0;
    if (asked === "GET /health" && left > 0) left -= 1;
    if (isLoading) return LOADING[name]();
    if (live !== null && asked.startsWith("POST /v1/")) {
      return await live.complete(body, asked.includes("chat"));
    }
    if (asked === "POST /v1/completions" && body.stream !== true) {
      await new Promise((resolve) => setTimeout(resolve, Number(body.max_tokens)));
      return Response.json({ usage: { completion_tokens: body.max_tokens } });
    }
    if (asked.startsWith("POST /v1/")) {
      return new Response(inPieces(sse(body, asked.includes("chat"), {})), {
        headers: { "content-type": "text/event-stream" },
      });
    }
    if (asked === "GET /metrics" && faults.bare !== true) {
      return new Response(live?.metrics() ?? await metrics(name, faults));
    }
    return OWN[name](asked, models, faults, live ?? CANNED) ??
      Response.json({ detail: "Not Found" }, { status: 404 });
  };
}

/** Frame by frame: text that comes all at once has no speed. */
function inPieces(text: string): ReadableStream<Uint8Array> {
  const frames = text.split("\n\n").filter((frame) => frame !== "");
  return new ReadableStream({
    async pull(controller) {
      const frame = frames.shift();
      if (frame === undefined) return controller.close();
      controller.enqueue(new TextEncoder().encode(`${frame}\n\n`));
      await new Promise((resolve) => setTimeout(resolve, 1));
    },
  });
}

/** llama-server listens at once; the others say nothing good of their health. */
const LOADING: Record<ServerName, () => Response> = {
  vllm: () => new Response(null, { status: 503 }),
  sglang: () => new Response(null, { status: 503 }),
  "llama.cpp": () =>
    Response.json({ error: { code: 503, message: "Loading model", type: "unavailable_error" } }, {
      status: 503,
    }),
};

type Told = Omit<Live, "complete" | "metrics">;
type Answer = (asked: string, models: string[], faults: ServerFaults, told: Told) => Response | null;

const CANNED: Told = { max_model_len: 1024, tensor_parallel_size: 1, quantization: null };

const OWN: Record<ServerName, Answer> = {
  vllm(asked, models, { bare, dummy, version = VERSIONS.vllm }, told) {
    switch (asked) {
      case "GET /health":
        return new Response(null);
      case "GET /version":
        return Response.json({ version });
      case "GET /v1/models":
        return list(models, { owned_by: "vllm", max_model_len: told.max_model_len });
      case "GET /server_info":
        return bare === true ? null : Response.json({ vllm_config: vllmConfig(dummy === true, told) });
      case "POST /reset_prefix_cache":
        return bare === true ? null : new Response(null);
      default:
        return null;
    }
  },
  sglang(asked, models, { old, dummy, version = VERSIONS.sglang }, told) {
    switch (asked) {
      case "GET /health":
        return new Response(null);
      case "GET /v1/models":
        return list(models, { owned_by: "sglang", root: models[0], max_model_len: told.max_model_len });
      case old === true ? "GET /get_server_info" : "GET /server_info":
        return Response.json({
          ...{ model_path: models[0], version, internal_states: [], tp_size: told.tensor_parallel_size },
          ...{
            dtype: "auto",
            quantization: told === CANNED ? "fp8" : told.quantization,
            load_format: dummy === true ? "dummy" : "auto",
          },
        });
      case "POST /flush_cache":
        return new Response("Cache flushed.\n");
      default:
        return null;
    }
  },
  "llama.cpp"(asked, models, { version = VERSIONS["llama.cpp"] }) {
    switch (asked) {
      case "GET /health":
        return Response.json({ status: "ok" });
      case "GET /v1/models":
        return list(models, {
          owned_by: "llamacpp",
          meta: {
            n_ctx: 1024,
            n_ctx_train: 32768,
            ftype: "Q4_K - Medium",
            n_params: 7_615_616_512,
            size: 4_677_120_000,
          },
        });
      case "GET /props":
        return Response.json({
          default_generation_settings: { n_ctx: 1024 },
          total_slots: 2,
          model_path: "/models/m.gguf",
          build_info: `${version}-5e9c6354`,
        });
      case "GET /metrics":
        return Response.json({
          error: {
            code: 501,
            message: "This server does not support metrics endpoint. Start it with `--metrics`",
            type: "not_supported_error",
          },
        }, { status: 501 });
      default:
        return null;
    }
  },
};

function list(models: string[], fields: object): Response {
  return Response.json({ object: "list", data: models.map((id) => ({ id, object: "model", ...fields })) });
}

function metrics(name: ServerName, { metrics = name.replace(".", "_") }: ServerFaults): Promise<string> {
  return Deno.readTextFile(join(import.meta.dirname ?? "", "..", "fixtures", "metrics", `${metrics}.txt`));
}

/** As vLLM 0.32 has it, with a part of its fields. */
function vllmConfig(dummy: boolean, { max_model_len, tensor_parallel_size, quantization }: Told): string {
  return `model='m', speculative_config=None, dtype=torch.bfloat16, max_seq_len=${max_model_len}, download_dir=None, ` +
    `load_format=${dummy ? "dummy" : "auto"}, tensor_parallel_size=${tensor_parallel_size}, quantization=${
      quantization ?? "None"
    }, quantization_config=None, ` +
    "enforce_eager=False, kv_cache_dtype=auto, device_config=cpu";
}
