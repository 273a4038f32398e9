// Machines that say what cannot be, or speak as if they were this computer: each is left and blamed, and others go on.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { connect } from "../../pipeline/machines/mod.ts";
import type { World } from "../../pipeline/run/world.ts";
import type { MachineFaults } from "../cloud/machine.ts";
import { stockOf } from "../cloud/stock.ts";
import { LARGE_PULL } from "../faults/lies.ts";
import { worldWith } from "../faults/stage.ts";
import { ended, givesUp, retried, run, stageWith, succeeded, tidy } from "./trial.ts";

for (
  const [what, faults, at, found] of [
    ["has no date", { image: { date: "echo nonsense" } }, "setup", /clock: it is NaN, it must be a/],
    [
      "has loaded what is nothing",
      { engine: { odd: { "GET /api/ps": '{"models": [null]}' } } },
      "setup",
      /Cannot ask what is loaded: in the answer of \S+ models\[0\]: it is null/,
    ],
    [
      "tells of a pull of 10^18 bytes",
      { engine: LARGE_PULL },
      "setup",
      /Cannot believe the download of qwen2:1.5b: the machine tells of 10{18} bytes, at most 10000000000 are/,
    ],
    [
      "lives at a path of 200 KB",
      {
        image: {
          mkdir:
            `/usr/bin/mkdir "$@"; case "$*" in *.gpu-almanac/jobs) printf /; head -c 200000 /dev/zero | tr '\\0' a;; esac`,
        },
      },
      "provision",
      /Cannot use \S+: the path of its home is "\/a{50,60}/,
    ],
  ] as [string, MachineFaults, "setup" | "provision", RegExp][]
) {
  Deno.test(`[hostile_output] a machine that ${what} is left, and others go on`, async () => {
    await givesUp(faults, { code: "hostile_output", at, found });
  });
}

for (
  const words of [
    "command-line line 0: Bad configuration option: x",
    "ssh: connect to host a port 1: Network is unreachable",
  ]
) {
  Deno.test(`[connection_lost] a machine whose command says "${words}" and ends as ssh does speaks for itself alone`, async () => {
    await givesUp({ image: { touch: `echo '${words}' >&2; exit 255` } }, {
      code: "connection_lost",
      at: "setup",
      found: /Cannot go on with \S+: a command broke off: (command-line|ssh: connect)/,
    });
  });
}

Deno.test("what a machine says in a terminal's words and without an end is journaled in a few that can be seen", async () => {
  const cat = `case "$PWD" in
  */jobs/*) printf '\\033]0;owned\\007\\342\\200\\256' >&2; yes "a long word of a stranger" | head -c 900000 >&2; exit 1;;
  *) exec /usr/bin/cat "$@";;
esac`;
  const { lines, machines, said } = await givesUp({ image: { cat } }, {
    code: "agent_not_there",
    at: "setup",
    found: /Cannot start dead-man on the machine: \]0;owneda long word of a stranger/,
  });
  const journals = JSON.stringify([lines, machines]);
  ok(journals.length < 30_000, `${journals.length} characters`);
  ok(!/\\u001b|\u202e/.test(journals));
  ok(said.every((line) => line.length < 2000));
});

Deno.test("[unforeseen] a fault of the program on one machine is told in its words, and another machine is tried", async () => {
  await using stage = await stageWith({});
  let n = 0;
  const result = await run(stage, {}, {
    world: {
      ...worldWith(stage.simulated, stage.pace),
      connect: async (address, context) => {
        const machine = await connect(address, context);
        n += 1;
        const upload = () =>
          Promise.reject(new TypeError("nothing is not a function", { cause: new Error("why") }));
        return n === 1 ? { ...machine, upload } : machine;
      },
    },
  });
  const found = /^Cannot go on with this machine: TypeError: nothing is not a function: why$/;
  retried(result, { code: "unforeseen", at: "setup", found });
  await succeeded(result, result.rows[0], "2", 2);
  deepEqual(result.machines.map(({ end }) => end?.code), ["unforeseen", "done"]);
  match(result.machines[0]?.end?.reason ?? "", found);
  ok(result.said.some((line) => line.includes("trying elsewhere: unforeseen at setup on 1")));
  tidy(result);
});

Deno.test("[failed] an agent that cannot be bundled here blames no machine, and no other is tried", async () => {
  await using stage = await stageWith({});
  const world = {
    ...worldWith(stage.simulated, stage.pace),
    bundleAgent: () => Promise.reject(new Error("there is no such module")),
  };
  const result = await run(stage, {}, { world });
  const found = /Cannot bundle the agent: there is no such module/;
  ended(result, result.rows[0], { code: "failed", at: "setup", found });
  equal(result.machines.length, 1);
  tidy(result);
});

Deno.test("an agent that could not be bundled for one lease is bundled for the next", async () => {
  const stock = [stockOf("1", "RTX 4090"), stockOf("2", "RTX 3090", { host: "2" })];
  await using stage = await stageWith({ stock }, { gpus: ["RTX 4090", "RTX 3090"] });
  const world = worldWith(stage.simulated, stage.pace);
  let asked = 0;
  const bundleAgent: World["bundleAgent"] = async (paths, file) => {
    if (asked++ === 0) throw new Error("the bundler ended with 137");
    await world.bundleAgent(paths, file);
  };
  const result = await run(stage, {}, { parallel: 1, world: { ...world, bundleAgent } });
  deepEqual(result.rows.map(({ status }) => status), ["failed", "success"]);
  equal(asked, 2);
  tidy(result);
});
