// What no machine over SSH can do, whatever its programs say: fill our disk or memory, write elsewhere, or keep us waiting.
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Clock, realClock } from "../../pipeline/lib/clock.ts";
import type { Job, Machine } from "../../pipeline/machines/machine.ts";
import { connect } from "../../pipeline/machines/mod.ts";
import { EVIDENCE_FILES } from "../../pipeline/schema/evidence_files.ts";
import { type SshHost, sshHost } from "../cloud/ssh_host.ts";
import { RUN } from "../e2e/cli.ts";
import type { Told } from "./without_ssh.ts";

const WITHOUT_SSH = join(dirname(fileURLToPath(import.meta.url)), "without_ssh.ts");

/** A clock by which nothing may take longer than a moment. */
const impatient: Clock = { ...realClock(), timeout: () => AbortSignal.timeout(1500) };
const HANGS = "exec sleep 600";
const ENDLESS = "exec yes 0123456789";

interface Reached extends AsyncDisposable {
  readonly host: SshHost;
  readonly machine: Machine;
  /** A folder with one file of evidence on the machine, and one here. */
  readonly there: string;
  readonly here: string;
  /** From now on this program of the machine does that, text for a shell. */
  replace(program: string, text: string): Promise<void>;
  readonly stop: AbortController;
}

async function reached(clock: Clock = realClock()): Promise<Reached> {
  const host = await sshHost();
  const stop = new AbortController();
  const machine = await host.connect({ clock, signal: stop.signal });
  const there = join(machine.workdir, "evidence");
  await machine.run(["mkdir", "-p", there]);
  await machine.run(["sh", "-c", "echo 1 > results.jsonl; echo '{}' > metadata.json"], { cwd: there });
  return {
    host,
    machine,
    there,
    here: join(host.folder, "back"),
    stop,
    replace: (program, text) =>
      Deno.writeTextFile(join(host.folder, "machine", "bin", program), `#!/bin/sh\n${text}\n`, {
        mode: 0o755,
      }),
    [Symbol.asyncDispose]: async () => {
      await machine[Symbol.asyncDispose]();
      await host[Symbol.asyncDispose]();
    },
  };
}

const isCode = (code: string) => (error: Error & { code?: string }) => {
  equal(error.code, code, error.message);
  return true;
};

function sleeper(machine: Machine): Promise<Job> {
  return machine.launch({ name: "job", command: ["sleep", "600"], env: {}, ended: "keep" });
}

async function sizes(folder: string): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for await (const { name } of Deno.readDir(folder)) found[name] = (await Deno.stat(join(folder, name))).size;
  return found;
}

Deno.test("a file that never ends brings no byte more than the machine said it had", async () => {
  await using machine = await reached();
  await machine.replace("tail", ENDLESS);
  await machine.replace("head", "exec cat");
  await rejects(machine.machine.download(machine.there, machine.here, true), isCode("hostile_output"));
  ok(Object.values(await sizes(machine.here)).every((bytes) => bytes <= 2));
});

Deno.test("a file larger than the agent writes is refused before a byte of it comes", async () => {
  await using machine = await reached();
  const size = String(EVIDENCE_FILES["results.jsonl"].most_bytes + 1);
  await machine.machine.run(["truncate", "-s", size, "results.jsonl"], { cwd: machine.there });
  for (const verify of [false, true]) {
    await rejects(machine.machine.download(machine.there, machine.here, verify), isCode("hostile_output"));
  }
  await rejects(Deno.stat(machine.here), Deno.errors.NotFound);
});

Deno.test("a list of files that never ends is refused", async () => {
  await using machine = await reached();
  const script = `n=0; while [ $n -lt 400 ]; do : > "$(printf '%0200d' $n)"; n=$((n + 1)); done`;
  await machine.machine.run(["sh", "-c", script], { cwd: machine.there });
  await rejects(machine.machine.download(machine.there, machine.here, true), isCode("hostile_output"));
});

