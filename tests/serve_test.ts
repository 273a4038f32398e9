// The live API: what it answers, what it refuses and how, and what it keeps.
import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { join } from "node:path";
import { buildData } from "../pipeline/build/mod.ts";
import {
  ApiError,
  BenchmarkAnswer,
  BenchmarkDetail,
  BenchmarkList,
  Comparison,
  Health,
  Recommendations,
} from "../pipeline/schema/api.ts";
import { type Live, live, MODEL, result } from "./live.ts";

const API = "/api/v1/benchmarks";

const serving = (name: string, work: (live: Live) => Promise<void>) =>
  Deno.test(name, async () => {
    await using running = await live();
    await work(running);
  });

async function refused(response: Response, status: number, words: RegExp): Promise<ApiError> {
  equal(response.status, status);
  const body = ApiError.parse(await response.json());
  match(body.error, words);
  equal(response.headers.get("x-request-id"), body.request_id);
  return body;
}

serving("every question has its answer in the API's shape", async ({ ask }) => {
  const list = BenchmarkList.parse(await (await ask(API)).json());
  equal(list.count, 3);
  const id = list.benchmarks[0]?.id;
  equal(BenchmarkDetail.parse(await (await ask(`${API}/${id}`)).json()).benchmark.id, id);
  const gpu = async (path: string) =>
    BenchmarkAnswer.parse(await (await ask(`${API}${path}`)).json()).benchmark.hardware.gpu_name;
  equal(await gpu(`/best?model=${MODEL}`), "NVIDIA H100 80GB HBM3");
  equal(await gpu(`/best?model=${MODEL}&gpu=rtx`), "NVIDIA GeForce RTX 4090");
  equal(await gpu(`/cheapest?model=${MODEL}`), "NVIDIA GeForce RTX 3090");
  equal(await gpu(`/cheapest?model=${MODEL}&min_tps=100`), "NVIDIA GeForce RTX 4090");
  equal(await gpu(`/cheapest?model=${MODEL}&min_tps=1e2`), "NVIDIA GeForce RTX 4090");
  equal(Comparison.parse(await (await ask(`${API}/compare?model=${MODEL}`)).json()).comparisons.length, 2);
  const gpus = async (query: string) =>
    Recommendations.parse(await (await ask(`${API}/recommendations?model=${MODEL}${query}`)).json())
      .recommendations.map(({ gpu }) => gpu);
  deepEqual(await gpus(""), ["H100 SXM", "RTX 4090", "RTX 3090"]);
  deepEqual(await gpus("&by=speed"), ["H100 SXM", "RTX 4090", "RTX 3090"]);
  deepEqual(await gpus("&by=dollars"), ["RTX 3090", "RTX 4090", "H100 SXM"]);
});

serving("filters combine, and known names that fit nothing together give an empty list", async ({ ask }) => {
  const count = async (query: string) =>
    BenchmarkList.parse(await (await ask(`${API}?${query}`)).json()).count;
  equal(await count("gpu=rtx"), 2);
  equal(await count("gpu=RTX&limit=1"), 1);
  equal(await count(`model=${MODEL}&provider=vastai&runtime=ollama&concurrency=1`), 3);
  equal(await count("gpu=H100&concurrency=2"), 0);
});

