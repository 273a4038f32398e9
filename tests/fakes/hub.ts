// A stand-in for huggingface.co and for Ollama's library: their answers as they were in 2026, and ways to break them.
import type { Shape } from "../../pipeline/engines/embedded/shapes.ts";
import { ggufHeader } from "../../pipeline/engines/embedded/gguf.ts";
import type { ModelSources } from "../../pipeline/models/mod.ts";

export interface FakeRepository {
  /** What GET /api/models/<name>?blobs=true answers. */
  readonly api: object;
  readonly config?: object;
  readonly index?: object;
  /** What every GGUF file of it begins with. */
  readonly header?: Uint8Array<ArrayBuffer>;
  /** Tokens that may read it, where it is gated. */
  readonly readers?: readonly string[];
}

export interface FakeHub extends AsyncDisposable {
  readonly sources: ModelSources;
  readonly url: string;
  /** `GET /path`, with the token behind it where one was sent. */
  readonly asked: string[];
}

export interface HubOptions {
  readonly repositories?: Readonly<Record<string, FakeRepository>>;
  /** Manifests of Ollama's library by `owner/model:tag`. */
  readonly manifests?: Readonly<Record<string, object>>;
  /** Tokens that the hub knows. */
  readonly tokens?: readonly string[];
  /** Answers in the place of the usual ones. */
  readonly instead?: (request: Request) => Response | Promise<Response> | null;
}

/** One server that is both, on a free loopback port. */
export function fakeHub(options: HubOptions = {}): FakeHub {
  const asked: string[] = [];
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => undefined },
    async (request) => {
      const token = tokenOf(request);
      asked.push(
        [request.method, new URL(request.url).pathname, ...(token === null ? [] : [token])].join(" "),
      );
      return await options.instead?.(request) ?? answer(request, token, options);
    },
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  return {
    url,
    asked,
    sources: { fetch, hub: url, ollama: url },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** The beginning of a GGUF file of a model with the shapes of Qwen2.5 7B. */
export function headerOf(changes: Partial<Shape> = {}): Uint8Array<ArrayBuffer> {
  const shape: Shape = {
    layers: 28,
    embedding: 3584,
    feed_forward: 18944,
    heads: 28,
    kv_heads: 4,
    vocabulary: 512,
    context: 32768,
    tied: false,
    ...changes,
  };
  return ggufHeader(shape, "m");
}

function answer(request: Request, token: string | null, options: HubOptions): Response {
  const { pathname } = new URL(request.url);
  const { repositories = {}, manifests = {}, tokens = [] } = options;
  const library = /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(pathname);
  if (library !== null) {
    const [, model, kind, tag] = library;
    if (kind === "blobs") return ranged(request, headerOf());
    const manifest = manifests[`${model}:${tag}`];
    return manifest === undefined
      ? Response.json({ errors: [{ code: "MANIFEST_UNKNOWN", message: "manifest unknown" }] }, {
        status: 404,
      })
      : Response.json(manifest);
  }
  if (token !== null && !tokens.includes(token)) {
    return refused(401, "Invalid credentials in Authorization header");
  }
  const [, name = "", rest = ""] =
    /^\/(?:api\/models\/)?([^/]+(?:\/[^/]+)?)(?:\/(auth-check|resolve\/main\/.+))?$/
      .exec(pathname) ?? [];
  const found = repositories[name];
  if (found === undefined) {
    return token === null
      ? refused(401, "Invalid username or password.")
      : refused(404, "Repository not found");
  }
  if (rest === "") return Response.json(found.api);
  if (found.readers !== undefined && (token === null || !found.readers.includes(token))) {
    return refused(token === null ? 401 : 403, `Access to model ${name} is restricted`);
  }
  if (rest === "auth-check") return new Response("OK");
  if (rest.endsWith("/config.json") && found.config !== undefined) return Response.json(found.config);
  if (rest.endsWith(".index.json") && found.index !== undefined) return Response.json(found.index);
  if (rest.endsWith(".gguf") && found.header !== undefined) return ranged(request, found.header);
  return refused(404, "Entry not found");
}

function ranged(request: Request, bytes: Uint8Array<ArrayBuffer>): Response {
  const [, last] = /^bytes=0-(\d+)$/.exec(request.headers.get("range") ?? "") ?? [];
  return new Response(bytes.subarray(0, Number(last) + 1), { status: 206 });
}

function refused(status: number, error: string): Response {
  return Response.json({ error }, { status });
}

function tokenOf(request: Request): string | null {
  return request.headers.get("authorization")?.replace(/^Bearer /, "") ?? null;
}
