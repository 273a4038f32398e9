// POST /api/v1/benchmarks: who may submit, what is read, and how often.
import { deepEqual, equal, match } from "node:assert/strict";
import { buildData } from "../pipeline/build/mod.ts";
import { ApiError, BenchmarkAnswer, BenchmarkList, Taken } from "../pipeline/schema/api.ts";
import { ENDPOINTS } from "../pipeline/schema/endpoints.ts";
import { EXAMPLE } from "../pipeline/schema/example.ts";
import type { Accept } from "../pipeline/serve/mod.ts";
import { type Live, live, MODEL, result } from "./live.ts";

const { path } = ENDPOINTS.list;
const TOKEN = "correct-horse";

/** A server that takes submissions and remembers what `accept` was given; it answers as `accept` does, by default with a benchmark that is there. */
async function accepting(
  work: (live: Live, taken: unknown[], post: (init?: RequestInit) => Promise<Response>) => Promise<void>,
  accept?: Accept,
): Promise<void> {
  const taken: unknown[] = [];
  const known: Accept = async () => {
    const response = await running.ask(`${path}/best?model=${MODEL}`);
    return { added: true, answer: BenchmarkAnswer.parse(await response.json()), ignored: ["session_id"] };
  };
  const remember: Accept = async (body) => {
    taken.push(body);
    return await (accept ?? known)(body);
  };
  await using running = await live({ accept: remember, token: TOKEN });
  const post = (init: RequestInit = {}) =>
    running.ask(path, {
      method: "POST",
      body: "{}",
      ...init,
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json", ...init.headers },
    });
  await work(running, taken, post);
}

async function refused(response: Response, status: number, words: RegExp): Promise<ApiError> {
  equal(response.status, status);
  const body = ApiError.parse(await response.json());
  match(body.error, words);
  return body;
}

Deno.test("a benchmark that is taken in is answered with its address", () =>
  accepting(async ({ ask }, taken, post) => {
    const response = await post({ body: '{"a": [1, null, "ü"]}' });
    equal(response.status, 201);
    const { benchmark, ignored } = Taken.parse(await response.json());
    deepEqual(ignored, ["session_id"]);
    const location = response.headers.get("location") ?? "";
    equal(location, `${path}/${benchmark.id}`);
    equal((await ask(location)).status, 200);
    deepEqual(taken, [{ a: [1, null, "ü"] }]);
  }));

Deno.test("what was taken in is listed at once", async () => {
  const accept: Accept = async () => {
    await result(running.paths, "d", "NVIDIA B200", 500, 4);
    await buildData(running.paths, { info: () => undefined, warn: () => undefined });
    return { added: true, answer: EXAMPLE, ignored: [] };
  };
  await using running = await live({ accept, token: TOKEN });
  const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
  equal((await running.ask(path, { method: "POST", body: "{}", headers })).status, 201);
  equal(BenchmarkList.parse(await (await running.ask(path)).json()).count, 4);
});

Deno.test("every fault that is found in a benchmark is named", () =>
  accepting(
    async (_live, _taken, post) => {
      const { faults } = await refused(await post(), 400, /^Cannot take in the benchmark: one; two\.$/);
      deepEqual(faults, ["one", "two"]);
    },
    () => Promise.resolve({ faults: ["one", "two"] }),
  ));

for (const options of [{ accept: null, token: TOKEN }, { token: null }]) {
  Deno.test(`without ${options.accept === null ? "a taker" : "a token"} submissions are off`, async () => {
    const accept: Accept = () => Promise.reject(new Error("not called"));
    await using running = await live({ accept, ...options });
    await refused(await running.ask(path, { method: "POST", body: "{}" }), 403, /ALMANAC_SUBMIT_TOKEN/);
  });
}

Deno.test("a wrong token, and a missing one, are refused before the body is read", () =>
  accepting(async (_live, taken, post) => {
    for (const authorization of ["Bearer wrong", "Bearer", `Basic ${TOKEN}`, TOKEN, `Bearer ${TOKEN}x`, ""]) {
      const response = await post({ headers: { authorization } });
      match(response.headers.get("www-authenticate") ?? "", /^Bearer/);
      await refused(response, 401, /^Cannot submit without the token/);
    }
    deepEqual(taken, []);
  }));

Deno.test("only JSON is read, of any parameter and case", () =>
  accepting(async (_live, _taken, post) => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonx"]) {
      await refused(
        await post({ headers: { "content-type": type } }),
        415,
        /send Content-Type: application\/json/,
      );
    }
    equal((await post({ headers: { "content-type": "Application/JSON; charset=utf-8" } })).status, 201);
  }));

Deno.test("what is not JSON, or nested without end, is refused", () =>
  accepting(async (_live, taken, post) => {
    for (const body of ["", "{", "nothing", "{}{}", "\u0000", new Uint8Array([0x22, 0xff, 0x22]), "NaN"]) {
      await refused(await post({ body }), 400, /it is not JSON/);
    }
    await refused(
      await post({ body: "[".repeat(30_000) + "]".repeat(30_000) }),
      400,
      /nested more than 32 deep/,
    );
    deepEqual(taken, []);
  }));

Deno.test("a body beyond 64 KiB is refused, whether or not it says so", () =>
  accepting(async (_live, taken, post) => {
    const long = JSON.stringify("x".repeat(64 * 1024));
    await refused(await post({ body: long }), 413, /longer than 65536 bytes/);
    const stream = ReadableStream.from([new TextEncoder().encode(long)]);
    await refused(await post({ body: stream }), 413, /longer than 65536 bytes/);
    equal((await post({ body: JSON.stringify("x".repeat(64 * 1024 - 2)) })).status, 201);
    equal(taken.length, 1);
  }));

Deno.test("whoever submits too often waits as long as told; guessers are counted apart", () =>
  accepting(async ({ clock }, _taken, post) => {
    const guess = () => post({ headers: { authorization: "Bearer wrong" } });
    for (let n = 0; n < 30; n++) equal((await guess()).status, 401);
    const response = await guess();
    const seconds = Number(response.headers.get("retry-after"));
    equal(seconds, 2);
    await refused(response, 429, /the next turn is in 2 s/);
    equal((await post()).status, 201);
    clock.now += seconds * 1000;
    equal((await guess()).status, 401);
    equal((await guess()).status, 429);
  }));
