// The child process: serves one model with llama.cpp on a loopback port until its standard input closes.
// Prints one JSON line a step on stdout: {"progress": …} while it starts, then {"ready": true, port, model}.
import { parseArgs } from "node:util";
import { messageOf, UserError } from "../../errors.ts";
import { handler } from "./http.ts";
import { loadModel } from "./llama.ts";
import { modelFile } from "./models.ts";

function say(line: object): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(line)}\n`));
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least) return value;
  throw new UserError(
    `Cannot use --${name} ${text}: it is not a whole number from ${least} up`,
    `Give --${name} N.`,
  );
}

async function serve(): Promise<void> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      model: { type: "string", default: "synthetic:15m" },
      slots: { type: "string", default: "1" },
      context: { type: "string", default: "2048" },
      threads: {
        type: "string",
        default: String(Math.max(1, Math.floor(navigator.hardwareConcurrency / 2))),
      },
      "models-dir": { type: "string", default: "." },
      port: { type: "string", default: "0" },
    },
  });
  const progress = (line: string) => say({ progress: line });
  const file = await modelFile(values.model, values["models-dir"], progress);
  progress(`loading ${values.model}`);
  const model = await loadModel(values.model, file, {
    slots: wholeNumber("slots", values.slots, 1),
    context: wholeNumber("context", values.context, 16),
    threads: wholeNumber("threads", values.threads, 1),
  });
  const options = { hostname: "127.0.0.1", port: wholeNumber("port", values.port, 0) };
  Deno.serve({
    ...options,
    onListen: ({ port }) => say({ ready: true, port, model: { name: model.name, ...model.card } }),
  }, handler(model));
}

async function exitWithParent(): Promise<void> {
  for await (const _ of Deno.stdin.readable);
  Deno.exit(0);
}

/** Ctrl-C reaches every process of a terminal; this one serves until its parent has stopped asking. */
Deno.addSignalListener("SIGINT", () => undefined);
exitWithParent();
try {
  await serve();
} catch (error) {
  const text = error instanceof UserError ? `${error.message}\n${error.hint}` : messageOf(error);
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
  Deno.exit(1);
}
