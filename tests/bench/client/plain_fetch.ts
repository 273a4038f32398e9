// The client that one writes first: fetch, a text decoder, split at line breaks, JSON.parse.
import { watchLoop } from "../../../pipeline/agent/loop_lag.ts";
import type { ClientMaker, Heard } from "../../../pipeline/calibrate/mod.ts";

export const plainFetch: ClientMaker = {
  name: "fetch",
  make: (url, model, signal) => ({
    shards: 1,
    ask: (key) => ask(`${url}/v1/chat/completions`, model, key, signal),
    watchLoops() {
      const loop = watchLoop();
      return { end: () => Promise.resolve([loop.end()]) };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }),
};

async function ask(url: string, model: string, key: string, signal: AbortSignal): Promise<Heard> {
  const chunks_ms: number[] = [];
  let tokens: number | null = null;
  const sent_ms = performance.now();
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model, messages: [{ role: "user", content: key }], stream: true }),
      signal,
    });
    let rest = "";
    for await (const text of (response.body ?? new Blob().stream()).pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (!line.startsWith("data: {")) continue;
        const { choices: [choice], usage } = JSON.parse(line.slice("data: ".length));
        if (choice?.delta.content) chunks_ms.push(performance.now());
        tokens = usage?.completion_tokens ?? tokens;
      }
    }
    return { key, sent_ms, chunks_ms, tokens, error: null };
  } catch (error) {
    return { key, sent_ms, chunks_ms, tokens, error: String(error) };
  }
}
