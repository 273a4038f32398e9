// Keeps the page, the engine and the data in the browser, so that the page works without a network.
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { bounded } from "./bounded.ts";
import type { PageFiles } from "./page_files.ts";

const READY_MS = 60_000;
const FAMILY = `gpu-almanac ${new URL(".", location.href).pathname} `;

/** The cache of this version of engine and data; null where the browser gives none. */
export async function openCache({ engine, database }: PageFiles): Promise<Cache | null> {
  const name = `${FAMILY}${engine.sha256.slice(0, 16)} ${database.sha256.slice(0, 16)}`;
  try {
    const cache = await caches.open(name);
    for (const old of await caches.keys()) {
      if (old.startsWith(FAMILY) && old !== name) await caches.delete(old);
    }
    return cache;
  } catch {
    return null;
  }
}

/** Whether engine and data lie in the cache already. */
export async function isKept({ engine, database }: PageFiles, cache: Cache | null): Promise<boolean> {
  return await cache?.match(engine.path) !== undefined && await cache?.match(database.path) !== undefined;
}

/** Adds what the page needs besides engine and data, and has the service worker answer without a network; false when it cannot be. */
export async function keepOffline({ scripts }: PageFiles, cache: Cache | null): Promise<boolean> {
  if (cache === null) return false;
  try {
    const page = location.pathname;
    await cache.addAll([page, ...linked(), ...scripts]);
    await navigator.serviceWorker.register("sql_offline.js", { scope: page });
    await bounded(navigator.serviceWorker.ready, READY_MS, "The service worker did not start.");
    return true;
  } catch {
    return false;
  }
}

/** Addresses of the styles, the icon and the scripts that the page names. */
function linked(): string[] {
  const links = document.querySelectorAll<HTMLLinkElement>("link[rel=stylesheet], link[rel=icon]");
  const scripts = document.querySelectorAll<HTMLScriptElement>("script[src]:not([type=module])");
  return [...[...links].map(({ href }) => href), ...[...scripts].map(({ src }) => src)];
}
