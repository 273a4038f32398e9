// This computer as a machine. A job lives as long as this process does.
import { copyFolder } from "../lib/files.ts";
import { eachLine, runCommand } from "../lib/shell.ts";
import type { Job, JobOrder, Machine } from "./machine.ts";

const GRACE_MS = 10_000;
/** How long the last lines of a job that has ended are waited for. */
const LATE_MS = 1000;
const LAST_LINES = 20;

/** This computer, with `workdir` for our files. */
export async function here(workdir: string): Promise<Machine> {
  await Deno.mkdir(workdir, { recursive: true });
  return {
    workdir,
    deno: Deno.execPath(),
    run: runCommand,
    launch: (order) => Promise.resolve(launchHere(order)),
    upload: (from, to) => Deno.copyFile(from, to),
    download: async (from, to) => {
      if (from === to) await Deno.stat(from);
      else await copyFolder(from, to);
    },
    fetch: (input, init) => fetch(input, init),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function launchHere({ command: [program = "", ...args], env }: JobOrder): Job {
  const child = new Deno.Command(program, {
    args,
    env: { ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let out: string[] = [];
  const err: string[] = [];
  let code: number | null = null;
  const read = Promise.all([
    eachLine(child.stdout, (line) => out.push(line)),
    eachLine(child.stderr, (line) => {
      err.push(line);
      if (err.length > LAST_LINES) err.shift();
    }),
  ]);
  // Something that it started may hold its output open after its end.
  const ended = child.status.then(async (status) => {
    await Promise.race([read, new Promise((resolve) => setTimeout(resolve, LATE_MS))]);
    code = status.code;
  });
  return {
    poll: () => {
      const lines = out;
      out = [];
      return Promise.resolve({ running: code === null, code, out: lines, err: [...err] });
    },
    stop: async () => {
      if (code !== null) return;
      end("SIGTERM");
      const timer = setTimeout(() => end("SIGKILL"), GRACE_MS);
      await ended;
      clearTimeout(timer);
    },
  };

  function end(signal: Deno.Signal): void {
    try {
      child.kill(signal);
    } catch {
      // It has ended by itself.
    }
  }
}
