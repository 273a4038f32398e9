// A machine over SSH, through OpenSSH's own programs: commands, jobs and files by `sh`, `cat` and `tail` alone.
import { wholeOf } from "../lib/bounded.ts";
import { unlessAborted } from "../lib/clock.ts";
import { Failure } from "../schema/failures.ts";
import { plainText } from "../schema/plain_text.ts";
import { shortText } from "../schema/text.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import { guarded } from "./guarded_fetch.ts";
import { QUESTION, secondsFor } from "./limits.ts";
import type { Machine } from "./machine.ts";
import { commandLine, quote } from "./quote.ts";
import { launchRemote, type RunScript } from "./remote_job.ts";
import { syncFolder } from "./sync.ts";

/** Folder in the login's home that holds everything of ours. */
export const HOME_FOLDER = ".gpu-almanac";

/** Connects to a machine; a Failure says why that cannot be done. */
export async function overSsh(options: ConnectionOptions): Promise<Machine> {
  const connection = new Connection(options);
  try {
    await connection.open(options.signal);
    return await machineOf(connection);
  } catch (error) {
    await connection[Symbol.asyncDispose]();
    throw error;
  }
}

/** Runs a script on a connection and returns what it printed. */
export function scriptRunner(connection: Connection): RunScript {
  return async (script, { input, ...options } = {}) => {
    const words: string[] = [];
    let stdout: Uint8Array = new Uint8Array();
    const code = await connection.exec(script, {
      ...options,
      ...(input === undefined ? {} : { stdin: ReadableStream.from([new TextEncoder().encode(input)]) }),
      stdoutTo: async (stream) => void (stdout = await wholeOf(stream, options.bytes ?? QUESTION.bytes)),
      onStderr: (line) => words.push(line),
    });
    return { code, stdout, words };
  };
}

async function machineOf(connection: Connection): Promise<Machine> {
  const { signal } = connection;
  const script = scriptRunner(connection);
  const { code, stdout, words } = await script(
    `umask 077; mkdir -p ${HOME_FOLDER}/jobs && cd ${HOME_FOLDER} && pwd`,
    { signal },
  );
  if (code !== 0) {
    throw new Failure(
      "disk_too_small",
      `Cannot use ${connection.name}: its home takes no folder of ours: ${words.join(" ")}`,
    );
  }
  const workdir = pathTold(new TextDecoder().decode(stdout).trim(), connection.name);
  return {
    workdir,
    deno: null,
    run: (command, { env, cwd, ...rest } = {}) => {
      const line = commandLine(command, env);
      return connection.exec(cwd === undefined ? line : `cd ${quote(cwd)} && ${line}`, { signal, ...rest });
    },
    launch: (order) => launchRemote(order, `${workdir}/jobs`, script, signal),
    upload: (from, to) => upload(connection, from, to),
    download: (from, to, verify) => syncFolder(connection, from, to, verify),
    fetch: guarded(
      async (input, init) => {
        const url = new URL(input instanceof Request ? input.url : input);
        const forward = connection.forward(url.hostname, Number(url.port) || 80);
        const port = await unlessAborted(forward, init?.signal ?? signal);
        url.hostname = "127.0.0.1";
        url.port = String(port);
        return await fetch(url, init);
      },
      signal,
      (error) => connection.explain(error),
    ),
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

/** It becomes a word of every command. */
const Path = plainText(500).startsWith("/");

function pathTold(told: string, name: string): string {
  const { success, data } = Path.safeParse(told);
  if (success) return data;
  const shown = JSON.stringify(shortText(told, 60));
  throw new Failure("hostile_output", `Cannot use ${name}: the path of its home is ${shown}`);
}

async function upload(connection: Connection, from: string, to: string): Promise<void> {
  const { size } = await Deno.stat(from);
  const file = await Deno.open(from);
  const part = quote(`${to}.part`);
  const words: string[] = [];
  const code = await connection.exec(
    `cat >${part} && [ "$(wc -c <${part})" -eq ${size} ] && mv ${part} ${quote(to)}`,
    {
      stdin: file.readable,
      onStderr: (line) => words.push(line),
      signal: connection.signal,
      seconds: secondsFor(size),
    },
  );
  if (code === 0) return;
  throw new Failure(
    /No space left/i.test(words.join(" ")) ? "disk_too_small" : "agent_not_there",
    `Cannot write ${to} on ${connection.name}: ${words.join(" ") || `exit code ${code}`}`,
  );
}
