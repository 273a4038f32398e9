// PURE. Where engines listen: each at its usual port, Ollama where its own variable says, and addresses in the forms that people write.
import type { EngineName } from "./names.ts";

/** Where an engine that already runs listens unless somebody says otherwise; the embedded one is started for the run. */
const USUAL_URLS: Readonly<Partial<Record<EngineName, string>>> = {
  ollama: "http://127.0.0.1:11434",
  vllm: "http://127.0.0.1:8000",
  sglang: "http://127.0.0.1:30000",
  "llama.cpp": "http://127.0.0.1:8080",
  openai: "http://127.0.0.1:8000",
};

/** The variable that tells Ollama's own programs where it listens. */
export const OLLAMA_HOST = "OLLAMA_HOST";
const OLLAMA_PORT = "11434";
/** A server that listens everywhere is asked on this computer. */
const LOOPBACK: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "[::]": "[::1]" };

/** Where `engine` is looked for on a computer whose OLLAMA_HOST is `ollama_host`; null when it listens nowhere of itself. */
export function usualUrl(engine: EngineName, ollama_host = ""): string | null {
  const told = engine === "ollama" ? ollamaUrl(ollama_host) : null;
  return told ?? USUAL_URLS[engine] ?? null;
}

/** The address that OLLAMA_HOST tells, by Ollama's own rules: with http:// or https:// its port is that of the scheme. Null where it is none. */
export function ollamaUrl(host: string): string | null {
  const plain = host.trim().replaceAll(/^["']|["']$/g, "");
  const [, scheme, rest = ""] = /^(?:(https?):\/\/)?(.*)$/i.exec(plain) ?? [];
  const place = placeOf(rest);
  const address = `${scheme ?? "http"}://${place}`;
  if (rest === "" || !URL.canParse(address)) return null;
  const url = new URL(address);
  if (scheme === undefined && !/^[^/]*:\d+(\/|$)/.test(place)) url.port = OLLAMA_PORT;
  url.hostname = LOOPBACK[url.hostname] ?? url.hostname;
  return withoutSlash(url.href);
}

/** Host, port and path as a URL has them: a port alone is one of this computer, an IPv6 address stands in brackets. */
function placeOf(text: string): string {
  if (/^:\d/.test(text)) return `127.0.0.1${text}`;
  return /^[\da-f]*:[\da-f]*:[\da-f:.]*$/i.test(text) ? `[${text}]` : text;
}

/** `url` without slashes at its end. */
export function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}

/** A server's address without the version of an API: health, version and counters lie beside that. */
export function serverUrl(url: string): string {
  return withoutSlash(withoutSlash(url).replace(/\/v\d+$/, ""));
}

/** Where a server's OpenAI routes lie: its version where `url` names one, else the first. */
export function apiUrl(url: string): string {
  const plain = withoutSlash(url);
  return /\/v\d+$/.test(plain) ? plain : `${plain}/v1`;
}
