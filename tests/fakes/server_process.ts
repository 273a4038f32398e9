// The program `vllm`, `python3 -m sglang.launch_server` or `llama-server` of a machine in tests: SERVER names which, its first
// argument says what is broken. It refuses flags that the real one does not know.
import { answering, type ServerFaults, type ServerName } from "./server.ts";
import { flagsIn, isBare, modelIn, TAKEN } from "./server_flags.ts";

export interface ProcessFaults extends ServerFaults {
  /** Print these lines and end. */
  readonly dies?: readonly string[];
  /** Print these lines and go on. */
  readonly prints?: readonly string[];
  /** Serve the model under another name. */
  readonly renamed?: string;
}

function print(lines: readonly string[]): void {
  Deno.stderr.writeSync(new TextEncoder().encode(lines.map((line) => `${line}\n`).join("")));
}

function end(...lines: readonly string[]): never {
  print(lines);
  Deno.exit(1);
}

const name = Deno.env.get("SERVER") as ServerName;
const [broken = "", ...words] = Deno.args;
const version = Deno.env.get("SERVER_VERSION");
const faults: ProcessFaults = {
  ...(version === undefined ? {} : { version }),
  ...JSON.parse(decodeURIComponent(broken)),
};
if (faults.dies !== undefined) end(...faults.dies);
const read = flagsIn(name, words);
const given = "given" in read ? read.given : end(read.fault);
const model = modelIn(given) ?? end("no model");
try {
  Deno.serve({
    hostname: given.get("--host") ?? "0.0.0.0",
    port: Number(given.get("--port")),
    onListen: () => print(faults.prints ?? []),
  }, answering(name, [faults.renamed ?? model], { ...faults, bare: isBare(name, given) }));
} catch (error) {
  if (error instanceof Deno.errors.AddrInUse) end(TAKEN[name]);
  throw error;
}
