// The built site beside the API: files whole and in part, and no way out of their folder.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { dirname, join } from "node:path";
import { EVIDENCE_FILES } from "../pipeline/schema/evidence_files.ts";
import { type Live, live } from "./live.ts";

const FILES = {
  "index.html": "<!doctype html><title>home</title>",
  "404.html": "<!doctype html><title>nothing here</title>",
  "long.txt": "words ".repeat(1000),
  "empty.txt": "",
  "data/almanac.duckdb": "0123456789",
  "raw/run/entry/evil.html": "<script>alert(1)</script>",
  ".hidden": "hidden",
  ".git/config": "hidden",
};

/** A server over a site of `FILES`, with a secret beside it and links that lead there. */
async function withSite(work: (live: Live) => Promise<void>): Promise<void> {
  await using running = await live();
  const { siteDist, root } = running.paths;
  for (const [path, text] of Object.entries(FILES)) {
    await Deno.mkdir(dirname(join(siteDist, path)), { recursive: true });
    await Deno.writeTextFile(join(siteDist, path), text);
  }
  await Deno.writeTextFile(join(root, "site", "secret.txt"), "secret");
  await Deno.mkdir(`${siteDist}-secret`);
  await Deno.writeTextFile(join(`${siteDist}-secret`, "secret.txt"), "secret");
  await Deno.symlink(join(root, "site", "secret.txt"), join(siteDist, "link.txt"));
  await Deno.symlink(`${siteDist}-secret`, join(siteDist, "linked"));
  await Deno.symlink(join(siteDist, "loop"), join(siteDist, "loop"));
  await work(running);
}

Deno.test("a long text is sent compressed to who takes that, whole; a part of it and other files never", () =>
  withSite(async ({ ask }) => {
    const zipped = await ask("/long.txt", { headers: { "accept-encoding": "gzip, br" } });
    equal(zipped.headers.get("content-encoding"), "gzip");
    equal(zipped.headers.get("vary"), "Accept-Encoding");
    const stream = zipped.body?.pipeThrough(new DecompressionStream("gzip"));
    equal(await new Response(stream).text(), FILES["long.txt"]);
    const plain = await ask("/long.txt");
    deepEqual([plain.headers.get("content-encoding"), await plain.text()], [null, FILES["long.txt"]]);
    ok(zipped.headers.get("etag") !== plain.headers.get("etag"));
    const headers = { "accept-encoding": "gzip", range: "bytes=0-4" };
    const part = await ask("/long.txt", { headers });
    deepEqual([part.status, part.headers.get("content-encoding"), await part.text()], [206, null, "words"]);
    const data = await ask("/data/almanac.duckdb", { headers: { "accept-encoding": "gzip" } });
    equal(data.headers.get("content-encoding"), null);
    await data.body?.cancel();
  }));

Deno.test("files have their type, the root its page, an unknown address the page for it", () =>
  withSite(async ({ ask }) => {
    const home = await ask("/");
    equal(await home.text(), FILES["index.html"]);
    equal(home.headers.get("content-type"), "text/html; charset=utf-8");
    equal((await ask("/index.html?x=1")).status, 200);
    const unknown = await ask("/deep/nothing.html");
    equal(unknown.status, 404);
    equal(await unknown.text(), FILES["404.html"]);
    equal(await (await ask("/empty.txt")).text(), "");
    equal((await ask("/data/almanac.duckdb")).headers.get("access-control-allow-origin"), "*");
    equal((await ask("/", { method: "POST", body: "x" })).status, 405);
  }));

for (
  const [path, type] of Object.entries({
    "a.wasm": "application/wasm",
    "a.svg": "image/svg+xml",
    "a.xml": "application/xml; charset=utf-8",
    "a.jsonl": "application/jsonl; charset=utf-8",
    "a.parquet": "application/vnd.apache.parquet",
    "a.duckdb": "application/octet-stream",
    "a.js": "text/javascript; charset=utf-8",
    "unknown.kind": "application/octet-stream",
  })
) {
  Deno.test(`${path} is served as ${type}`, () =>
    withSite(async ({ ask, paths }) => {
      await Deno.writeTextFile(join(paths.siteDist, path), "x");
      equal((await (await ask(`/${path}`)).headers).get("content-type"), type);
    }));
}

Deno.test("raw evidence, which others wrote, may run nothing in a browser", () =>
  withSite(async ({ ask }) => {
    const { headers } = await ask("/raw/run/entry/evil.html");
    match(headers.get("content-security-policy") ?? "", /sandbox/);
  }));

