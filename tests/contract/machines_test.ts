// What every machine must do, be it this computer or one over SSH: commands run, jobs go on, files move, its network is reached.
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { join } from "node:path";
import { realClock } from "../../pipeline/lib/clock.ts";
import type { Job, JobView, Machine } from "../../pipeline/machines/machine.ts";
import { connect } from "../../pipeline/machines/mod.ts";
import type { MachineFaults } from "../cloud/machine.ts";
import { sshHost } from "../cloud/ssh_host.ts";
import { temporaryRoot } from "../fixtures.ts";
import { until } from "../until.ts";

interface Reached extends AsyncDisposable {
  readonly machine: Machine;
  /** Folder here. */
  readonly folder: string;
}

const WAYS: Record<string, () => Promise<Reached>> = {
  "this computer": async () => {
    const root = await temporaryRoot();
    const options = { machine_id: "m", run_dir: root.paths.root, sockets: "", clock: realClock() };
    const machine = await connect({ kind: "here" }, {
      ...options,
      identity: { kind: "user", known_hosts: "" },
      signal: new AbortController().signal,
    });
    return { machine, folder: root.paths.root, [Symbol.asyncDispose]: () => root[Symbol.asyncDispose]() };
  },
  "a machine over SSH": () => overSsh({}),
  "a machine over SSH whose login shell greets": () => overSsh({ greeting: "Welcome to tower" }),
};

async function overSsh(faults: MachineFaults): Promise<Reached> {
  const host = await sshHost(faults);
  const machine = await host.connect();
  return {
    machine,
    folder: host.folder,
    [Symbol.asyncDispose]: async () => {
      await machine[Symbol.asyncDispose]();
      await host[Symbol.asyncDispose]();
    },
  };
}

/** Looks until the job has ended, and lets it work in between. */
async function ended(job: Job, onLine: (line: string) => void): Promise<JobView> {
  for (;;) {
    const view = await job.poll();
    view.out.forEach(onLine);
    if (!view.running) return view;
    await new Promise((resolve) => setTimeout(resolve));
  }
}

async function names(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
}

for (const [name, reach] of Object.entries(WAYS)) {
  const test = (what: string, work: (reached: Reached) => Promise<void>) =>
    Deno.test(`${name} ${what}`, async () => {
      await using reached = await reach();
      await work(reached);
    });

  test("runs commands with their environment, tells each line and the exit code", async ({ machine }) => {
    const out: string[] = [];
    const err: string[] = [];
    const code = await machine.run(["sh", "-c", 'echo "$GREETING  you"; echo bad >&2; exit 3'], {
      env: { GREETING: 'it\'s "quoted" $HOME `id` \\' },
      onStdout: (line) => out.push(line),
      onStderr: (line) => err.push(line),
    });
    deepEqual([code, out, err], [3, ['it\'s "quoted" $HOME `id` \\  you'], ["bad"]]);
  });

  test("passes every word of a command as it is", async ({ machine }) => {
    const words = ["", " ", "a b", "'", '"', "$(id)", "*", "\\", "ü", "-n", ";", "&&", "~", "#", "!", "\t"];
    const out: string[] = [];
    await machine.run(["sh", "-c", 'for word; do printf "<%s>\\n" "$word"; done', "sh", ...words], {
      onStdout: (line) => out.push(line),
    });
    deepEqual(out, words.map((word) => `<${word}>`));
  });

  test("ends a command when it is told to stop", async ({ machine }) => {
    const stop = new AbortController();
    const ended = machine.run(["sh", "-c", "echo ready; exec sleep 60"], {
      signal: stop.signal,
      onStdout: () => stop.abort(),
    });
    ok(await ended.then((code) => code !== 0, () => true));
  });

  test("moves files there and folders back, byte for byte, and again only what is new", async ({ machine, folder }) => {
    const bytes = crypto.getRandomValues(new Uint8Array(60_000));
    const file = join(folder, "file");
    await Deno.writeFile(file, bytes);
    const there = join(machine.workdir, "a folder");
    await machine.run(["mkdir", "-p", there]);
    await machine.upload(file, join(there, "it's one"));
    await machine.run(["cp", "it's one", "calibration.json"], { cwd: there });
    await machine.run(["sh", "-c", 'printf "1\\n" > "$1/results.jsonl"', "sh", there]);
    const back = join(folder, "back");
    deepEqual(await machine.download(there, back, true), ["it's one"]);
    deepEqual(await Deno.readFile(join(back, "calibration.json")), bytes);
    deepEqual((await names(back)).sort(), ["calibration.json", "results.jsonl"]);
    await machine.run(["sh", "-c", 'printf "2\\n" >> "$1/results.jsonl"', "sh", there]);
    await machine.download(there, back, false);
    equal(await Deno.readTextFile(join(back, "results.jsonl")), "1\n2\n");
    await rejects(
      machine.download(join(machine.workdir, "none"), join(folder, "x"), true),
      Deno.errors.NotFound,
    );
  });

  test("keeps a folder, a link and a page that lie beside evidence where they are", async ({ machine, folder }) => {
    const there = join(machine.workdir, "evidence");
    await machine.run(["mkdir", "-p", join(there, "sub")]);
    const script =
      `cd "$1" && echo '{}' > results.jsonl && echo '<script>' > evil.html && echo x > sub/results.jsonl &&
ln -s /etc/passwd agent.log && ln -s /etc/passwd gpu.csv && echo '<svg/>' > logo.svg`;
    equal(await machine.run(["sh", "-c", script, "sh", there]), 0);
    const back = join(folder, "back");
    const left = await machine.download(there, back, true);
    deepEqual(await names(back), ["results.jsonl"]);
    for (const name of ["evil.html", "logo.svg"]) ok(left.includes(name), name);
  });

  test("runs a job to its end and tells its lines, its last words and its exit code", async ({ machine }) => {
    const job = await machine.launch({
      name: "job",
      command: ["sh", "-c", 'echo "one $X"; echo two; echo "last word" >&2; exit 7'],
      env: { X: "it's" },
      ended: "keep",
    });
    const out: string[] = [];
    const view = await ended(job, (line) => out.push(line));
    deepEqual([view.code, out, view.err], [7, ["one it's", "two"], ["last word"]]);
  });

  test("ends a job", async ({ machine }) => {
    const job = await machine.launch({
      name: "job",
      command: ["sh", "-c", "echo ready; exec sleep 60"],
      env: {},
      ended: "keep",
    });
    equal((await job.poll()).running, true);
    await job.stop();
    const view = await job.poll();
    equal(view.running, false);
    ok(view.code !== 0);
  });

  test("follows no redirect: what listens on it cannot send our questions elsewhere", async ({ machine }) => {
    const asked: string[] = [];
    await using server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => undefined },
      (request) => {
        const { pathname } = new URL(request.url);
        asked.push(pathname);
        return pathname === "/secret"
          ? new Response("done")
          : new Response(null, { status: 307, headers: { location: "/secret" } });
      },
    );
    await rejects(
      machine.fetch(`http://127.0.0.1:${server.addr.port}/api/pull`, { method: "POST", body: "{}" }),
      /307, a redirect to \/secret, which is not followed/,
    );
    deepEqual(asked, ["/api/pull"]);
  });

  test("lets us reach what listens on it", async ({ machine }) => {
    await using server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => undefined },
      (request) => new Response(new URL(request.url).pathname),
    );
    const answer = await machine.fetch(`http://127.0.0.1:${server.addr.port}/api/version`);
    equal(await answer.text(), "/api/version");
  });
}