Deno.test("a question that cannot be read is refused with one sentence for each fault", async (t) => {
  await using running = await live();
  const cases: [string, string[]][] = [
    ["/best", ["model: it is missing"]],
    ["/best?model=", ["model: it is empty"]],
    ["?limit=abc", ['limit: it is "abc", it must be a number']],
    ["?limit=1.5", ["limit: it is 1.5, it must be a whole number"]],
    ["?limit=201", ["limit: it is 201, it must be at most 200"]],
    ["?limit=-1", ["limit: it is -1, it must be at least 1"]],
    ["?limit=1e999", ['limit: it is "1e999", it must be a number']],
    ["?concurrency=0x10", ['concurrency: it is "0x10", it must be a number']],
    [`/cheapest?model=${MODEL}&min_tps=NaN`, ['min_tps: it is "NaN", it must be a number']],
    [`/cheapest?model=${MODEL}&min_tps=-5`, ["min_tps: it is -5, it must be at least 0"]],
    ["?model=a&model=b&limit=0", [
      "model: it is given 2 times, it must be given once",
      "limit: it is 0, it must be at least 1",
    ]],
    [`/cheapest?model=${MODEL}&min_tps=1e308`, ["min_tps: it is 1e+308, it must be at most 1000000000"]],
    [`/recommendations?model=${MODEL}&by=price`, ['by: unknown value "price", known: speed, dollars']],
    ["?concurrency=1000001", ["concurrency: it is 1000001, it must be at most 1000000"]],
    ["?modle=x", ['unknown key "modle", known: model, gpu, limit, provider, runtime, workload, concurrency']],
    ["/some-id?id=other", ["id: it is given 2 times, it must be given once"]],
  ];
  for (const [question, faults] of cases) {
    await t.step(question, async () => {
      const { faults: found } = await refused(
        await running.ask(`${API}${question}`),
        400,
        /^Cannot read the question: /,
      );
      deepEqual(found, faults);
    });
  }
});

serving("an unknown name is refused with the nearest known ones", async ({ ask }) => {
  await refused(
    await ask(`${API}/best?model=qwen2:8b`),
    404,
    /the model qwen2:8b: there is none\. Nearest known: qwen2:7b\./,
  );
  await refused(await ask(`${API}?model=qwen2:8b`), 404, /Nearest known: qwen2:7b\./);
  await refused(await ask(`${API}?gpu=RTX+4080`), 404, /Nearest known: RTX 4090, /);
  await refused(
    await ask(`${API}/cheapest?model=${MODEL}&min_tps=9999`),
    404,
    /reaches 9999 tokens\/s at concurrency 1\. The fastest that has a price gives 200\.0 tokens\/s on H100 SXM at Vast\.ai/,
  );
  await refused(
    await ask(`${API}/compare?model=${MODEL}&concurrency=8`),
    404,
    /It was measured at concurrency 1;/,
  );
  await refused(
    await ask(`${API}/bets`),
    404,
    /Cannot find the benchmark bets: .* best, cheapest, compare, recommendations, pareto\./,
  );
});

serving(
  "an unknown address below /api names the endpoints, a wrong method those that are taken",
  async ({ ask }) => {
    for (const path of ["/api", "/api/", "/api/v2/benchmarks", `${API}/`, `${API}/a/b`]) {
      await refused(
        await ask(path),
        404,
        /no such endpoint\. Known: \/api\/v1\/benchmarks, .*\/api\/v1\/benchmarks\/best/,
      );
    }
    const deleted = await ask(API, { method: "DELETE" });
    equal(deleted.headers.get("allow"), "GET, HEAD, POST, OPTIONS");
    await refused(deleted, 405, /^Cannot DELETE \/api\/v1\/benchmarks\. It takes GET, HEAD, POST, OPTIONS\./);
    const put = await ask(`${API}/best?model=${MODEL}`, { method: "PUT", body: "x" });
    equal(put.headers.get("allow"), "GET, HEAD, OPTIONS");
    await refused(put, 405, /^Cannot PUT/);
  },
);

serving("answers are open to pages of any origin, and run nothing in a browser", async ({ ask }) => {
  for (const path of [API, `${API}/best`, "/api/nothing"]) {
    const { headers } = await ask(path);
    equal(headers.get("access-control-allow-origin"), "*");
    equal(headers.get("x-content-type-options"), "nosniff");
    equal(headers.get("referrer-policy"), "no-referrer");
    match(headers.get("content-security-policy") ?? "", /^default-src 'none'/);
  }
  const preflight = await ask(API, { method: "OPTIONS" });
  equal(preflight.status, 204);
  equal(preflight.headers.get("access-control-allow-methods"), "GET, HEAD");
});

