// deno-lint-ignore-file no-console
// The live API beside nginx with the same answers as files, both asked by wrk; and its memory over a million requests.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { install } from "../prepare.ts";
import { generate } from "./generate.ts";
import { atLeast, atMost, type Line } from "./line.ts";
import { deno, main } from "./measure.ts";

const BENCHMARKS = 300;
const CONNECTIONS = 32;
const ROUNDS = 3;
/** Requests until the cache is full and the code compiled. */
const SETTLED = 300_000;
const here = dirname(fileURLToPath(import.meta.url));

/** Requests each second and the 99th percentile of latency, as wrk prints them. */
interface Load {
  readonly per_second: number;
  readonly requests: number;
  readonly p99: string;
}

/** Ratios to nginx for three questions, then the growth of memory. */
export async function benchServe(root: string): Promise<Line[]> {
  await install(
    ["nginx", "wrk"].map((name) => ({
      program: `/usr/${name === "nginx" ? "s" : ""}bin/${name}`,
      debianPackage: name,
    })),
  );
  await generate(root, 0, BENCHMARKS, 30, "measured");
  await deno(main, "build-data", "--root", root);
  await using api = await startApi(root);
  const list = await (await fetch(`${api.url}?limit=1`)).json();
  const questions = { best: "/best?model=qwen2:7b", list: "?limit=50", get: `/${list.benchmarks[0].id}` };
  const folder = join(root, "static");
  await Deno.mkdir(folder);
  for (const [name, question] of Object.entries(questions)) {
    await Deno.writeTextFile(
      join(folder, `${name}.json`),
      await (await fetch(`${api.url}${question}`)).text(),
    );
  }
  const lines: Line[] = [];
  {
    await using nginx = await startNginx(folder);
    for (const [name, question] of Object.entries(questions)) {
      console.error(`asking for ${name}, beside nginx`);
      lines.push(await beside(name, `${api.url}${question}`, `${nginx.url}/${name}.json`));
    }
  }
  return [...lines, await growth(api)];
}

async function beside(name: string, ours: string, theirs: string): Promise<Line> {
  const rounds: { api: Load; nginx: Load; ratio: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const nginx = await wrk(theirs, 4);
    const api = await wrk(ours, 4);
    rounds.push({ api, nginx, ratio: api.per_second / nginx.per_second });
  }
  const { api, nginx, ratio } = rounds.sort((a, b) => a.ratio - b.ratio)[Math.floor(ROUNDS / 2)] ??
    fail("no round");
  const of = ({ per_second, p99 }: Load) => `${Math.round(per_second)}/s p99 ${p99}`;
  return atLeast(
    `serve ${name} / nginx with the same file`,
    ratio,
    0.5,
    " ×",
    `${of(api)}; nginx ${of(nginx)}`,
  );
}

/** Addresses are distinct, so that what is kept of each would show. Between collections memory sways by some 40 MiB: medians are compared. */
async function growth(api: Running): Promise<Line> {
  console.error("a million requests over many addresses");
  const samples: { done: number; mib: number }[] = [];
  for (let done = 0; done < SETTLED + 1_000_000;) {
    done += (await wrk(api.url, 5, { script: join(here, "many_urls.lua"), first: done })).requests;
    samples.push({ done, mib: residentMib(api.pid) });
  }
  const median = (from: number, to: number) => {
    const found = samples.filter(({ done }) => done >= from && done <= to).map(({ mib }) => mib);
    return found.sort((a, b) => a - b)[Math.floor(found.length / 2)] ?? fail("no sample");
  };
  const [early, late] = [median(SETTLED, SETTLED + 300_000), median(SETTLED + 700_000, Infinity)];
  return atMost(
    "memory of serve, growth over a million requests",
    late - early,
    20,
    " MiB",
    `${early.toFixed(0)} MiB after ${SETTLED}, ${late.toFixed(0)} MiB towards ${samples.at(-1)?.done}`,
  );
}

async function wrk(url: string, seconds: number, many?: { script: string; first: number }): Promise<Load> {
  const { stdout, stderr, success } = await new Deno.Command("wrk", {
    args: [
      "-t1",
      `-c${CONNECTIONS}`,
      `-d${seconds}s`,
      "--latency",
      ...(many ? ["-s", many.script] : []),
      url,
    ],
    env: many ? { FIRST: String(many.first) } : {},
  }).output();
  const text = new TextDecoder().decode(stdout);
  if (many === undefined && text.includes("Non-2xx")) fail(`not all of ${url} was answered: ${text}`);
  if (!success) fail(new TextDecoder().decode(stderr));
  return {
    per_second: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]),
    requests: Number(/(\d+) requests in/.exec(text)?.[1]),
    p99: /^\s+99%\s+(\S+)/m.exec(text)?.[1] ?? "–",
  };
}

export interface Running extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
}

/** The server over `root` as a process; `url` is that of the list. */
export async function startApi(root: string): Promise<Running> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", main, "serve", "--port", "0", "--root", root],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let said = "";
  for await (
    const text of child.stderr.pipeThrough(new TextDecoderStream()).values({ preventCancel: true })
  ) {
    said += text;
    if (/Almanac at \S+\n/.test(said)) break;
  }
  const port = /:(\d+)\s*$/.exec(said)?.[1] ?? fail(said);
  return {
    url: `http://127.0.0.1:${port}/api/v1/benchmarks`,
    pid: child.pid,
    [Symbol.asyncDispose]: () => end(child),
  };
}

/** nginx as Debian starts it: a worker for each core, files sent by the kernel; nothing is compressed on either side. It goes to the background once it listens. */
async function startNginx(folder: string): Promise<{ readonly url: string } & AsyncDisposable> {
  const port = freePort();
  const config = join(folder, "..", "nginx.conf");
  await Deno.writeTextFile(
    config,
    `user root; worker_processes auto; pid ${folder}/../nginx.pid; error_log /dev/null;
     events { worker_connections 768; }
     http {
       access_log off; sendfile on; tcp_nopush on; gzip off; keepalive_requests 1000000000;
       types { application/json json; }
       server { listen 127.0.0.1:${port}; root ${folder}; }
     }`,
  );
  const nginx = async (...options: string[]) => {
    const args = ["-c", config, "-e", "/dev/null", ...options];
    const { code } = await new Deno.Command("/usr/sbin/nginx", { args, stdout: "null", stderr: "null" })
      .spawn().status;
    if (code !== 0) fail(`nginx ${options.join(" ")} ended with ${code}`);
  };
  await nginx();
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => nginx("-s", "quit") };
}

async function end(child: Deno.ChildProcess): Promise<void> {
  child.kill("SIGTERM");
  await child.status;
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

function residentMib(pid: number): number {
  return Number(/VmRSS:\s*(\d+) kB/.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1]) / 1024;
}

function fail(text: string): never {
  throw new Error(text);
}
