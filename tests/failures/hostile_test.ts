// Machines that hang or say more than they can have to say, and what looks like a machine's fault and lies on this side.
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { join } from "node:path";
import { keyPair } from "../../pipeline/fleet/ssh_key.ts";
import { connect, type ConnectContext } from "../../pipeline/machines/mod.ts";
import { pathsOf } from "../../pipeline/paths.ts";
import { codeOf } from "../../pipeline/schema/failures.ts";
import type { Address } from "../../pipeline/schema/machine.ts";
import type { MachineFaults } from "../cloud/machine.ts";
import { jobOf, startController } from "../faults/controller_process.ts";
import { perform, type Stage, worldWith } from "../faults/stage.ts";
import { until } from "../until.ts";
import { ended, first, givesUp, OFFERS, run, stageWith, succeeded, tidy } from "./trial.ts";

Deno.test("[hostile_output] a machine whose answers do not end is left, and others go on", async () => {
  await givesUp({ image: { "nvidia-smi": "exec yes 0123456789" } }, {
    code: "hostile_output",
    at: "setup",
    found: /Cannot go on with \S+: more than \d+ (KiB|MiB) came/,
  });
});

Deno.test("[machine_hung] a machine on which a command never ends is left, and others go on", async () => {
  await givesUp({ image: { touch: "exec sleep 600" } }, {
    code: "machine_hung",
    at: "setup",
    found: /Cannot wait for \S+: a command did not end in 60 s/,
  }, { events: { patience_ms: 5000 } });
});

/** Our ssh processes of a stage whose arguments hold `words`. */
function sshOf({ paths: { root } }: Stage, words: string): number[] {
  return [...Deno.readDirSync("/proc")].map(({ name }) => Number(name)).filter((pid) => {
    if (!Number.isInteger(pid)) return false;
    const text = argumentsOf(pid);
    return /^(\S*\/)?ssh\0/.test(text) && text.includes(root) && text.includes(words);
  });
}

/** Whether the machine was asked for its facts. */
async function asked(stage: Stage): Promise<true | null> {
  const [machine] = stage.cloud("vastai").cloud.present();
  const mark = join(machine?.running?.home ?? "/nowhere", "asked");
  return await Deno.stat(mark).then(() => true as const, () => null);
}

function argumentsOf(pid: number): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/cmdline`);
  } catch {
    return "";
  }
}

const SLOW_LOOK: MachineFaults = {
  image: { uname: 'echo x >> "$HOME/asked"; sleep 0.5; exec /usr/bin/uname "$@"' },
};
const SLOW_PULL: MachineFaults = { engine: { pull_gb_s: 4 } };

for (
  const [which, words, faults, at] of [
    ["the client of a command", "nvidia-smi --query-gpu", SLOW_LOOK, "setup"],
    ["the shared connection", "echo ready", SLOW_LOOK, "setup"],
    ["the shared connection", "echo ready", SLOW_PULL, "load"],
  ] as const
) {
  Deno.test(`[network_down] ${which} ended here at ${at} blames no host: the same machine goes on`, async () => {
    await using stage = await stageWith({ stock: OFFERS.slice(0, 1), machines: first(faults) });
    const running = run(stage);
    const cue = at === "setup" ? "setup  qwen2:7b" : "pulling qwen2:7b";
    await until(() => stage.said.some((line) => line.includes(cue)) ? true : null);
    if (at === "setup") {
      await until(() => asked(stage));
    }
    for (const pid of sshOf(stage, words)) Deno.kill(pid, "SIGKILL");
    const result = await running;
    const tell = result.said.join("\n");
    const retry = result.lines.find((line) => line.event === "retry");
    deepEqual([retry?.event === "retry" && retry.code, retry?.event === "retry" && retry.stage], [
      "network_down",
      at,
    ], tell);
    await succeeded(result, result.rows[0], "1", 1);
    equal(result.machines.length, 1, tell);
    tidy(result);
  });
}

Deno.test("[ssh_unusable] an OpenSSH that does not take our settings is our fault: nothing is tried elsewhere, nobody blamed", async () => {
  await using stage = await stageWith({});
  const world = {
    ...worldWith(stage.simulated, stage.pace),
    connect: (address: Address, context: ConnectContext) =>
      connect(address, { ...context, identity: { ...context.identity, known_hosts: "" } }),
  };
  const result = await run(stage, {}, { world });
  ended(result, result.rows[0], { code: "ssh_unusable", at: "provision", found: /command-line line 0: / });
  equal(result.machines.length, 1);
  const again = await run(stage, {}, { resume: result.outcome.run_id });
  ok(again.machines.some(({ offer, end }) => offer.id === "1" && end?.code === "done"));
  tidy(again);
});

Deno.test("[ssh_unusable] a TMPDIR that is too long for sockets is told before anything is rented", async () => {
  await using stage = await stageWith({});
  const folder = join(stage.paths.root, "x".repeat(90));
  await Deno.mkdir(folder);
  const controller = await startController(jobOf(stage), { TMPDIR: folder });
  const log = await new Response(controller.stderr).text();
  match(log, /Cannot connect to machines: a socket in .* has a path of \d+ bytes/);
  match(log, /ssh_unusable/);
  deepEqual(stage.cloud("vastai").asked.filter(({ verb }) => verb === "create"), []);
});

Deno.test("[ssh_unusable] a root that OpenSSH would read otherwise is told before anything is rented", async () => {
  await using stage = await stageWith({});
  const folder = join(stage.paths.root, "a${b}c");
  await Deno.mkdir(folder);
  const { rows } = await perform(stage, { paths: pathsOf(folder) });
  deepEqual([rows[0]?.status, rows[0]?.failure_code], ["failed", "ssh_unusable"], stage.said.join("\n"));
  match(
    stage.said.join("\n"),
    /Cannot use ".*" with OpenSSH: its whole path holds `\$\{` or a line break/,
  );
  deepEqual(stage.cloud("vastai").asked.filter(({ verb }) => verb === "create"), []);
});

Deno.test("[ssh_unusable] a key that others may read is refused before anything is rented", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { key_file } = await keyPair(folder);
    await Deno.chmod(key_file, 0o755);
    await rejects(keyPair(folder), (error: Error) => {
      equal(codeOf(error), "ssh_unusable");
      match(error.message, /^Cannot use the SSH key \S+: its mode is 755, and OpenSSH refuses/);
      return true;
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
