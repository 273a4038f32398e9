// The built site: files of site/dist as they are, whole or in part. No path leads out of that folder, and of what others wrote only its own files are there.
import { join, relative, sep } from "node:path";
import { exists } from "../lib/files.ts";
import type { Paths } from "../paths.ts";
import { EVIDENCE_FILES, isEvidenceFile } from "../schema/evidence_files.ts";
import type { Client } from "./connection.ts";
import { encodingFor } from "./encoding.ts";
import { type Part, partOf } from "./range.ts";
import { OPEN, SECURITY } from "./headers.ts";
import { isKnown, replyError } from "./reply.ts";
import { targetOf } from "./target.ts";

const TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  csv: "text/csv; charset=utf-8",
  duckdb: "application/octet-stream",
  html: "text/html; charset=utf-8",
  ico: "image/x-icon",
  js: "text/javascript; charset=utf-8",
  json: "application/json; charset=utf-8",
  jsonl: "application/jsonl; charset=utf-8",
  log: "text/plain; charset=utf-8",
  map: "application/json; charset=utf-8",
  md: "text/plain; charset=utf-8",
  parquet: "application/vnd.apache.parquet",
  png: "image/png",
  svg: "image/svg+xml",
  txt: "text/plain; charset=utf-8",
  wasm: "application/wasm",
  xml: "application/xml; charset=utf-8",
};
const NO_SITE = "There is no site yet: build it with `deno task build`. The API answers below /api/v1.\n";

/** How much of a file is read at once. */
const PART_BYTES = 64 * 1024;

/** Told whenever the client takes a part of a file. */
type Taker = Pick<Client, "taken">;

export class Site {
  constructor(private readonly paths: Paths) {}

  /** The file that the address names; null when there is none. */
  async file(request: Request, client: Taker): Promise<Response | null> {
    const path = pathOf(request.url);
    return path === null ? null : await this.#reply(path, request, 200, client);
  }

  /** The file that the address names, else the site's own page for an unknown address. */
  async page(request: Request, client: Taker): Promise<Response> {
    const found = await this.file(request, client);
    if (found !== null) return found;
    const { path } = targetOf(request.url);
    if (path.startsWith("/raw/")) return replyError(404, "Cannot find the file: there is no such evidence.");
    return await this.#reply("404.html", request, 404, client) ??
      (path === "/"
        ? new Response(NO_SITE, { headers: { ...SECURITY, "content-type": "text/plain; charset=utf-8" } })
        : replyError(404, `Cannot find the page. ${NO_SITE.trim()}`));
  }

  async #reply(path: string, request: Request, status: 200 | 404, client: Taker): Promise<Response | null> {
    const file = await this.#open(path);
    if (file === null) return null;
    const { ino, size, mtime } = await file.stat();
    const headers = headersOf(path);
    const isZipped = zips(request, headers["content-type"], size);
    const reply = replyOf(request, status, size, {
      ...headers,
      ...(isText(headers["content-type"]) ? { vary: "Accept-Encoding" } : {}),
      etag: `"${ino}-${size}-${mtime?.getTime()}${isZipped ? "-gzip" : ""}"`,
    });
    if (isZipped) asZipped(reply.headers);
    if (reply.part === null || request.method === "HEAD") {
      file.close();
      return new Response(null, reply);
    }
    const { first, last } = reply.part;
    await file.seek(first, Deno.SeekMode.Start);
    const body = contentOf(file, last - first + 1, client);
    return new Response(isZipped ? body.pipeThrough(new CompressionStream("gzip")) : body, reply);
  }

  /** The file at `path`; null when there is none. While one site takes the place of another, which two steps do, the old one is read. */
  async #open(path: string): Promise<Deno.FsFile | null> {
    const { siteDist, siteAside } = this.paths;
    const old = async () => await exists(siteDist) ? null : await openBelow(siteAside, path);
    return await openBelow(siteDist, path) ?? await old() ?? await openBelow(siteDist, path);
  }
}

