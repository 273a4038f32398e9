// Starts the mock server in a process of its own, so that its work is not the client's.
import { fileURLToPath } from "node:url";
import { eachLine } from "../../lib/shell.ts";

/** A server that answers at `url`; leaving its scope closes its standard input, by which it ends. */
export interface MockServer extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
}

/** Starts it on a free loopback port. */
export async function startMock(): Promise<MockServer> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-net", fileURLToPath(new URL("server.ts", import.meta.url))],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const ready = Promise.withResolvers<number>();
  const talked = eachLine(child.stdout, (line) => ready.resolve((JSON.parse(line) as { port: number }).port))
    .then(() => ready.reject(new Error("Cannot start the mock server: it ended without a word")));
  talked.catch(() => undefined);
  return {
    url: `http://127.0.0.1:${await ready.promise}`,
    pid: child.pid,
    [Symbol.asyncDispose]: async () => {
      await child.stdin.close().catch(() => undefined);
      await Promise.all([child.status, talked.catch(() => undefined)]);
    },
  };
}