Deno.test("a name that leads out of its folder, and a digest that is none, bring nothing", async () => {
  await using machine = await reached();
  await machine.replace("wc", 'printf "2 ../escaped\\n2 /tmp/escaped\\n2"');
  const left = await machine.machine.download(machine.there, machine.here, false);
  deepEqual(Object.keys(await sizes(machine.here)).sort(), ["metadata.json", "results.jsonl"]);
  ok(left.includes("../escaped"));
  await rejects(Deno.stat(join(machine.host.folder, "escaped")), Deno.errors.NotFound);
  await machine.replace("sha256sum", "echo nonsense");
  await rejects(machine.machine.download(machine.there, machine.here, true), isCode("collect_failed"));
});

Deno.test("a file that the machine lists a hundred times is fetched once", async () => {
  await using machine = await reached();
  const fetched = join(machine.host.folder, "fetched");
  await machine.replace(
    "wc",
    'n=0; while [ $n -lt 100 ]; do echo "3 metadata.json"; n=$((n + 1)); done; echo 3',
  );
  await machine.replace("head", `echo fetched >> '${fetched}'; exec /usr/bin/head "$@"`);
  await machine.machine.download(machine.there, machine.here, false);
  // The other one is results.jsonl.
  equal(await Deno.readTextFile(fetched), "fetched\nfetched\n");
});

Deno.test("a look at a job whose answer never ends takes no more than a look may bring", async () => {
  await using machine = await reached();
  const job = await sleeper(machine.machine);
  await machine.replace("tail", ENDLESS);
  await machine.replace("head", "exec cat");
  const before = Deno.memoryUsage().rss;
  await rejects(job.poll(), isCode("hostile_output"));
  ok(Deno.memoryUsage().rss - before < 200 * 2 ** 20);
});

Deno.test("of a job's last words no line is longer than one that can be searched", async () => {
  await using machine = await reached();
  const job = await sleeper(machine.machine);
  await machine.replace("tail", `case "$*" in *err) printf '%20000s' x;; *) exec /usr/bin/tail "$@";; esac`);
  deepEqual((await job.poll()).err, [`${" ".repeat(999)}…`]);
});

Deno.test("a command that prints without an end is refused, on either stream, with or without line breaks", async () => {
  await using machine = await reached();
  for (const script of ["yes", "yes >&2", "tr '\\0' x </dev/zero", "cat /dev/zero"]) {
    await rejects(machine.machine.run(["sh", "-c", script]), isCode("hostile_output"), script);
  }
  equal(await machine.machine.run(["true"]), 0);
});

Deno.test("a host that talks without an end before it lets us in is left", async () => {
  await using host = await sshHost({ image: { cat: "exit 0" } });
  await Deno.writeTextFile(join(host.folder, "machine", "enter"), "#!/bin/sh\nexec yes\n");
  await rejects(host.connect(), isCode("hostile_output"));
});

Deno.test("[ssh_unreachable] a host that lets us in and then says nothing is left", async () => {
  await using host = await sshHost();
  const entry = join(host.folder, "machine", "enter");
  await Deno.writeTextFile(entry, (await Deno.readTextFile(entry)).replace(/exec sh.*/, HANGS));
  await rejects(host.connect({ clock: impatient }), isCode("ssh_unreachable"));
});

Deno.test("an answer over HTTP that never ends is cut off", async () => {
  await using machine = await reached();
  const part = new Uint8Array(1 << 20);
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => undefined },
    () => new Response(new ReadableStream({ pull: (controller) => controller.enqueue(part) })),
  );
  const answer = await machine.machine.fetch(`http://127.0.0.1:${server.addr.port}/`);
  let came = 0;
  await rejects(async () => {
    for await (const bytes of answer.body ?? []) came += bytes.length;
  }, /more than 256 MiB came/);
  ok(came <= 256 << 20);
});

Deno.test("[machine_hung] a command that does not end is given up after its time, and the next one works", async () => {
  await using machine = await reached(impatient);
  await machine.replace("touch", HANGS);
  await rejects(machine.machine.run(["touch", "alive"]), isCode("machine_hung"));
  equal(await machine.machine.run(["true"]), 0);
});

