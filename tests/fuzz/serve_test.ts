// Whatever is asked of the server, it answers in its own shape: no fault of its own, and nothing from outside the site's folder.
import { deepEqual, equal, ok } from "node:assert/strict";
import { join } from "node:path";
import { ApiError } from "../../pipeline/schema/api.ts";
import type { Accept } from "../../pipeline/serve/mod.ts";
import { live, MODEL } from "../live.ts";

const SECRET = "outside-of-the-site";
const TEXTS = [
  MODEL,
  "qwen2:7b ",
  "QWEN2:7B",
  "ｑｗｅｎ２：７ｂ",
  "qwen2：7b",
  "qwen2:7b\u0000",
  "\u0000",
  "%00",
  "qwen2%3A7b",
  "%",
  "%%",
  "%zz",
  "%ff%fe",
  "ab\ud800cd",
  "grüße 日本 🙂",
  "\u202egnp.exe",
  "a\u0301",
  "null",
  "undefined",
  "true",
  "[]",
  "{}",
  "__proto__",
  "constructor",
  "toString",
  "' OR 1=1 --",
  '"; DROP TABLE benchmarks; --',
  "$model",
  "${7*7}",
  "<script>alert(1)</script>",
  "\r\nset-cookie: a=b",
  "x".repeat(300),
  "🙂".repeat(120),
  "../../etc/passwd",
  "..%2f..%2f",
  "RTX",
  "nvidia",
  "vastai",
  "ollama",
  " ",
  "+",
  "&",
  "=",
  "#",
  "?",
  ";",
  "",
]; // deno-fmt-ignore
const NUMBERS = [
  "0", "1", "-1", "50", "200", "201", "1.5", "1e2", "1e999", "-1e999", "1e-999", "NaN", "Infinity", "-Infinity", "0x10", "0b1", "1_000", "١٢",
  "9007199254740993", "9".repeat(400), "+1", "--1", "1,5", " 1", "1 ", "00001", "-0", ".5", "5.", "1e", "null", "",
]; // deno-fmt-ignore
const NAMES = ["model", "gpu", "provider", "runtime", "limit", "concurrency", "min_tps", "id", "Model", "modle", "__proto__", "a[]", ""];
const PATHS = [
  "/api/v1/benchmarks",
  "/api/v1/benchmarks/best",
  "/api/v1/benchmarks/cheapest",
  "/api/v1/benchmarks/compare",
  "/api/v1/benchmarks/recommendations",
  "/api/v1/benchmarks/",
  "/api/v1/benchmarks/by-model/a.json",
  "/api/v1/openapi.json",
  "/api/v1/index.json",
  "/api",
  "/api/v2",
  "/healthz",
  "/",
  "/index.html",
  "/link.txt",
  "/linked/secret.txt",
  "//",
  "/raw",
  "/data/../..",
]; // deno-fmt-ignore
const PARTS = [
  "..", "%2e%2e", "%252e%252e", ".", "..;", "%2f", "%5c", "\\", "%00", "secret.txt", "site", "dist", "dist-secret", "index.html", "api", "v1",
  "benchmarks", "best", "~", "con", "C:", ".git", "%c0%ae%c0%ae", "．．", "x".repeat(300),
]; // deno-fmt-ignore
const METHODS = [...Array<string>(14).fill("GET"), "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "PROPFIND"];
const HEADERS = {
  "accept-encoding": ["gzip", "br", "gzip;q=NaN", "*", ",,;;", "identity;q=0", "br;q=1e999"],
  "if-none-match": ["*", '"', 'W/"x"', ",", '"a", "b"'],
  range: [
    "bytes=0-",
    "bytes=-1",
    "bytes=99999999999999999999-",
    "bytes=5-1",
    "bytes=--1",
    "bytes=0-0,1-1",
    "potatoes=1-2",
  ],
  "if-range": ['"x"', "Tue, 24 Nov 2026 00:00:00 GMT"],
};
const JSONS: unknown[] = [null, true, 0, -1, 1e308, "", "text", "\u0000", "\ud800", [], [[]], {}, { a: 1 }, {
  hardware: null,
}, { id: {} }];

/** Marsaglia's xorshift: the same choices on every run. */
function generator(seed: number) {
  let state = seed;
  const below = (most: number) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % most;
  };
  const pick = <T>(from: readonly [T, ...T[]] | readonly T[]): T => {
    const found = from[below(from.length)];
    if (found === undefined) throw new Error("nothing to pick from");
    return found;
  };
  return { below, pick };
}
type Random = ReturnType<typeof generator>;

function address({ below, pick }: Random): string {
  const path = below(3) > 0
    ? pick(PATHS) + (below(4) === 0 ? escape(pick(TEXTS), below(2) === 0) : "")
    : Array.from({ length: 1 + below(5) }, () => `/${pick(PARTS)}`).join("");
  const parameters = Array.from({ length: below(5) }, () => {
    const name = pick(NAMES);
    const value = ["limit", "concurrency", "min_tps"].includes(name) || below(5) === 0
      ? pick(NUMBERS)
      : pick(TEXTS);
    return `${name}=${escape(value, below(4) > 0)}`;
  });
  return `${path}${parameters.length > 0 ? "?" : ""}${parameters.join("&")}`;
}