serving("what a client has is not sent again", async ({ ask }) => {
  const first = await ask(API);
  const etag = first.headers.get("etag") ?? "";
  match(etag, /^"[0-9a-f]{32}"$/);
  for (const known of [etag, `"other", W/${etag}`, "*"]) {
    const again = await ask(API, { headers: { "if-none-match": known } });
    equal(again.status, 304);
    equal(again.headers.get("etag"), etag);
    equal(await again.text(), "");
  }
  equal((await ask(API, { headers: { "if-none-match": '"other"' } })).status, 200);
});

serving("HEAD gives the headers of GET without the body", async ({ ask }) => {
  const text = await (await ask(API)).text();
  const head = await ask(API, { method: "HEAD" });
  equal(head.status, 200);
  equal(head.headers.get("content-length"), String(new TextEncoder().encode(text).length));
  equal(await head.text(), "");
});

serving("answers are compressed as the client asks, each encoding with a tag of its own", async ({ ask }) => {
  const plain = await ask(API);
  const text = await plain.text();
  const inflate = { br: brotliDecompressSync, gzip: gunzipSync };
  const tags = new Set([plain.headers.get("etag")]);
  for (
    const [accepted, encoding] of [["gzip", "gzip"], ["gzip, deflate, br", "br"], [
      "br;q=0.2, gzip;q=0.9",
      "gzip",
    ]] as const
  ) {
    const response = await ask(API, { headers: { "accept-encoding": accepted } });
    equal(response.headers.get("content-encoding"), encoding);
    equal(response.headers.get("vary"), "Accept-Encoding");
    tags.add(response.headers.get("etag"));
    equal(new TextDecoder().decode(inflate[encoding](await response.bytes())), text);
  }
  equal(tags.size, 3);
  for (const accepted of ["identity", "gzip;q=0", "br;q=0.1, identity", "*;q=0"]) {
    const response = await ask(API, { headers: { "accept-encoding": accepted } });
    equal(response.headers.get("content-encoding"), null, accepted);
  }
});

serving("every spelling of a question gets the same answer, with the same tag", async ({ ask }) => {
  const tags = new Set<string | null>();
  for (
    const path of [
      `/best?model=${MODEL}&gpu=RTX`,
      `/best?gpu=RTX&model=${MODEL}`,
      "/best?model=qwen2%3A7b&gpu=%52TX",
      `/best?model=${MODEL}&gpu=RTX`,
    ]
  ) tags.add((await ask(`${API}${path}`)).headers.get("etag"));
  equal(tags.size, 1);
});

serving("many questions at once each get their own answer", async ({ ask }) => {
  const speeds = Array.from({ length: 195 }, (_, n) => n + 1);
  const found = await Promise.all(speeds.map(async (min_tps) => {
    const response = await ask(`${API}/cheapest?model=${MODEL}&min_tps=${min_tps}`);
    return BenchmarkAnswer.parse(await response.json()).benchmark.rate_tokens_per_second;
  }));
  deepEqual(
    found.map((rate) => Math.round(rate ?? 0)),
    speeds.map((min_tps) => min_tps <= 80 ? 80 : min_tps <= 120 ? 120 : 200),
  );
});

Deno.test("a question too many is asked to come again, in the API's shape, and is answered then", async () => {
  await using running = await live({ questions: 3 });
  const ask = (min_tps: number) => running.ask(`${API}/cheapest?model=${MODEL}&min_tps=${min_tps}`);
  const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => ask(n + 1)));
  const busy = answers.filter(({ status }) => status === 503);
  equal(answers.filter(({ status }) => status === 200).length + busy.length, 20);
  ok(busy.length > 0 && busy.length <= 17, `${busy.length} were sent away`);
  for (const response of busy) {
    equal(response.headers.get("retry-after"), "2");
    await refused(response, 503, /^Cannot answer now: 3 questions wait\. Ask again in 2 s\.$/);
  }
  for (let n = 0; n < 20; n++) equal((await ask(n + 1)).status, 200);
  deepEqual(running.said, []);
});

