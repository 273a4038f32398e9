// What the libraries of models are asked, what follows from their answers, and whom the token is told.
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { realClock } from "../pipeline/lib/clock.ts";
import { redirected } from "../pipeline/models/ask.ts";
import { HUB, lookUp, OLLAMA_LIBRARY, type WantedModel } from "../pipeline/models/mod.ts";
import type { ModelFacts } from "../pipeline/schema/model_facts.ts";
import { type FakeHub, fakeHub, type FakeRepository, headerOf } from "./fakes/hub.ts";
import { LLAMA_8B, LLAMA_8B_API, QWEN_7B_AWQ } from "./models.ts";
import { catalogOf } from "./rented_fixtures.ts";

const LLAMA = "meta-llama/Llama-3.1-8B-Instruct";
const AWQ = "Qwen/Qwen2.5-7B-Instruct-AWQ";
const GGUF = "Qwen/Qwen2.5-7B-Instruct-GGUF";
const READER = "hf_reader", STRANGER = "hf_stranger";

const REPOSITORIES: Record<string, FakeRepository> = {
  [LLAMA]: { api: LLAMA_8B_API, config: LLAMA_8B, readers: [READER] },
  [AWQ]: {
    api: {
      gated: false,
      siblings: [{ rfilename: "model-00001-of-00001.safetensors", size: 5_571_000_000 }],
      safetensors: { parameters: { I32: 8e8, F16: 1e9 }, total: 1.8e9 },
    },
    config: QWEN_7B_AWQ,
  },
  [GGUF]: {
    api: {
      gated: false,
      siblings: [
        { rfilename: "m-q4_k_m-00001-of-00002.gguf", size: 3_993_201_344 },
        { rfilename: "m-q4_k_m-00002-of-00002.gguf", size: 689_872_288 },
      ],
      gguf: { total: 7_615_616_512, architecture: "qwen2" },
    },
    header: headerOf(),
  },
};
const TOKENS = [READER, STRANGER];

interface Changes {
  readonly token?: string | null;
  readonly sources?: FakeHub["sources"] | null;
  readonly signal?: AbortSignal;
}

const wanted = (name: string, changes: Partial<WantedModel> = {}): WantedModel => ({
  name,
  library: "hub",
  is_gguf: false,
  engine_url: null,
  ...changes,
});
async function found(hub: FakeHub, model: WantedModel, changes: Changes = {}): Promise<ModelFacts> {
  const [facts] = await lookUp([model], [], {
    sources: hub.sources,
    token: null,
    api_key: null,
    clock: realClock(),
    signal: new AbortController().signal,
    ...changes,
  });
  ok(facts !== undefined);
  return facts;
}

Deno.test("an open repository tells its size, shapes and quantisation, and is asked without a token where none is set", async () => {
  await using hub = fakeHub({ repositories: REPOSITORIES });
  const facts = await found(hub, wanted(AWQ));
  deepEqual([facts.exists, facts.gated, facts.access, facts.unchecked], [true, false, null, null]);
  deepEqual([facts.weights_gb, facts.download_gb, facts.quantization, facts.source], [
    5.571,
    5.571,
    "awq 4-bit",
    "hub",
  ]);
  deepEqual([facts.layers, facts.kv_heads, facts.head_dim, facts.kv_bytes_per_token], [28, 4, 128, 57_344]);
  deepEqual(hub.asked, [`GET /api/models/${AWQ}`, `GET /${AWQ}/resolve/main/config.json`]);
});

Deno.test("a gated model tells its size to all, and its shapes and access by the token that may read it", async () => {
  await using hub = fakeHub({ repositories: REPOSITORIES, tokens: TOKENS });
  const reader = await found(hub, wanted(LLAMA), { token: READER });
  deepEqual([reader.gated, reader.access, reader.kv_bytes_per_token], [true, true, 131_072]);
  equal(reader.weights_gb?.toFixed(1), "16.1");
  const stranger = await found(hub, wanted(LLAMA), { token: STRANGER });
  deepEqual([stranger.access, stranger.kv_bytes_per_token, stranger.weights_gb], [
    false,
    null,
    reader.weights_gb,
  ]);
  const nobody = await found(hub, wanted(LLAMA));
  deepEqual([nobody.exists, nobody.gated, nobody.access, nobody.unchecked], [true, true, null, null]);
});