Deno.test("a machine over SSH keeps a job when nobody is connected, and a job of that name is found, not started twice", async () => {
  await using host = await sshHost();
  const order = (ended: "keep" | "restart") => ({
    name: "count",
    command: ["sh", "-c", "echo x >> started; exec sleep 30"],
    env: {},
    ended,
  });
  {
    await using machine = await host.connect();
    await machine.launch(order("keep"));
  }
  await using machine = await host.connect();
  const job = await machine.launch(order("keep"));
  equal((await job.poll()).running, true);
  const started: string[] = [];
  const count = () =>
    machine.run(["cat", "jobs/count/started"], {
      cwd: machine.workdir,
      onStdout: (line) => started.push(line),
    });
  await count();
  equal(started.length, 1);
  await job.stop();
  await machine.launch(order("keep"));
  await count();
  equal(started.length, 2);
  const again = await machine.launch(order("restart"));
  equal((await again.poll()).running, true);
  await again.stop();
});

Deno.test("a machine over SSH ends a job with all that it started", async () => {
  await using host = await sshHost();
  await using machine = await host.connect();
  const before = host.running.processes().length;
  const command = ["sh", "-c", "sleep 60 & sleep 60 & wait"];
  const job = await machine.launch({ name: "many", command, env: {}, ended: "keep" });
  ok(host.running.processes().length > before);
  await job.stop();
  equal(host.running.processes().length, before);
});

Deno.test("[host_key_changed] a machine that shows another host key than before is refused", async () => {
  await using host = await sshHost();
  await (await host.connect())[Symbol.asyncDispose]();
  await host.restartWithNewKey();
  await rejects(host.connect(), (error: Error & { code?: string }) => {
    equal(error.code, "host_key_changed");
    match(error.message, /^Cannot connect to .*127\.0\.0\.1:\d+: /);
    return true;
  });
});

Deno.test("[ssh_denied] a machine that does not know our key, and one where nobody listens, say which it is", async () => {
  await using host = await sshHost({ ssh: "denied" });
  await rejects(host.connect(), (error: Error & { code?: string }) => error.code === "ssh_denied");
  await using deaf = await sshHost({ ssh: "refused" });
  await rejects(deaf.connect(), (error: Error & { code?: string }) => error.code === "ssh_unreachable");
});

Deno.test("[connection_lost] a connection that breaks is told as that, and the next command makes a new one", async () => {
  await using host = await sshHost();
  await using machine = await host.connect();
  const out: string[] = [];
  await rejects(
    machine.run(["sh", "-c", "echo ready; exec sleep 60"], { onStdout: () => host.cutConnections() }),
    (error: Error & { code?: string }) => error.code === "connection_lost",
  );
  equal(await machine.run(["echo", "back"], { onStdout: (line) => out.push(line) }), 0);
  deepEqual(out, ["back"]);
});

Deno.test("the secrets of a job's environment stand in no process's arguments, and in no file while it runs", async () => {
  await using host = await sshHost();
  await using machine = await host.connect();
  const job = await machine.launch({
    name: "secret",
    command: ["sh", "-c", 'echo "${SECRET#canary}"; exec sleep 30'],
    env: { SECRET: "canary-9a7c" },
    ended: "keep",
  });
  await until(async () => (await job.poll()).out.length > 0 || null);
  ok(!(await names(join(machine.workdir, "jobs", "secret"))).includes("env"));
  const { stdout } = await new Deno.Command("ps", { args: ["axww", "-o", "args="] }).output();
  ok(!new TextDecoder().decode(stdout).includes("canary-9a7c"));
  await job.stop();
});
