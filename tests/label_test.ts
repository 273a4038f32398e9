// By its label alone a machine is found again, or left alone: a wrong judgement costs somebody a machine, or us its price.
import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { type Court, GRACE_SECONDS, judge, type Judgement } from "../pipeline/fleet/judge.ts";
import { isPrefix, labelOf, readLabel } from "../pipeline/fleet/label.ts";
import { newRunId } from "../pipeline/lib/run_id.ts";
import type { MachineRecord, MachineState } from "../pipeline/schema/machine.ts";
import { generator, machine, START } from "./rented_fixtures.ts";

const OURS = "ga-0123abcd";
const created = START / 1000;
const label = (changes: Partial<Parameters<typeof labelOf>[0]> = {}) =>
  labelOf({
    prefix: OURS,
    machine_id: "20261124-100000-f2ef-1",
    created,
    deadline: created + 3600,
    ...changes,
  });

Deno.test("a label says whose a machine is, which, since when and until when, with real run ids and any number of machines", () => {
  const random = generator(23);
  for (let round = 0; round < 500; round++) {
    const run_id = newRunId(new Date(START + random(2e9) * 1000));
    const told = {
      prefix: `ga-${random(2 ** 31).toString(16).padStart(8, "0")}`,
      machine_id: `${run_id}-${1 + random([10, 1000, 100_000][random(3)] ?? 10)}`,
      created: created + random(1e9),
    };
    const minutes = 1 + random(48 * 60);
    const text = labelOf({ ...told, deadline: told.created + minutes * 60 });
    deepEqual(readLabel(text), { ...told, deadline: told.created + minutes * 60 });
    ok(text.length <= 64, text);
    match(text, /^[a-z0-9-]+$/);
  }
});

Deno.test("a deadline is never told too early: part of a minute counts whole", () => {
  for (const seconds of [1, 59, 60, 61, 3599]) {
    const deadline = readLabel(label({ deadline: created + seconds }))?.deadline ?? 0;
    ok(deadline >= created + seconds && deadline < created + seconds + 60);
  }
});

for (
  const [what, text] of [
    ["no label", null],
    ["an empty one", ""],
    ["a name of somebody's", "my-training-box"],
    ["another program's", "sky-0123abcd-user-1795478400-60"],
    ["a prefix alone", OURS],
    ["a prefix that is too long", label().replace(OURS, `${OURS}e`)],
    ["upper case", label().toUpperCase()],
    ["more before it", `x${label()}`],
    ["more behind it", `${label()}-copy`],
    ["a line break behind it", `${label()}\n`],
    ["no deadline", label().replace(/-\d+$/, "")],
    ["a time that is none", `${OURS}-m-123-60`],
  ] as const
) {
  Deno.test(`a machine with ${what} is foreign and never touched`, () => {
    equal(readLabel(text), null);
    equal(judge({ id: "1", label: text }, court([])), "foreign");
  });
}

Deno.test("a label is made only for a deployment", () => {
  for (const prefix of ["", "ga", "ga-123", "ga-0123ABCD", "ga-0123abcd-", "xx-0123abcd"]) {
    throws(() => label({ prefix }), TypeError);
    equal(isPrefix(prefix), false);
  }
  ok(isPrefix(OURS));
});

function court(records: readonly MachineRecord[], changes: Partial<Court> = {}): Court {
  return {
    prefix: OURS,
    records,
    isWanted: () => true,
    now: START + 600_000,
    grace_ms: GRACE_SECONDS * 1000,
    ...changes,
  };
}

const judged = (records: readonly MachineRecord[], changes: Partial<Court> = {}): Judgement =>
  judge({ id: "p1", label: label() }, court(records, changes));

/** Our machine in a state. */
const inState = (state: MachineState, deadline = 3600): MachineRecord => ({
  ...machine([], { label: label(), deadline }),
  state,
});

for (
  const [what, records, changes, judgement] of [
    ["wanted and before its deadline", [inState("ready")], {}, "wanted"],
    ["wished for, the answer still on its way", [inState("intent")], {}, "wanted"],
    ["one whose create got no answer", [inState("create_unknown")], {}, "wanted"],
    ["asked for", [inState("requested")], {}, "wanted"],
    ["wanted under the id that its create told", [{ ...inState("ready"), provider_id: "p1" }], {}, "wanted"],
    [
      "a second one of a create that arrived twice",
      [{ ...inState("ready"), provider_id: "p2" }],
      {},
      "orphan",
    ],
    ["wanted and past its deadline", [inState("ready", 500)], {}, "overdue"],
    ["one that came back after it was gone", [inState("gone")], {}, "unwanted"],
    ["one that was said not to be made", [inState("not_created")], {}, "unwanted"],
    ["still there while it is being ended", [inState("destroying")], {}, "unwanted"],
    ["past its deadline while it is being ended", [inState("destroying", 500)], {}, "unwanted"],
    ["one of a run that no longer lives", [inState("ready")], { isWanted: () => false }, "unwanted"],
    ["unknown and younger than the grace", [], { now: START + 599_999 }, "young"],
    ["unknown and as old as the grace", [], { now: START + 600_000 }, "orphan"],
    ["unknown and past its own deadline", [], { now: START + 7_200_000 }, "orphan"],
    ["unknown where no grace is given", [], { grace_ms: 0, now: START + 1 }, "orphan"],
    ["one of another deployment", [], { prefix: "ga-ffffffff" }, "foreign"],
  ] as [string, MachineRecord[], Partial<Court>, Judgement][]
) {
  Deno.test(`a machine that is ${what}: ${judgement}`, () => equal(judged(records, changes), judgement));
}

Deno.test("a record of another machine says nothing of this one", () => {
  const other = { ...inState("ready"), label: label({ machine_id: "20261124-100000-f2ef-2" }) };
  equal(judged([other]), "orphan");
  equal(judged([other, inState("ready")]), "wanted");
});

Deno.test("clocks that differ by five minutes either way kill no machine that is being made", () => {
  for (const skew of [-300_000, 0, 300_000]) {
    for (const age of [0, 60_000, 299_999]) equal(judged([], { now: START + age + skew }), "young");
  }
  equal(judged([], { now: START + 600_000 + 300_000 }), "orphan");
});

Deno.test("a machine is overdue from its deadline on and not a moment before", () => {
  equal(judged([inState("ready", 3600)], { now: START + 3_599_999 }), "wanted");
  equal(judged([inState("ready", 3600)], { now: START + 3_600_000 }), "overdue");
});
