// The mock server as a process of its own, so that its work is not the client's: how it is started, and what it does.
import { fileURLToPath } from "node:url";
import { startChild } from "../../lib/child.ts";
import { serveMock } from "./serve.ts";

/** A server that answers at `url`; leaving its scope closes its standard input, by which it ends. */
export interface MockServer extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
}

/** What Deno is started with to call `runMock`. */
export interface MockCommand {
  readonly args: readonly string[];
  readonly env?: Record<string, string>;
}

const OWN: MockCommand = {
  args: [
    "run",
    "--quiet",
    "--no-config",
    "--no-prompt",
    "--allow-net=127.0.0.1",
    "--allow-ffi",
    fileURLToPath(new URL("server.ts", import.meta.url)),
  ],
};

/** Starts it on a free loopback port. */
export async function startMock({ args, env = {} }: MockCommand = OWN): Promise<MockServer> {
  const child = startChild(Deno.execPath(), {
    args: [...args],
    env,
    also: ["fetches"],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  });
  const { port } = JSON.parse(await firstLine(child.stdout)) as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid,
    [Symbol.asyncDispose]: async () => {
      await child.stdin.close().catch(() => undefined);
      await child.status;
    },
  };
}

/** Inside that process: prints {"port": …} once it listens, and serves until its standard input closes. Ctrl-C reaches every process of a terminal; this one waits for its parent. */
export async function runMock(): Promise<void> {
  Deno.addSignalListener("SIGINT", () => undefined);
  const port = serveMock();
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify({ port })}\n`));
  for await (const _ of Deno.stdin.readable);
}

/** It prints one line and no more. */
async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const part of stream.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.includes("\n")) return text;
  }
  throw new Error("Cannot start the mock server: it ended without a word");
}
