// What a pod runs in place of its image's own program, in a real shell with the real sshd; only the package manager is a stand-in.
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { join } from "node:path";
import { realClock } from "../../pipeline/lib/clock.ts";
import { connect } from "../../pipeline/machines/mod.ts";
import { INSTALL_SECONDS, sshServer } from "../../pipeline/providers/runpod_ssh.ts";
import { login } from "../cloud/login.ts";
import { withCode } from "./rented.ts";

/** sshd lies where the stand-in's PATH does not reach until it is "installed". */
const SSHD = "/usr/sbin/sshd";

interface Pod extends AsyncDisposable {
  readonly folder: string;
  /** What it has printed. */
  readonly log: string[];
  /** The first line that matches; undefined when it ended before. */
  line(pattern: RegExp): Promise<string | undefined>;
  /** Its exit code. */
  readonly ended: Promise<number>;
  /** What its package manager was asked for. */
  installs(): Promise<string[]>;
}

interface PodOptions {
  readonly port: number;
  readonly public_key: string;
  /** Shell text of its `apt-get` for an install. */
  readonly installs: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly folder?: string;
}

async function pod({ port, public_key, installs, env, folder: known }: PodOptions): Promise<Pod> {
  const folder = known ?? await Deno.makeTempDir({ prefix: "pod-" });
  const bin = join(folder, "bin");
  await Deno.mkdir(bin, { recursive: true });
  const calls = join(folder, "calls");
  await Deno.writeTextFile(calls, "", { append: true });
  const apt = `#!/bin/sh\necho "$@" >>${calls}\n[ "$1" = install ] || exit 0\n${installs}\n`;
  await Deno.writeTextFile(join(bin, "apt-get"), apt, { mode: 0o755 });
  await Deno.writeTextFile(join(bin, "dpkg"), `#!/bin/sh\necho dpkg "$@" >>${calls}\n`, { mode: 0o755 });
  // Whether this computer has curl must not matter.
  await Deno.writeTextFile(join(bin, "curl"), "#!/bin/sh\n", { mode: 0o755 });
  const child = new Deno.Command("/bin/sh", {
    args: ["-c", `exec 2>&1; ${sshServer(port, join(folder, "ssh"))}`],
    clearEnv: true,
    env: { PATH: `${bin}:/usr/bin:/bin`, PUBLIC_KEY: public_key, ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const log: string[] = [];
  const lines = child.stdout.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  return {
    folder,
    log,
    ended: child.status.then(({ code }) => code),
    async line(pattern) {
      for (;;) {
        const found = log.join("").split("\n").find((line) => pattern.test(line));
        if (found !== undefined) return found;
        const { done, value } = await lines.next();
        if (done) return undefined;
        log.push(value);
      }
    },
    async installs() {
      return (await Deno.readTextFile(calls)).trim().split("\n");
    },
    async [Symbol.asyncDispose]() {
      await lines.return?.();
      // Its children: the sshd that it waits for.
      await new Deno.Command("pkill", { args: ["-P", String(child.pid)] }).output();
      await child.status;
    },
  };
}

interface Keys {
  readonly file: string;
  readonly line: string;
}

async function keyIn(folder: string, name: string): Promise<Keys> {
  const file = join(folder, name);
  await new Deno.Command("ssh-keygen", { args: ["-q", "-t", "ed25519", "-N", "", "-f", file] }).output();
  return { file, line: (await Deno.readTextFile(`${file}.pub`)).trim() };
}

async function reach(port: number, key_file: string, folder: string) {
  return await connect({ kind: "ssh", host: "127.0.0.1", port, user: await login() }, {
    machine_id: "pod",
    run_dir: folder,
    identity: { kind: "run", key_file, known_hosts: join(folder, "known_hosts") },
    sockets: folder,
    clock: realClock(),
    signal: new AbortController().signal,
  });
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

async function scene() {
  const folder = await Deno.makeTempDir({ prefix: "p-" });
  return {
    folder,
    port: freePort(),
    own: await keyIn(folder, "own"),
    other: await keyIn(folder, "other"),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

const BRINGS = `ln -s ${SSHD} "$(dirname "$0")/sshd"`;

Deno.test("a pod of an image without sshd installs it, and lets in our key alone", async () => {
  await using at = await scene();
  const { port, own, other, folder } = at;
  await using started = await pod({ port, public_key: own.line, installs: BRINGS });
  ok(await started.line(/Server listening/), started.log.join(""));
  deepEqual(await started.installs(), [
    "update",
    "install -y --no-install-recommends openssh-server curl ca-certificates",
  ]);
  await using machine = await reach(port, own.file, folder);
  equal(await machine.run(["true"]), 0);
  await rejects(reach(port, other.file, folder), withCode("ssh_denied"));
  await Deno.remove(started.folder, { recursive: true });
});

Deno.test("a session on such a pod has the image's variables, and no key of the pod's", async () => {
  await using at = await scene();
  const { port, own, folder } = at;
  const env = {
    CUDA_HOME: "/usr/local/cuda 12",
    LD_LIBRARY_PATH: "/usr/local/nvidia/lib64",
    ODD: `a "quoted" \\ value`,
    RUNPOD_POD_ID: "pod1",
    RUNPOD_API_KEY: "pod-key",
    HF_TOKEN: "token",
    SOME_KEY: "key",
  };
  await using started = await pod({ port, public_key: own.line, installs: BRINGS, env });
  ok(await started.line(/Server listening/), started.log.join(""));
  await using machine = await reach(port, own.file, folder);
  const told: string[] = [];
  await machine.run(["env"], { onStdout: (line) => told.push(line) });
  ok(told.includes("CUDA_HOME=/usr/local/cuda 12"));
  ok(told.includes("LD_LIBRARY_PATH=/usr/local/nvidia/lib64"));
  // A bash that sshd starts reads ~/.bashrc, which may put more before it.
  ok(told.some((line) => line.startsWith("PATH=") && line.includes(`${started.folder}/bin:/usr/bin`)));
  ok(!told.some((line) => /^(ODD|RUNPOD_\w*|HF_TOKEN|SOME_KEY|PUBLIC_KEY)=/.test(line)), told.join("\n"));
  await Deno.remove(started.folder, { recursive: true });
});

Deno.test("a pod that is started again installs nothing, and is known by the same key", async () => {
  await using at = await scene();
  const { port, own, folder } = at;
  const wish = { port, public_key: own.line, installs: BRINGS };
  const first = await pod(wish);
  ok(await first.line(/Server listening/), first.log.join(""));
  await (await reach(port, own.file, folder))[Symbol.asyncDispose]();
  await first[Symbol.asyncDispose]();
  const installed = await first.installs();
  await using again = await pod({ ...wish, folder: first.folder });
  ok(await again.line(/Server listening/), again.log.join(""));
  await using machine = await reach(port, own.file, folder);
  equal(await machine.run(["true"]), 0);
  deepEqual(await again.installs(), installed);
  await Deno.remove(first.folder, { recursive: true });
});

Deno.test("a pod whose package manager fails twice says so and ends", async () => {
  await using at = await scene();
  await using started = await pod({ port: at.port, public_key: at.own.line, installs: "exit 100" });
  const said = await started.line(/^Cannot/);
  equal(said, "Cannot start an SSH server: this image has none, and apt-get brings none");
  equal(await started.ended, 1);
  equal((await started.installs()).filter((call) => call.startsWith("install")).length, 2);
  await Deno.remove(started.folder, { recursive: true });
});

Deno.test("what a pod runs is short, and each of its waits has an end within what is waited for it", () => {
  const text = sshServer();
  ok(text.length < 4096);
  const limits = [...text.matchAll(/timeout (\d+)/g)].map(([, seconds]) => Number(seconds));
  match(text, /^for _ in 1 2; do$/m);
  ok(2 * limits.reduce((sum, seconds) => sum + seconds, 0) <= INSTALL_SECONDS);
  equal(text.match(/apt-get (update|install)/g)?.length, limits.length - 1);
});