function escape(text: string, isProper: boolean): string {
  return isProper ? encodeURIComponent(text.toWellFormed()) : text;
}

function headers({ below, pick }: Random): Record<string, string> {
  return Object.fromEntries(
    Object.entries(HEADERS).filter(() => below(4) === 0).map(([name, values]) => [name, pick(values)]),
  );
}

/** A body that is JSON, or was before it was cut, or nested too deep, or too long. */
function body({ below, pick }: Random): string | Uint8Array<ArrayBuffer> {
  const whole = JSON.stringify({
    [pick(TEXTS)]: pick(JSONS),
    hardware: pick(JSONS),
    results: [pick(JSONS), { [pick(TEXTS)]: pick(JSONS) }],
  });
  switch (below(8)) {
    case 0:
      return whole.slice(0, below(whole.length));
    case 1:
      return "[".repeat(below(40_000));
    case 2:
      return `${'{"a":'.repeat(60)}1${"}".repeat(60)}`;
    case 3:
      return pick([...NUMBERS, ...TEXTS]);
    case 4:
      return Uint8Array.from({ length: 1 + below(50) }, () => below(256));
    case 5:
      return JSON.stringify("x".repeat(60_000 + below(10_000)));
    default:
      return whole;
  }
}

/** The request as it comes from the wire: its address is not tidied. */
function request(path: string, init: RequestInit): Request {
  const plain = new Request("http://almanac.test/", init);
  return new Proxy(plain, {
    get: (target, key) => {
      if (key === "url") return `http://almanac.test${path}`;
      const value = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** What is wrong with an answer; null when it is as it should be. */
async function faultOf(response: Response, path: string): Promise<string | null> {
  const text = response.headers.has("content-encoding") ? "" : await response.text();
  if (response.status >= 500) return `status ${response.status}`;
  if (text.includes(SECRET)) return "it shows what lies outside";
  if (response.headers.get("set-cookie") !== null) return "a header was injected";
  const isError = response.status >= 400 && response.status !== 416 && text !== "";
  if (!isError || response.headers.get("content-type")?.startsWith("text/html")) return null;
  const parsed = ApiError.safeParse(JSON.parse(text));
  if (!parsed.success) return `not an ApiError: ${text.slice(0, 200)}`;
  return parsed.data.error.length > 2000 ? `a very long error for ${path.slice(0, 50)}` : null;
}

Deno.test("12,000 hostile addresses are all answered, none with a fault or a file from elsewhere", async () => {
  await using running = await live();
  const { siteDist, root } = running.paths;
  await Deno.mkdir(`${siteDist}-secret`, { recursive: true });
  await Deno.mkdir(siteDist);
  for (const name of ["index.html", "404.html"]) {
    await Deno.writeTextFile(join(siteDist, name), "<p>here</p>");
  }
  for (
    const path of [
      `${siteDist}-secret/secret.txt`,
      join(root, "secret.txt"),
      join(root, "site", "secret.txt"),
    ]
  ) {
    await Deno.writeTextFile(path, SECRET);
  }
  await Deno.symlink(join(root, "secret.txt"), join(siteDist, "link.txt"));
  await Deno.symlink(`${siteDist}-secret`, join(siteDist, "linked"));
  const random = generator(20261124);
  const statuses = new Map<number, number>();
  const faults: string[] = [];
  for (let n = 0; n < 12_000; n++) {
    const path = address(random);
    const method = random.pick(METHODS);
    const response = await running.server.fetch(request(path, { method, headers: headers(random) }));
    statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
    const fault = await faultOf(response, path);
    if (fault !== null) faults.push(`${method} ${path.slice(0, 120)}: ${fault}`);
  }
  deepEqual(faults, []);
  deepEqual(running.said, []);
  for (const status of [200, 204, 206, 304, 400, 404, 405, 416]) {
    ok((statuses.get(status) ?? 0) > 5, `status ${status}`);
  }
});

Deno.test("of 3,000 hostile bodies only JSON reaches the taker", async () => {
  const taken: unknown[] = [];
  const accept: Accept = (value) => {
    taken.push(value);
    return Promise.resolve({ faults: ["never taken"] });
  };
  await using running = await live({ accept, token: "t" });
  const random = generator(7);
  let isJson = 0;
  for (let n = 0; n < 3000; n++) {
    running.clock.now += 2000;
    const sent = body(random);
    const response = await running.server.fetch(request("/api/v1/benchmarks", {
      method: "POST",
      body: sent,
      headers: { authorization: "Bearer t", "content-type": "application/json" },
    }));
    ok([400, 413].includes(response.status), String(response.status));
    const { error } = ApiError.parse(await response.json());
    if (error.includes("never taken")) {
      isJson += 1;
      const text = typeof sent === "string" ? sent : new TextDecoder().decode(sent);
      deepEqual(taken.at(-1), JSON.parse(text));
    }
  }
  equal(taken.length, isJson);
  ok(isJson > 500 && isJson < 2500, String(isJson));
  deepEqual(running.said, []);
});
