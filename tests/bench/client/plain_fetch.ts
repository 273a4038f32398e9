// The client that one writes first: fetch, a text decoder, split at line breaks, JSON.parse.
import type { ClientMaker } from "../../../pipeline/calibrate/mod.ts";

export const plainFetch: ClientMaker = {
  name: "fetch",
  make: (url, model, signal) => async (key) => {
    const chunks_ms: number[] = [];
    let tokens: number | null = null;
    const sent_ms = performance.now();
    try {
      const response = await fetch(`${url}/v1/chat/completions`, {
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
  },
};
