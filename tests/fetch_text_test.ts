// What the agent asks beside the load: whoever answers, the question ends.
import { deepEqual, rejects } from "node:assert/strict";
import { fetchText } from "../pipeline/agent/fetch_text.ts";

const QUESTION = { api_key: null, deadline_ms: 60_000 };

/** Serves `answer` while it is asked. */
async function asked(answer: (request: Request) => Response, deadline_ms = QUESTION.deadline_ms) {
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => undefined }, answer);
  return await fetchText(`http://127.0.0.1:${server.addr.port}/metrics`, { ...QUESTION, deadline_ms });
}

/** As much as is read, of `piece`; nothing comes after the first `pieces`. */
function stream(piece: Uint8Array, pieces = Infinity): Response {
  let left = pieces;
  return new Response(
    new ReadableStream({
      pull: (controller) => left-- > 0 ? controller.enqueue(piece) : new Promise(() => {}),
    }),
  );
}

Deno.test("an answer is told whatever its status, its characters whole", async () => {
  deepEqual(await asked(() => new Response("é ✓", { status: 503 })), { status: 503, text: "é ✓" });
});

Deno.test("an answer without an end is left at its bound", async () => {
  await rejects(asked(() => stream(new Uint8Array(1 << 16))), /more than 4 MiB came/);
});

Deno.test("an answer that stays away in its midst is given up at its deadline", async () => {
  await rejects(asked(() => stream(new Uint8Array(10), 1), 300), { name: "TimeoutError" });
});

Deno.test("a redirect is not followed", async () => {
  await rejects(asked(() => Response.redirect("http://127.0.0.1:9/elsewhere", 307)), TypeError);
});