for (
  const [program, what, act] of [
    ["wc", "a download", ({ machine, there, here }: Reached) => machine.download(there, here, true)],
    ["tail", "a look at a job", async ({ machine }: Reached) => void await (await sleeper(machine)).poll()],
    ["cat", "the start of a job", ({ machine }: Reached) => sleeper(machine)],
    [
      "mv",
      "an upload",
      ({ machine, host }: Reached) => machine.upload(host.key_file, `${machine.workdir}/f`),
    ],
  ] as const
) {
  Deno.test(`${what} ends at once when the lease is stopped, though ${program} hangs`, async () => {
    await using machine = await reached();
    await machine.replace(program, `echo x >> "$HOME/begun"\n${HANGS}`);
    const acting = act(machine);
    const outcome = acting.then(() => "ended", () => "given up");
    while (await Deno.stat(join(machine.host.running.home, "begun")).catch(() => null) === null) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    // The last download is given time for what was measured; by this clock that is over in a moment.
    machine.stop.abort();
    if (what !== "a download") equal(await outcome, "given up");
    await machine.machine[Symbol.asyncDispose]();
    equal(await outcome, "given up");
  });
}

Deno.test("what was measured still comes home when the lease is stopped, but a machine that hangs is not waited for", async () => {
  await using machine = await reached(impatient);
  machine.stop.abort();
  await rejects(machine.machine.run(["true"]));
  await machine.machine.download(machine.there, machine.here, true);
  deepEqual(await sizes(machine.here), { "metadata.json": 3, "results.jsonl": 2 });
  await machine.replace("wc", HANGS);
  await rejects(machine.machine.download(machine.there, machine.here, true), isCode("machine_hung"));
});

Deno.test("a character that two looks at a job split arrives whole", async () => {
  await using machine = await reached();
  const job = await machine.machine.launch({
    name: "job",
    command: ["sh", "-c", "head -c 1048575 /dev/zero | tr '\\0' '\\n'; echo 'é1'; echo 2; exec sleep 600"],
    env: {},
    ended: "keep",
  });
  let lines: string[] = [];
  while (!lines.includes("2")) {
    lines = [...lines, ...(await job.poll()).out.filter((line) => line !== "")];
  }
  deepEqual(lines, ["é1", "2"]);
});

Deno.test("an address that OpenSSH would read as an option is none, and never reaches it", async () => {
  await using host = await sshHost();
  const mark = join(host.folder, "mark");
  for (
    const address of [
      { host: `-oProxyCommand=touch ${mark}`, user: null },
      { host: "-oProxyCommand=touch${IFS}mark", user: null },
      { host: "127.0.0.1", user: `-oProxyCommand=touch ${mark}` },
      { host: "127.0.0.1 -oX=y", user: null },
      { host: "a\nb", user: null },
    ]
  ) {
    await rejects(
      connect({ kind: "ssh", port: 22, ...address }, {
        machine_id: "host",
        run_dir: host.folder,
        identity: { kind: "run", key_file: host.key_file, known_hosts: join(host.folder, "known_hosts") },
        sockets: host.folder,
        clock: realClock(),
        signal: new AbortController().signal,
      }),
      isCode("hostile_output"),
    );
  }
  await rejects(Deno.stat(mark), Deno.errors.NotFound);
});

Deno.test("[network_down] an ssh that cannot be started for a moment is this computer's trouble, and the next call works", async () => {
  await using host = await sshHost();
  const { folder, running: { port }, user, key_file } = host;
  const told: Told = { folder, port, user, key_file };
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...RUN, "--quiet", WITHOUT_SSH, JSON.stringify(told)],
  }).output();
  equal(code, 0, new TextDecoder().decode(stderr));
  deepEqual(JSON.parse(new TextDecoder().decode(stdout)), ["network_down", 0]);
});

Deno.test("a root whose path has spaces, per cent signs and quotes is as good as any other", async () => {
  await using host = await sshHost();
  const odd = join(host.folder, `my "100 %h" runs'\\x`);
  await Deno.mkdir(odd);
  await Deno.copyFile(host.key_file, join(odd, "key"));
  await Deno.chmod(join(odd, "key"), 0o600);
  await using machine = await host.connect({
    identity: { kind: "run", key_file: join(odd, "key"), known_hosts: join(odd, "known hosts") },
    sockets: odd,
  });
  equal(await machine.run(["true"]), 0);
  ok((await Deno.stat(join(odd, "known hosts"))).size > 0);
});
