// Where engines are looked for, and the forms of an address that people write.
import { deepEqual, equal } from "node:assert/strict";
import { apiUrl, ollamaUrl, serverUrl, usualUrl } from "../pipeline/schema/engine_address.ts";
import { ENGINES } from "../pipeline/schema/names.ts";

Deno.test("each engine is looked for at its usual port, the embedded one nowhere", () => {
  deepEqual(Object.fromEntries(ENGINES.map((name) => [name, usualUrl(name)])), {
    ollama: "http://127.0.0.1:11434",
    vllm: "http://127.0.0.1:8000",
    sglang: "http://127.0.0.1:30000",
    "llama.cpp": "http://127.0.0.1:8080",
    openai: "http://127.0.0.1:8000",
    embedded: null,
  });
});

for (
  const [host, url] of [
    ["gpu-box", "http://gpu-box:11434"],
    ["gpu-box:1234", "http://gpu-box:1234"],
    [":1234", "http://127.0.0.1:1234"],
    ["http://gpu-box:1234", "http://gpu-box:1234"],
    ["http://gpu-box:1234/", "http://gpu-box:1234"],
    ["https://gpu-box", "https://gpu-box"],
    ["http://gpu-box", "http://gpu-box"],
    ["https://gpu-box/ollama/", "https://gpu-box/ollama"],
    ["gpu-box/ollama", "http://gpu-box:11434/ollama"],
    ["127.0.0.1:80", "http://127.0.0.1"],
    ["0.0.0.0", "http://127.0.0.1:11434"],
    ["0.0.0.0:11434", "http://127.0.0.1:11434"],
    ["http://0.0.0.0:1234", "http://127.0.0.1:1234"],
    ["[::]:1234", "http://[::1]:1234"],
    ["::1", "http://[::1]:11434"],
    ["[::1]", "http://[::1]:11434"],
    [' "gpu-box" ', "http://gpu-box:11434"],
    ["", null],
    ["a b", null],
    ["gpu-box:99999", null],
  ] as const
) {
  Deno.test(`OLLAMA_HOST=${host} leads to ${url ?? "nowhere"}`, () => {
    equal(ollamaUrl(host), url);
  });
}

Deno.test("OLLAMA_HOST is for Ollama alone, and one that is empty says nothing", () => {
  equal(usualUrl("ollama", "a:1"), "http://a:1");
  equal(usualUrl("vllm", "a:1"), "http://127.0.0.1:8000");
  equal(usualUrl("ollama", ""), "http://127.0.0.1:11434");
});

for (const url of ["http://a:1", "http://a:1/", "http://a:1//", "http://a:1/v1", "http://a:1/v1/"]) {
  Deno.test(`${url} is a server and the base of its API`, () => {
    deepEqual([serverUrl(url), apiUrl(url)], ["http://a:1", "http://a:1/v1"]);
  });
}

Deno.test("an API of another version, or behind a path, stays where it is", () => {
  equal(apiUrl("https://a/paas/v4/"), "https://a/paas/v4");
  equal(serverUrl("https://a/paas/v4/"), "https://a/paas");
  equal(apiUrl("https://a/openai/"), "https://a/openai/v1");
});
