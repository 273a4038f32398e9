// `serve` where the system gives it few files, and a crowd that holds on to all it can get.
import { deepEqual, equal } from "node:assert/strict";
import { join } from "node:path";
import { buildData } from "../../pipeline/build/mod.ts";
import { temporaryRoot } from "../fixtures.ts";
import { result } from "../live.ts";
import { until } from "../until.ts";
import { mainFile, RUN } from "./cli.ts";

const BIG = 16 * 2 ** 20;
const CROWD: Record<string, string> = {
  "say nothing": "",
  "send half a head": "GET /index.html HTTP/1.1\r\nhost:",
  "ask and stay": "GET /index.html HTTP/1.1\r\nhost: x\r\n\r\n",
  "ask for a big file and take nothing": "GET /big.bin HTTP/1.1\r\nhost: x\r\n\r\n",
};

interface Running extends AsyncDisposable {
  readonly url: URL;
  /** Files that the server holds open, its sockets among them. */
  files(): number;
  /** Tells it to end: how it did, and what it had said. */
  end(): Promise<{ code: number; said: string }>;
}

/** Starts `serve` with at most so many files. */
async function startWithFiles(most: number, root: string): Promise<Running> {
  const command = [Deno.execPath(), ...RUN, mainFile, "serve", "--port", "0", "--root", root];
  const child = new Deno.Command("bash", {
    args: ["-c", `ulimit -n ${most} && exec "$@"`, "bash", ...command],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let said = "";
  const reading = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) said += text;
  })();
  const [, url = ""] = await until(() => /Almanac at (\S+)\n/.exec(said));
  const end = async () => {
    try {
      child.kill("SIGTERM");
    } catch {
      // It has ended before.
    }
    await reading;
    return { code: (await child.status).code, said };
  };
  return {
    url: new URL(url.replace("localhost", "127.0.0.1")),
    files: () => [...Deno.readDirSync(`/proc/${child.pid}/fd`)].length,
    end,
    [Symbol.asyncDispose]: async () => void await end(),
  };
}

/** Asks until the answer is no "come again". */
function ask(url: URL, path: string): Promise<Uint8Array> {
  return until(async () => {
    const response = await fetch(new URL(path, url), { headers: { connection: "close" } }).catch(() => null);
    if (response?.status !== 200) {
      await response?.body?.cancel();
      return null;
    }
    return await response.bytes();
  });
}

/** `count` clients, of each kind as many; some have nothing more to say and tell that. */
async function crowd(
  { hostname, port }: URL,
  kinds: readonly string[],
  count: number,
): Promise<Deno.TcpConn[]> {
  const texts = kinds.map((kind) => CROWD[kind]);
  return await Promise.all(Array.from({ length: count }, async (_, n) => {
    const connection = await Deno.connect({ hostname, port: Number(port) });
    const text = new TextEncoder().encode(texts[n % texts.length] ?? "");
    await connection.write(text).catch(() => 0);
    if (n % 3 === 0) await connection.closeWrite().catch(() => undefined);
    return connection;
  }));
}

const EVERY = Object.keys(CROWD);
const CROWDS: readonly (readonly [files: number, clients: number, kinds: readonly string[]])[] = [
  [1024, 1500, EVERY],
  [160, 600, EVERY],
  [64, 90, EVERY],
  [64, 24, ["ask for a big file and take nothing"]],
];

for (const [files, clients, kinds] of CROWDS) {
  Deno.test(`with ${files} files, ${clients} clients that ${kinds.join(", ")} keep no other out, and all files are given back`, async () => {
    await using root = await temporaryRoot();
    const { paths } = root;
    await result(paths, "a", "NVIDIA GeForce RTX 4090", 120, 0.4);
    await buildData(paths, root.log);
    await Deno.mkdir(paths.siteDist, { recursive: true });
    await Deno.writeFile(join(paths.siteDist, "big.bin"), new Uint8Array(BIG));
    await Deno.writeTextFile(join(paths.siteDist, "index.html"), "home");
    await using running = await startWithFiles(files, paths.root);
    const { url } = running;
    const askAll = async (limit: number) => {
      for (const path of [`/api/v1/benchmarks?limit=${limit}`, "/index.html", "/healthz"]) {
        await ask(url, path);
      }
      equal((await ask(url, "/big.bin")).length, BIG);
    };
    await askAll(1);
    const before = running.files();
    const opened: Deno.TcpConn[] = [];
    for (let round = 0; round < 3; round++) {
      opened.push(...await crowd(url, kinds, clients / 3));
      await askAll(2 + round);
    }
    for (const connection of opened) connection.close();
    await until(() => running.files() <= before + 1 ? true : null);
    const { code, said } = await running.end();
    equal(code, 0, said);
    deepEqual(said.split("\n").filter((line) => /Error|fault|failed/.test(line)), []);
  });
}
