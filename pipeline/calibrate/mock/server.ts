// The mock server's process.
import { runMock } from "./process.ts";

await runMock();
Deno.exit(0);