Deno.test("a new build is served within a second, without a restart; the old answers are forgotten", async () => {
  await using running = await live();
  const { ask, paths, clock, said } = running;
  const fastest = async () =>
    BenchmarkAnswer.parse(await (await ask(`${API}/best?model=${MODEL}`)).json()).benchmark;
  const before = Health.parse(await (await ask("/healthz")).json());
  equal((await fastest()).hardware.gpu_name, "NVIDIA H100 80GB HBM3");
  await result(paths, "d", "NVIDIA B200", 500, 4);
  await buildData(paths, { info: () => undefined, warn: () => undefined });
  clock.now += 999;
  equal((await fastest()).hardware.gpu_name, "NVIDIA H100 80GB HBM3");
  clock.now += 1;
  equal((await fastest()).hardware.gpu_name, "NVIDIA B200");
  const after = Health.parse(await (await ask("/healthz")).json());
  deepEqual([before.benchmarks, after.benchmarks], [3, 4]);
  notEqual(after.data_version, before.data_version);
  deepEqual(said, []);
});

Deno.test("while a new build cannot be read, the old one is served on", async () => {
  await using running = await live();
  const { ask, paths, clock, said } = running;
  await Deno.writeTextFile(`${paths.database}.broken`, "no database");
  await Deno.rename(`${paths.database}.broken`, paths.database);
  clock.now += 1000;
  equal((await ask(API)).status, 200);
  match(said.join("\n"), /the data of before is served on: Cannot read the almanac's data/);
});

Deno.test("questions asked while a new build comes in are all answered", async () => {
  await using running = await live();
  const { ask, paths, clock } = running;
  await result(paths, "d", "NVIDIA B200", 500, 4);
  await buildData(paths, { info: () => undefined, warn: () => undefined });
  const asked = Array.from({ length: 60 }, (_, n) => {
    if (n === 20) clock.now += 1000;
    return ask(`${API}?limit=${n + 1}`);
  });
  deepEqual([...new Set((await Promise.all(asked)).map(({ status }) => status))], [200]);
});

Deno.test("an unforeseen fault is told in the log alone", async () => {
  const told: string[] = [];
  await using running = await live({
    accept: () => Promise.reject(new Error("disk of secrets is full")),
    token: "t",
    log: { info: () => undefined, warn: (text) => told.push(text) },
  });
  const response = await running.ask(API, {
    method: "POST",
    body: "{}",
    headers: { authorization: "Bearer t", "content-type": "application/json" },
  });
  const { error, request_id } = await refused(response, 500, /^Cannot answer: a fault of the server/);
  ok(!error.includes("secrets"));
  match(told.join("\n"), new RegExp(`request ${request_id} failed: Error: disk of secrets is full`));
});

Deno.test("the log has a line for each request, without its query and its token", async () => {
  const lines: string[] = [];
  await using running = await live({ access: (line) => lines.push(line) });
  await running.ask(`${API}/best?model=${MODEL}&token=geheim`, {
    headers: { authorization: "Bearer geheim" },
  });
  await running.ask(API);
  match(lines[0] ?? "", /^192\.0\.2\.1 GET \/api\/v1\/benchmarks\/best 400 0\.0 ms [0-9a-f-]{36}$/);
  match(lines[1] ?? "", /^192\.0\.2\.1 GET \/api\/v1\/benchmarks 200 0\.0 ms$/);
  ok(!lines.join().includes("geheim"));
});

Deno.test("without a built site its address says how to build it", async () => {
  await using running = await live();
  const response = await running.ask("/");
  equal(response.status, 200);
  match(await response.text(), /deno task build/);
  await refused(await running.ask("/index.html"), 404, /There is no site yet/);
});

Deno.test("answers live on the mirror's own paths too, once there is a site", async () => {
  await using running = await live();
  const dist = join(running.paths.siteDist, "api", "v1", "benchmarks");
  await Deno.mkdir(dist, { recursive: true });
  await Deno.writeTextFile(join(dist, "x.json"), "{}\n");
  const response = await running.ask("/api/v1/benchmarks/x.json");
  equal(await response.text(), "{}\n");
  equal(response.headers.get("access-control-allow-origin"), "*");
});