Deno.test("below raw/ only files of evidence are served, below published/ only JSON, whatever else a site holds there", () =>
  withSite(async ({ ask, paths }) => {
    const large = "x".repeat(EVIDENCE_FILES["calibration.json"].most_bytes + 1);
    const held = {
      "raw/run/entry/results.jsonl": "{}\n",
      "raw/run/entry/calibration.json": large,
      "raw/run/entry/logo.svg": "<svg/>",
      "raw/run/entry/sw.js": "1",
      "raw/run/entry/sub/results.jsonl": "{}\n",
      "raw/run/results.jsonl": "{}\n",
      "raw/index.html": "<p>",
      "published/results.json": "{}\n",
      "published/evil.html": "<p>",
      "published/sub/results.json": "{}\n",
    };
    for (const [path, text] of Object.entries(held)) {
      await Deno.mkdir(dirname(join(paths.siteDist, path)), { recursive: true });
      await Deno.writeTextFile(join(paths.siteDist, path), text);
    }
    const statuses: Record<string, number> = {};
    for (const path of [...Object.keys(held), "raw/run/entry/evil.html", "raw/", "raw"]) {
      const response = await ask(`/${path}`);
      statuses[path] = response.status;
      await response.body?.cancel();
    }
    const served = ["raw/run/entry/results.jsonl", "published/results.json"];
    deepEqual(
      statuses,
      Object.fromEntries(Object.keys(statuses).map((path) => [path, served.includes(path) ? 200 : 404])),
    );
  }));

Deno.test("a part of a file is given as asked, or refused with the file's size", () =>
  withSite(async ({ ask }) => {
    const part = async (range: string, more: HeadersInit = {}) => {
      const response = await ask("/data/almanac.duckdb", { headers: { range, ...more } });
      return [response.status, response.headers.get("content-range"), await response.text()];
    };
    deepEqual(await part("bytes=2-4"), [206, "bytes 2-4/10", "234"]);
    deepEqual(await part("bytes=7-"), [206, "bytes 7-9/10", "789"]);
    deepEqual(await part("bytes=-3"), [206, "bytes 7-9/10", "789"]);
    deepEqual(await part("bytes=0-99"), [206, "bytes 0-9/10", "0123456789"]);
    deepEqual(await part("bytes=10-"), [416, "bytes */10", ""]);
    deepEqual(await part("bytes=-0"), [416, "bytes */10", ""]);
    for (const other of ["bytes=4-2", "bytes=a-b", "bytes=0-1,3-4", "lines=0-1", "bytes=-", "bytes="]) {
      deepEqual(await part(other), [200, null, "0123456789"], other);
    }
    const etag = (await ask("/data/almanac.duckdb")).headers.get("etag") ?? "";
    deepEqual(await part("bytes=2-4", { "if-range": etag }), [206, "bytes 2-4/10", "234"]);
    deepEqual(await part("bytes=2-4", { "if-range": '"older"' }), [200, null, "0123456789"]);
    equal((await ask("/data/almanac.duckdb", { headers: { "if-none-match": etag } })).status, 304);
  }));

Deno.test("HEAD tells the length of the file, or of the part", () =>
  withSite(async ({ ask }) => {
    const length = async (headers: HeadersInit) => {
      const response = await ask("/data/almanac.duckdb", { method: "HEAD", headers });
      return [response.status, response.headers.get("content-length"), await response.text()];
    };
    deepEqual(await length({}), [200, "10", ""]);
    deepEqual(await length({ range: "bytes=0-" }), [206, "10", ""]);
    deepEqual(await length({ range: "bytes=2-3" }), [206, "2", ""]);
  }));

Deno.test("no address leads out of the site's folder", () =>
  withSite(async ({ server }) => {
    for (
      const path of [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/%252e%252e/secret.txt",
        "/data/../../secret.txt",
        "/data%2f..%2f..%2fsecret.txt",
        "/..%5csecret.txt",
        "/..\\secret.txt",
        "/../dist-secret/secret.txt",
        "/link.txt",
        "/linked/secret.txt",
        "/loop",
        "/index.html%00.txt",
        "/%",
        "/%ff%fe",
        "//index.html",
        "/./index.html",
        "/.hidden",
        "/.git/config",
        "/data",
        `/${"x".repeat(5000)}`,
      ]
    ) {
      // As it comes from the wire, not as a Request would tidy it.
      const request = new Request("http://almanac.test/");
      const raw = new Proxy(request, {
        get: (target, key) => {
          if (key === "url") return `http://almanac.test${path}`;
          const value = Reflect.get(target, key, target);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
      const response = await server.fetch(raw);
      equal(response.status, 404, path);
      ok(!/secret|hidden/.test(await response.text()), path);
    }
  }));
