// The built site as a plain file server gives it, below a path of its own.
import { equal } from "node:assert/strict";
import { join } from "node:path";
import { buildData } from "../../pipeline/build/mod.ts";
import { cli } from "../e2e/cli.ts";
import type { Paths } from "../../pipeline/paths.ts";
import { jsonl, metadata, plainLine, sealed, type temporaryRoot } from "../fixtures.ts";

const TYPES: Record<string, string> = {
  html: "text/html; charset=utf-8",
  css: "text/css",
  js: "text/javascript",
  svg: "image/svg+xml",
  json: "application/json",
};

export interface Served extends AsyncDisposable {
  /** Ends with a slash. */
  readonly url: string;
}

/** Serves `dist` below `/almanac/` on a free loopback port; anything else is 404.html. */
export function serveSite(dist: string): Served {
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => undefined },
    async (request) => {
      const path = decodeURIComponent(new URL(request.url).pathname);
      const file = path.startsWith("/almanac/") ? path.slice("/almanac/".length) || "index.html" : "404.html";
      try {
        const type = TYPES[file.split(".").at(-1) ?? ""] ?? "application/octet-stream";
        return new Response(await Deno.readFile(join(dist, file)), { headers: { "content-type": type } });
      } catch {
        const page = await Deno.readFile(join(dist, "404.html"));
        return new Response(page, { status: 404, headers: { "content-type": "text/html; charset=utf-8" } });
      }
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/almanac/`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Builds data and site of a root, serves it for all tests of the file, and removes both after them. */
export async function publishedSite(
  root: Awaited<ReturnType<typeof temporaryRoot>>,
  ...options: string[]
): Promise<Served> {
  await buildData(root.paths, root.log);
  return await serveBuilt(root, ...options);
}

/** The same of data that is built already. */
export async function serveBuilt(
  root: Awaited<ReturnType<typeof temporaryRoot>>,
  ...options: string[]
): Promise<Served> {
  const { paths } = root;
  const built = await cli("build-site", "--root", paths.root, ...options);
  equal(built.code, 0, built.err);
  const site = serveSite(paths.siteDist);
  Deno.test.afterAll(async () => {
    await site[Symbol.asyncDispose]();
    await root[Symbol.asyncDispose]();
  });
  return site;
}

/** A measured result of 12 requests at `tps` tokens/s in one run; `more` goes into hardware and model. */
export async function plainResult(
  paths: Paths,
  name: string,
  tps: number,
  more: object,
  provider: string,
  price_per_hour: number | null,
): Promise<void> {
  const lines = Array.from({ length: 12 }, (_, n) => plainLine(n, n * 2, tps));
  const files = { "results.jsonl": jsonl(lines), "metadata.json": metadata(more) };
  await sealed(paths, "20260102-030405-abcd", name, files, { provider, price_per_hour });
}