Deno.test("a token that the hub does not know closes nothing that is open, and may read nothing that is gated", async () => {
  await using hub = fakeHub({ repositories: REPOSITORIES, tokens: TOKENS });
  const open = await found(hub, wanted(AWQ), { token: "hf_old" });
  deepEqual([open.exists, open.source], [true, "hub"]);
  const gated = await found(hub, wanted(LLAMA), { token: "hf_old" });
  deepEqual([gated.gated, gated.access], [true, false]);
});

Deno.test("what the hub does not have is not there, with a token (404) and without one (401)", async () => {
  await using hub = fakeHub({ repositories: REPOSITORIES, tokens: TOKENS });
  equal((await found(hub, wanted("Qwen/Qwen2.5-7B-Instrukt"))).exists, false);
  equal((await found(hub, wanted("Qwen/Qwen2.5-7B-Instrukt"), { token: READER })).exists, false);
});

Deno.test("a repository in 32 bits takes half of its files' size in memory, since engines load it in 16", async () => {
  const api = {
    siblings: [{ rfilename: "model.safetensors", size: 4e9 + 1000 }],
    safetensors: { parameters: { F32: 1e9 }, total: 1e9 },
  };
  await using hub = fakeHub({ repositories: { "a/b": { api, config: LLAMA_8B } } });
  const { weights_gb, download_gb, parameters } = await found(hub, wanted("a/b"));
  deepEqual([weights_gb, download_gb, parameters], [2.000001, 4.000001, 1e9]);
});

Deno.test("files without sizes are told by their index, else by dtypes, else by the shapes", async () => {
  const siblings = [{ rfilename: "model.safetensors" }, { rfilename: "model.safetensors.index.json" }];
  const index = { metadata: { total_size: 7e9 } };
  const dtypes = { siblings: siblings.slice(0, 1), safetensors: { parameters: { BF16: 3e9 }, total: 3e9 } };
  await using hub = fakeHub({
    repositories: {
      "a/index": { api: { siblings }, index },
      "a/dtypes": { api: dtypes },
      "a/shapes": { api: {}, config: LLAMA_8B },
      "a/nothing": { api: {} },
      "a/named-3B": { api: {} },
    },
  });
  const size = async (name: string) => {
    const { weights_gb, source } = await found(hub, wanted(name));
    return [weights_gb?.toFixed(1), source];
  };
  deepEqual(await size("a/index"), ["7.0", "hub"]);
  deepEqual(await size("a/dtypes"), ["6.0", "hub"]);
  deepEqual(await size("a/shapes"), ["16.1", "hub"]);
  deepEqual(await size("a/nothing"), [undefined, "unknown"]);
  deepEqual(await size("a/named-3B"), ["6.0", "name"]);
});

Deno.test("GGUF files are told with all their parts, by the header of the first; a quantisation that is not there is no model", async () => {
  await using hub = fakeHub({ repositories: REPOSITORIES });
  const gguf = (name: string) => found(hub, wanted(name, { is_gguf: true }));
  const facts = await gguf(`${GGUF}:Q4_K_M`);
  deepEqual([facts.exists, facts.weights_gb, facts.source, facts.quantization], [
    true,
    4.683073632,
    "gguf",
    "Q4_K_M",
  ]);
  deepEqual([facts.layers, facts.kv_heads, facts.head_dim, facts.parameters], [28, 4, 128, 7_615_616_512]);
  ok(hub.asked.includes(`GET /${GGUF}/resolve/main/m-q4_k_m-00001-of-00002.gguf`));
  equal((await gguf(`${GGUF}:Q8_0`)).exists, false);
});

Deno.test("Ollama's library tells what a pull would fetch, and that a tag is not there", async () => {
  const layer = (kind: string, size: number) => ({
    mediaType: `application/vnd.ollama.image.${kind}`,
    digest: `sha256:${"a".repeat(64)}`,
    size,
  });
  const manifests = { "library/qwen3:8b": { layers: [layer("model", 5.2e9), layer("license", 1e6)] } };
  await using hub = fakeHub({ repositories: REPOSITORIES, manifests });
  const ollama = (name: string) =>
    found(hub, wanted(name, { library: "ollama", is_gguf: true }), { token: READER });
  const facts = await ollama("qwen3:8b");
  deepEqual([facts.exists, facts.weights_gb, facts.download_gb, facts.layers, facts.source], [
    true,
    5.2,
    5.201,
    28,
    "ollama",
  ]);
  equal((await ollama("qwen3:9b")).exists, false);
  equal((await ollama(`hf.co/${GGUF}:Q4_K_M`)).weights_gb, 4.683073632);
  deepEqual(hub.asked.filter((line) => line.includes(READER)), []);
});

