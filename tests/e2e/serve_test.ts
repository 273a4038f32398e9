// `serve` as its users run it: it starts, answers over the network, and ends in order when told to.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { buildData } from "../../pipeline/build/mod.ts";
import { BenchmarkDetail, BenchmarkList, Taken } from "../../pipeline/schema/api.ts";
import { SUBMISSION_EXAMPLE } from "../../pipeline/schema/example.ts";
import { temporaryRoot } from "../fixtures.ts";
import { result } from "../live.ts";
import { cli, startWith } from "./cli.ts";

/** More than the network holds between a server and a client that does not read. */
const BIG = 64 * 2 ** 20;

/** A built root with a server over it; `url` is where it says that it listens. */
async function serving(
  work: (running: ReturnType<typeof startWith>, url: string, root: string) => Promise<void>,
  env: Record<string, string> = {},
): Promise<void> {
  await using root = await temporaryRoot();
  await result(root.paths, "a", "NVIDIA GeForce RTX 4090", 120, 0.4);
  await buildData(root.paths, root.log);
  await Deno.mkdir(root.paths.siteDist, { recursive: true });
  await Deno.writeFile(join(root.paths.siteDist, "big.bin"), new Uint8Array(BIG));
  const running = startWith(env, "serve", "--port", "0", "--log", "--root", root.paths.root);
  const said = await running.said("Almanac at http");
  await work(running, /Almanac at (\S+)/.exec(said)?.[1] ?? "", root.paths.root);
}

/** Sends bytes as they are and returns what comes back. */
async function raw(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  await connection.write(new TextEncoder().encode(text));
  return await new Response(connection.readable).text();
}

Deno.test("serve answers over the network and ends in order on SIGTERM, SIGINT alike", async () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    await serving(async (running, url) => {
      const { count } = BenchmarkList.parse(await (await fetch(`${url}/api/v1/benchmarks`)).json());
      equal(count, 1);
      running.kill(signal);
      const { code, err } = await running.ended;
      equal(code, 0, err);
      match(err, /GET \/api\/v1\/benchmarks 200/);
    });
  }
});

Deno.test("a download in flight is finished before serve ends; a second signal ends it at once", async () => {
  await serving(async (running, url) => {
    const { body } = await fetch(`${url}/big.bin`);
    running.kill("SIGTERM");
    await running.said("stopping:");
    equal((await new Response(body).bytes()).length, BIG);
    equal((await running.ended).code, 0);
  });
  await serving(async (running, url) => {
    const { body } = await fetch(`${url}/big.bin`);
    running.kill("SIGTERM");
    await running.said("stopping:");
    running.kill("SIGTERM");
    equal((await running.ended).code, 143);
    await body?.cancel();
  });
});

Deno.test("requests that are no requests end in an answer of their own, and the server goes on", async () => {
  await serving(async (running, url) => {
    for (
      const text of [
        "GET /api/v1/benchmarks HTTP/1.1\r\nhost: a b\r\nconnection: close\r\n\r\n",
        "GET http://elsewhere/api/v1/benchmarks HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        "GET /../../etc/passwd HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        `GET /${"a".repeat(30_000)} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`,
        "nonsense\r\n\r\n",
      ]
    ) {
      const status = Number(/^HTTP\/1\.\d (\d{3})/.exec(await raw(url, text))?.[1]);
      ok(status >= 200 && status < 500, `${status}: ${text.slice(0, 60)}`);
    }
    equal((await fetch(`${url}/healthz`).then((response) => response.json())).status, "ok");
    running.kill("SIGTERM");
    equal((await running.ended).code, 0);
  });
});

Deno.test("without data, and at a port that is taken or is none, serve says what to do", async () => {
  await using root = await temporaryRoot();
  const missing = await cli("serve", "--port", "0", "--root", root.paths.root);
  equal(missing.code, 1);
  match(missing.err, /Cannot read the almanac's data.*\n.*deno task build-data/);
  await result(root.paths, "a", "NVIDIA GeForce RTX 4090", 120, 0.4);
  await buildData(root.paths, root.log);
  using holder = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = holder.addr as Deno.NetAddr;
  const taken = await cli("serve", "--port", String(port), "--root", root.paths.root);
  equal(taken.code, 1);
  match(taken.err, /Cannot listen at 127\.0\.0\.1 port \d+.*\n.*--port/);
  const none = await cli("serve", "--port", "70000");
  equal(none.code, 2);
  match(none.err, /whole number from 0 to 65535/);
});

Deno.test("a result that is posted with the token is on disk before the answer, and listed after the next build", () =>
  serving(async (running, url, root) => {
    const endpoint = `${url}/api/v1/benchmarks`;
    const body = JSON.stringify(SUBMISSION_EXAMPLE);
    const post = (token: string, text: string) =>
      fetch(endpoint, {
        method: "POST",
        body: text,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      });
    const wrong = await post("wrong", body);
    equal(wrong.status, 401);
    await wrong.body?.cancel();
    const hostile = await post("secret", body.replace("tensordock", "<img src=x>"));
    equal(hostile.status, 400);
    match(await hostile.text(), /provider: it has a character that is not taken/);
    const taken = await post("secret", body);
    equal(taken.status, 201);
    const { benchmark, ignored } = Taken.parse(await taken.json());
    deepEqual(ignored, []);
    const kept = await Deno.readTextFile(join(root, "data", "submitted", "submissions.jsonl"));
    equal(kept.trim().split("\n").length, 1);
    const again = await post("secret", body);
    equal(again.status, 200);
    deepEqual(Taken.parse(await again.json()).benchmark, benchmark);
    equal((await cli("build-data", "--root", root)).code, 0);
    const listed = await until(async () => {
      const response = await fetch(`${endpoint}/${benchmark.id}`);
      const answer = await response.json();
      return response.ok ? answer : undefined;
    });
    deepEqual(BenchmarkDetail.parse(listed).benchmark, benchmark);
    running.kill("SIGTERM");
    const { code, err } = await running.ended;
    equal(code, 0);
    ok(!err.includes("secret"));
  }, { ALMANAC_SUBMIT_TOKEN: "secret" }));

/** Asks again until there is an answer; the server looks for a new build once a second. */
async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (let asked = 0; asked < 20_000; asked++) {
    const answer = await ask();
    if (answer !== undefined) return answer;
  }
  throw new Error("there was no answer");
}
