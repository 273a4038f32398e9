// The mock server's process: prints {"port": …} once it listens, and serves until its standard input closes.
import { serveMock } from "./serve.ts";

const port = serveMock();
Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify({ port })}\n`));
for await (const _ of Deno.stdin.readable);
Deno.exit(0);