Deno.test("an Ollama on this computer tells of the models that it has", async () => {
  const shown = {
    details: { quantization_level: "Q8_0" },
    model_info: { "general.architecture": "llama", "general.parameter_count": 1e9, "llama.block_count": 4 },
  };
  await using engine = fakeHub({
    instead: async (request) =>
      request.url === `${engine.url}/base/api/show` && (await request.json()).model === "there"
        ? Response.json(shown)
        : new Response("{}", { status: 404 }),
  });
  const ask = (name: string, end = "/") =>
    found(engine, wanted(name, { library: "ollama", is_gguf: true, engine_url: `${engine.url}/base${end}` }));
  for (const end of ["/", "", "/v1"]) {
    const { exists, parameters, weights_gb, source } = await ask("there", end);
    deepEqual([exists, parameters, weights_gb, source], [true, 1e9, 1.0625, "ollama"], end);
  }
  deepEqual([(await ask("absent:3b")).exists, (await ask("absent:3b")).source], [null, "name"]);
});

Deno.test("an Ollama of one's own is asked with the key of endpoints, and the hub never is", async () => {
  const keys: (string | null)[] = [];
  await using engine = fakeHub({
    instead: (request) => {
      keys.push(request.headers.get("authorization"));
      return Promise.resolve(new Response("{}", { status: 404 }));
    },
  });
  const secrets = { token: READER, api_key: "key-of-endpoints" };
  await found(engine, wanted("a:1b", { library: "ollama", is_gguf: true, engine_url: engine.url }), secrets);
  deepEqual(new Set(keys.splice(0)), new Set(["Bearer key-of-endpoints"]));
  await found(engine, wanted("a/b-7B"), secrets);
  ok(keys.length > 0 && !keys.includes("Bearer key-of-endpoints"), JSON.stringify(keys));
});

Deno.test("about models of the catalogue nobody is asked, and in a simulated run about none", async () => {
  await using hub = fakeHub({ repositories: REPOSITORIES });
  const how = {
    sources: hub.sources,
    token: null,
    api_key: null,
    clock: realClock(),
    signal: new AbortController().signal,
  };
  const [known] = await lookUp([wanted("m", { library: "ollama" })], catalogOf({ m: 5 }).models, how);
  deepEqual([known?.source, known?.weights_gb, known?.kv_bytes_per_token], ["catalogue", 5, 131_072]);
  const simulated = await found(hub, wanted(AWQ), { sources: null });
  deepEqual([simulated.exists, simulated.source, simulated.quantization], [null, "name", "AWQ"]);
  deepEqual(hub.asked, []);
});

Deno.test("paths on a machine and odd names are asked of nobody", async () => {
  await using hub = fakeHub();
  for (const name of ["/models/llama-7B", "a/b/c", "../../etc", "a b/c", "m.gguf?x"]) {
    const { exists, unchecked } = await found(hub, wanted(name));
    deepEqual([exists, unchecked], [null, "a file on the machine"], name);
  }
  const elsewhere = await found(hub, wanted("registry.example/a/b", { library: "ollama" }));
  equal(elsewhere.unchecked, "a model of another library");
  deepEqual(hub.asked, []);
});

Deno.test("a hub that is not there, is ill, endless, or says another thing leaves what the name tells, and says so", async () => {
  const host = ({ url }: FakeHub) => new URL(url).host;
  const endless = () =>
    new Response(
      new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1 << 20)) }),
    );
  const answers: [() => Response, string][] = [
    [() => new Response("", { status: 503 }), "answers 503"],
    [() => new Response("slow down", { status: 429 }), "answers 429"],
    [() => new Response("<html>"), "answers something else"],
    [endless, "says too much: more than 8 MiB came"],
  ];
  for (const [answer, words] of answers) {
    await using hub = fakeHub({ instead: answer });
    const { exists, source, unchecked } = await found(hub, wanted("a/b-7B"), { token: READER });
    deepEqual([exists, source, unchecked], [null, "name", `${host(hub)} ${words}`]);
  }
  const gone = fakeHub();
  await gone[Symbol.asyncDispose]();
  equal((await found(gone, wanted("a/b"))).unchecked, `${host(gone)} does not answer`);
});

