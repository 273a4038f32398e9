// The files that the page carries the digests of: fetched whole, checked, kept in the browser's cache.
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { bounded } from "./bounded.ts";
import { hex } from "./hex.ts";
import type { PageFile } from "./page_files.ts";

export type Progress = (bytes: number) => void;

const STALLED_MS = 60_000;

/** The whole file, from `cache` where it lies there; an Error says what is wrong with what the server gave. */
export async function fetchWhole(
  { path, sha256 }: PageFile,
  cache: Cache | null,
  progress: Progress,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const kept = await cache?.match(path);
  const response = kept ?? await patient(fetch(path, { signal, cache: "no-cache" }), path, signal);
  if (!response.ok) {
    throw new Error(`Cannot load ${path}: the server answered ${response.status}. Reload the page.`);
  }
  const bytes = await read(response, path, progress, signal);
  if (await digest(bytes) !== sha256) {
    await cache?.delete(path);
    const html = response.headers.get("content-type")?.startsWith("text/html") ?? false;
    const found = html
      ? "the server gave a web page instead"
      : "its SHA-256 is not the one that this page was built with";
    throw new Error(`Cannot use ${path}: ${found}. Reload the page.`);
  }
  if (kept === undefined) await cache?.put(path, new Response(bytes)).catch(() => undefined);
  return bytes;
}

/** The engine's module, inflated. */
export async function inflated(bytes: Uint8Array<ArrayBuffer>): Promise<Blob> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return await new Response(stream, { headers: { "content-type": "application/wasm" } }).blob();
}

async function read(
  response: Response,
  path: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const reader = response.body?.getReader();
  while (reader !== undefined) {
    const { done, value } = await patient(reader.read(), path, signal);
    if (done) break;
    chunks.push(value);
    progress(value.length);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

async function patient<T>(wait: Promise<T>, path: string, signal: AbortSignal): Promise<T> {
  const stalled = `Cannot load ${path}: nothing came for ${
    STALLED_MS / 1000
  } s. Check the network and run again.`;
  try {
    return await bounded(wait, STALLED_MS, stalled, signal);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new Error(`Cannot load ${path}: the server cannot be reached. Check the network and run again.`, {
      cause,
    });
  }
}

async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}
