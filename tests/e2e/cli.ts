// The command line as its users run it: a process with its own output and exit code.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const mainFile = join(repository, "pipeline", "main.ts");

/** The packages are there, or the test would not run: nothing looks for them again. */
const PACKAGES = "--node-modules-dir=manual";
/** How Deno runs a program of the tests beside a test. */
export const RUN = ["run", "-A", PACKAGES];

/** The tasks of deno.json. */
export const { tasks } = JSON.parse(await Deno.readTextFile(join(repository, "deno.json"))) as {
  tasks: Record<string, { command: string }>;
};

/** What a task that runs the command line allows it, as Deno is told; of a command that is no task what `status` does. */
export function flagsOf(task: string): string[] {
  const [, flags = ""] = /^deno run (.*) pipeline\/main\.ts /.exec(tasks[task]?.command ?? "") ?? [];
  if (flags === "") return flagsOf("status");
  const words = [...flags.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
  return words.map((word) => word.replace(/\$\(deno eval .*'\)/, Deno.execPath()));
}

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `almanac ARGS` to its end. */
export async function cli(...args: string[]): Promise<Ended> {
  return await start(...args).ended;
}

/** Starts `almanac ARGS` with what its task allows; `said(text)` resolves to its stderr so far when that holds the text, or it has ended. */
export function start(...args: string[]) {
  return startWith({}, ...args);
}

/** The same with variables of its environment. */
export function startWith(env: Record<string, string>, ...args: string[]) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", ...flagsOf(args[0] ?? ""), PACKAGES, mainFile, ...args],
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let err = "";
  let tell = () => {};
  let isOver = false;
  const reading = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      err += text;
      tell();
    }
    isOver = true;
    tell();
  })();
  const ended: Promise<Ended> = (async () => {
    const out = await new Response(child.stdout).text();
    await reading;
    return { code: (await child.status).code, out, err };
  })();
  const said = (text: string) =>
    new Promise<string>((resolve) => {
      tell = () => (err.includes(text) || isOver) && resolve(err);
      tell();
    });
  return { pid: child.pid, kill: (signal: Deno.Signal) => child.kill(signal), said, ended };
}

/** Writes a matrix of one test and returns its path. */
export async function matrixFile(folder: string, test: object): Promise<string> {
  const path = join(folder, "matrix.json");
  await Deno.writeTextFile(path, JSON.stringify({ name: "e2e", tests: [test] }));
  return path;
}

/** Every entry folder below data/raw. */
export async function rawFolders(raw: string): Promise<string[]> {
  const found: string[] = [];
  for await (const run of Deno.readDir(raw)) {
    for await (const entry of Deno.readDir(join(raw, run.name))) found.push(join(raw, run.name, entry.name));
  }
  return found.sort();
}