Deno.test("a library that is silent is given up, and a stop ends the question at once", async () => {
  const silence = Promise.withResolvers<Response>();
  const heard = Promise.withResolvers<void>();
  await using hub = fakeHub({ instead: () => (heard.resolve(), silence.promise) });
  const deadline = new AbortController();
  const clock = { ...realClock(), timeout: () => deadline.signal };
  const how = {
    sources: hub.sources,
    token: null,
    api_key: null,
    clock,
    signal: new AbortController().signal,
  };
  const asking = lookUp([wanted("a/b-7B")], [], how);
  await heard.promise;
  deadline.abort();
  deepEqual((await asking).map(({ source }) => source), ["name"]);
  const stop = new AbortController();
  const stopped = lookUp([wanted("a/b-7B")], [], { ...how, clock: realClock(), signal: stop.signal });
  stop.abort(new Error("stopped"));
  await rejects(stopped, /stopped/);
  silence.resolve(new Response());
});

Deno.test("a renamed repository is followed with the token, another server is neither asked nor told it", async () => {
  await using other = fakeHub({ repositories: REPOSITORIES });
  await using hub = fakeHub({
    repositories: REPOSITORIES,
    tokens: TOKENS,
    instead: (request) => {
      const { pathname, origin } = new URL(request.url);
      const to = pathname.endsWith("/old/name")
        ? `/api/models/${LLAMA}`
        : pathname.endsWith("/other/name")
        ? `${other.url}/api/models/${LLAMA}`
        : pathname.endsWith("/round/name")
        ? `${origin}${pathname}`
        : null;
      return to === null ? null : new Response(null, { status: 307, headers: { location: to } });
    },
  });
  const { host } = new URL(hub.url);
  equal((await found(hub, wanted("old/name"), { token: READER })).gated, true);
  equal((await found(hub, wanted("other/name"), { token: READER })).unchecked, `${host} leads elsewhere`);
  equal((await found(hub, wanted("round/name"), { token: READER })).unchecked, `${host} leads in circles`);
  deepEqual(other.asked, []);
});

Deno.test("the token goes to the hub's own origin alone; files may come from its stores, without it", async () => {
  const to = (location: string | null) => redirected(HUB, `${HUB}/a/b`, location)?.href ?? null;
  equal(to("/api/x"), `${HUB}/api/x`);
  for (const store of ["https://cas-bridge.xethub.hf.co/x", "https://cdn-lfs.hf.co/x"]) {
    equal(to(store), store);
  }
  for (
    const elsewhere of [
      null,
      "http://huggingface.co/x",
      "https://huggingface.co:8443/x",
      "https://user@huggingface.co/x",
      "https://huggingface.co.example/x",
      "https://nothf.co/x",
      "http://127.0.0.1:8080/x",
      "https://169.254.169.254/x",
      "file:///etc/passwd",
      "https://",
    ]
  ) equal(to(elsewhere), null, String(elsewhere));
  deepEqual([HUB, OLLAMA_LIBRARY], ["https://huggingface.co", "https://ollama.com"]);

  const told: string[] = [];
  const store = (input: string | URL | Request, init?: RequestInit) => {
    const url = new URL(String(input));
    told.push(`${url.host} ${new Headers(init?.headers).get("authorization") ?? "no token"}`);
    if (url.pathname.endsWith(".gguf")) {
      return Promise.resolve(
        new Response(null, { status: 302, headers: { location: "https://cas-bridge.xethub.hf.co/x" } }),
      );
    }
    return Promise.resolve(
      url.host === "huggingface.co" ? Response.json(REPOSITORIES[GGUF]?.api) : new Response(headerOf()),
    );
  };
  const sources = { fetch: store, hub: HUB, ollama: OLLAMA_LIBRARY };
  await using hub = fakeHub();
  const facts = await found(hub, wanted(GGUF, { is_gguf: true }), { sources, token: READER });
  equal(facts.layers, 28);
  deepEqual(told, [
    `huggingface.co Bearer ${READER}`,
    `huggingface.co Bearer ${READER}`,
    "cas-bridge.xethub.hf.co no token",
  ]);
});

Deno.test("what cannot be a token is not sent", async () => {
  await using hub = fakeHub({ repositories: REPOSITORIES, tokens: TOKENS });
  const { gated, access } = await found(hub, wanted(LLAMA), { token: "hf_two\nlines" });
  deepEqual([gated, access], [true, null]);
});

Deno.test("many models are asked about in the order of their names, each once", async () => {
  await using hub = fakeHub({ repositories: REPOSITORIES });
  const names = Array.from({ length: 50 }, (_, n) => `a/b-${n + 1}B`);
  const how = {
    sources: hub.sources,
    token: null,
    api_key: null,
    clock: realClock(),
    signal: new AbortController().signal,
  };
  const facts = await lookUp(names.map((name) => wanted(name)), [], how);
  deepEqual(facts.map(({ name }) => name), names);
  equal(hub.asked.length, names.length);
});