/** The plain file at `path` below a folder; null when there is none, a link leads out, or it is none to be shown. */
async function openBelow(folder: string, path: string): Promise<Deno.FsFile | null> {
  try {
    const [root, real] = await Promise.all([Deno.realPath(folder), Deno.realPath(join(folder, path))]);
    if (!real.startsWith(root + sep)) return null;
    const { isFile, size } = await Deno.stat(real);
    return isFile && isShown(relative(root, real), size) ? await Deno.open(real) : null;
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

/** Whatever else a site holds below raw/ and published/ was put there by somebody else. */
function isShown(path: string, size: number): boolean {
  const [folder, ...rest] = path.split(sep);
  const name = rest.at(-1) ?? "";
  if (folder === "published") return rest.length === 1 && name.endsWith(".json");
  if (folder !== "raw") return true;
  return rest.length === 3 && isEvidenceFile(name) && size <= EVIDENCE_FILES[name].most_bytes;
}

/** The path below the site's folder, decoded once; null when a part of it could mean anything but a plain name. */
function pathOf(url: string): string | null {
  try {
    const parts = targetOf(url).path.slice(1).split("/").map(decodeURIComponent);
    if (parts.at(-1) === "") parts[parts.length - 1] = "index.html";
    return parts.every(isPlain) ? parts.join("/") : null;
  } catch {
    return null;
  }
}

function isPlain(name: string): boolean {
  return name !== "" && !name.startsWith(".") && !/[/\\:\0]/.test(name);
}

function isAbsent(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ||
    error instanceof Deno.errors.FilesystemLoop || error instanceof Deno.errors.InvalidData ||
    (error instanceof Error && "code" in error && error.code === "ENAMETOOLONG");
}

interface Reply {
  readonly status: number;
  readonly headers: Record<string, string>;
  /** What of the file is sent; null: nothing. */
  readonly part: Part | null;
}

/** What a request for a file of `size` bytes gets: the file, a part of it, or the word that it is known or not so long. */
function replyOf(
  request: Request,
  status: 200 | 404,
  size: number,
  headers: Record<string, string> & { etag: string },
): Reply {
  const asked = request.headers;
  const whole = { first: 0, last: size - 1 };
  const length = ({ first, last }: Part) => ({ "content-length": String(last - first + 1) });
  if (status === 200 && isKnown(asked.get("if-none-match"), headers.etag)) {
    return { status: 304, headers, part: null };
  }
  const isSame = asked.get("if-range") === null || asked.get("if-range") === headers.etag;
  const part = status === 200 && isSame ? partOf(asked.get("range"), size) : null;
  if (part === "none") {
    return { status: 416, headers: { ...headers, "content-range": `bytes */${size}` }, part: null };
  }
  if (part === null) {
    return { status, headers: { ...headers, ...length(whole) }, part: size === 0 ? null : whole };
  }
  const range = { "content-range": `bytes ${part.first}-${part.last}/${size}` };
  return { status: 206, headers: { ...headers, ...length(part), ...range }, part };
}

/** Whether a file is sent compressed: a text, whole, to a client that takes gzip. */
function zips({ headers }: Request, type: string, size: number): boolean {
  const accepted = headers.get("accept-encoding")?.replace(/\bbr\b[^,]*/g, "") ?? null;
  return isText(type) && headers.get("range") === null && encodingFor(accepted, size) === "gzip";
}

function isText(type: string): boolean {
  return /^(text\/|image\/svg|application\/(json|jsonl|xml)\b)/.test(type);
}

/** Its length is not known before it is sent. */
function asZipped(headers: Record<string, string>): void {
  delete headers["content-length"];
  headers["content-encoding"] = "gzip";
}

/** Pages bring their own policy; raw evidence was written by others and must run nothing. */
function headersOf(path: string): Record<string, string> & { "content-type": string } {
  const { "content-security-policy": strict, ...rest } = SECURITY;
  return {
    ...rest,
    ...OPEN,
    ...(path.startsWith("raw/") ? { "content-security-policy": strict } : { "x-frame-options": "DENY" }),
    "content-type": TYPES[path.split(".").at(-1)?.toLowerCase() ?? ""] ?? "application/octet-stream",
    "accept-ranges": "bytes",
    "cache-control": "no-cache",
  };
}

/** The next `bytes` bytes of a file, which it closes; `client` is told whenever a part is asked for. */
function contentOf(file: Deno.FsFile, bytes: number, client: Taker): ReadableStream<Uint8Array<ArrayBuffer>> {
  let left = bytes;
  const source = {
    pull: async (controller: ReadableStreamDefaultController) => {
      client.taken();
      const part = new Uint8Array(Math.min(left, PART_BYTES));
      const read = await file.read(part).catch(() => null);
      if (read === null) {
        file.close();
        return controller.error(new Error("the file is shorter than it was"));
      }
      controller.enqueue(part.subarray(0, read));
      left -= read;
      if (left > 0) return;
      file.close();
      controller.close();
    },
    cancel: () => file.close(),
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}
