// A stand-in for an OpenAI-compatible server (vLLM's and llama-server's habits), which can be broken on purpose.

export interface OpenaiFaults {
  status?: number;
  /** An error frame under status 200, after that many tokens. */
  errorAfter?: { tokens: number; error: unknown };
  /** End without finish_reason and [DONE]. */
  endAfter?: number;
  /** Send no usage frame. */
  noUsage?: boolean;
  /** Tokens of a prompt for its words; without it each is said to have 33. */
  tokensOf?: (words: number) => number;
  /** CRLF line ends and comments between the frames. */
  crlf?: boolean;
  /** Ask for this key. */
  key?: string;
}

export interface FakeOpenai extends AsyncDisposable {
  readonly url: string;
  readonly requests: { path: string; body: Record<string, unknown> }[];
}

/** Serves `models` on a free loopback port. */
export function fakeOpenai(
  models: string[] = ["meta-llama/Llama-3.1-8B"],
  faults: OpenaiFaults = {},
): FakeOpenai {
  const requests: FakeOpenai["requests"] = [];
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => undefined },
    async (request) => {
      const path = new URL(request.url).pathname;
      const body = request.method === "POST" ? await request.json() as Record<string, unknown> : {};
      requests.push({ path, body });
      if (faults.key !== undefined && request.headers.get("authorization") !== `Bearer ${faults.key}`) {
        return Response.json({ error: { message: "Unauthorized", type: "auth", code: 401 } }, {
          status: 401,
        });
      }
      switch (`${request.method} ${path}`) {
        case "GET /version":
          return Response.json({ version: "0.11.2" });
        case "GET /v1/models":
          return Response.json({
            object: "list",
            data: models.map((id) => ({ id, object: "model", owned_by: "vllm", max_model_len: 8192 })),
          });
        case "POST /v1/chat/completions":
        case "POST /v1/completions":
          if (faults.status !== undefined) {
            return Response.json({ object: "error", message: "out of memory", type: "InternalServerError" }, {
              status: faults.status,
            });
          }
          return new Response(sse(body, path.includes("chat"), faults), {
            headers: { "content-type": "text/event-stream" },
          });
        default:
          return Response.json({ detail: "Not Found" }, { status: 404 });
      }
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    requests,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** The stream that answers `body`. */
export function sse(body: Record<string, unknown>, chat: boolean, faults: OpenaiFaults): string {
  const end = faults.crlf === true ? "\r\n" : "\n";
  const event = (data: unknown) =>
    `data: ${typeof data === "string" ? data : JSON.stringify(data)}${end}${end}`;
  const frame = (choice: object | null, rest: object = {}) =>
    event({
      id: "x",
      object: "chunk",
      model: body.model,
      choices: choice === null ? [] : [{ index: 0, ...choice }],
      ...rest,
    });
  const count = Number(body.max_tokens ?? 16);
  const parts: string[] = chat
    ? [frame({ delta: { role: "assistant", content: "" }, finish_reason: null })]
    : [];
  for (let n = 0; n < count; n++) {
    if (faults.errorAfter?.tokens === n) {
      return [...parts, event({ error: faults.errorAfter.error })].join("");
    }
    if (faults.endAfter === n) return parts.join("");
    if (faults.crlf === true) parts.push(`: ping${end}${end}`);
    parts.push(
      frame(
        chat ? { delta: { content: " tök" }, finish_reason: null } : { text: " tök", finish_reason: null },
      ),
    );
  }
  parts.push(frame(chat ? { delta: {}, finish_reason: "length" } : { text: "", finish_reason: "length" }));
  if (faults.noUsage !== true) {
    const usage = {
      prompt_tokens: faults.tokensOf?.(wordsOf(body)) ?? 33,
      completion_tokens: count,
      prompt_tokens_details: { cached_tokens: 0 },
    };
    parts.push(frame(null, { usage }));
  }
  return [...parts, event("[DONE]")].join("");
}

function wordsOf({ prompt, messages }: Record<string, unknown>): number {
  const [message] = Array.isArray(messages) ? messages as { content: string }[] : [];
  return String(message?.content ?? prompt).split(/\s+/).length;
}
