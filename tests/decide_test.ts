// What follows from a failure: again here, again elsewhere, or the end; and that it always ends.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { decide, type Decision, type Scope, scopeOf, Tries } from "../pipeline/run/decide.ts";
import { codeOf, Failure, type FailureCode, FAILURES } from "../pipeline/schema/failures.ts";
import { type Stage, STAGES } from "../pipeline/schema/names.ts";
import type { Remedy } from "../pipeline/schema/remedy.ts";

const CODES = Object.keys(FAILURES) as FailureCode[];

/** Decisions about the same entries, failure after failure, until they are over. */
function until(code: FailureCode, rented: boolean): string[] {
  const words: string[] = [];
  for (let nth = 1; nth <= 100; nth++) {
    const { entries, machine } = decide(code, nth, rented);
    words.push(`${entries} ${machine}`);
    if (entries === "over") return words;
  }
  throw new Error(`${code} is tried for ever`);
}

const times = (n: number, decision: string) => Array<string>(n).fill(decision);

/** By remedy: a code that has it, and what follows on a rented machine and on one that is not. */
const EXAMPLES: Record<Remedy, [code: FailureCode, rented: string[], own: string[]][]> = {
  same_machine: [
    ["engine_not_answering", ["again stay", "again leave", "over stay"], ["again stay", "over stay"]],
    ["collect_failed", [...times(2, "again stay"), "again leave", "over stay"], [
      ...times(2, "again stay"),
      "over stay",
    ]],
  ],
  other_offer: [["offer_gone", [...times(20, "again leave"), "over leave"], [
    ...times(20, "again leave"),
    "over leave",
  ]]],
  other_host: [["boot_failed", [...times(4, "again leave"), "over leave"], [
    ...times(4, "again leave"),
    "over leave",
  ]]],
  other_location: [["no_public_ip", [...times(8, "again leave"), "over leave"], [
    ...times(8, "again leave"),
    "over leave",
  ]]],
  this_side: [["network_down", [...times(5, "again stay"), "over stay"], [
    ...times(5, "again stay"),
    "over stay",
  ]]],
  none: [
    ["model_unknown", ["over stay"], ["over stay"]],
    ["out_of_memory", ["over stay"], ["over stay"]],
    ["lease_deadline", ["over leave"], ["over leave"]],
  ],
  leave_provider: [["no_credit", ["over leave"], ["over leave"]], ["bad_key", ["over leave"], [
    "over leave",
  ]]],
};

for (const [remedy, examples] of Object.entries(EXAMPLES)) {
  Deno.test(`the remedy ${remedy} is tried as often as the table says, and then its entries are over`, () => {
    for (const [code, rented, own] of examples) {
      equal(FAILURES[code].remedy, remedy, code);
      deepEqual([until(code, true), until(code, false)], [rented, own], code);
    }
  });
}

Deno.test("every failure ends after at most two tries more than its table says, on any machine", () => {
  for (const code of CODES) {
    for (const rented of [true, false]) {
      const tries = until(code, rented).length;
      const { remedy } = FAILURES[code];
      const more = remedy === "same_machine" && rented ? 2 : 1;
      equal(tries, FAILURES[code].times + more, code);
      ok(tries <= 21, `${code} rents ${tries} machines`);
    }
  }
});

Deno.test("every reason is told as it is seen and with one sentence of what to do, in words of a user", () => {
  for (const [code, { seen, hint, stage }] of Object.entries(FAILURES)) {
    match(hint, /^[A-Z].{15,}\.$/, code);
    match(seen, /^\S.{15,}[^.]$/, code);
    ok(stage === null || STAGES.includes(stage), code);
  }
  equal(new Set(CODES).size, CODES.length);
});

Deno.test("what is skipped was never begun: it is seen before anything is rented and has no remedy", () => {
  for (const code of CODES.filter((code) => FAILURES[code].status === "skipped")) {
    deepEqual(
      [FAILURES[code].stage, FAILURES[code].remedy, FAILURES[code].times],
      ["provision", "none", 0],
      code,
    );
  }
});

Deno.test("a machine that was paid for is left only where it is to blame or its provider or time is used up", () => {
  const leaves = (code: FailureCode) => decide(code, 1, true).machine === "leave";
  const stays = CODES.filter((code) => !leaves(code));
  const blameless = CODES.filter((code) =>
    ["none", "same_machine", "this_side"].includes(FAILURES[code].remedy) && code !== "lease_deadline"
  );
  deepEqual(stays, blameless);
});

for (
  const [stage, code, scope] of [
    ["provision", "offer_gone", "lease"],
    ["setup", "driver_not_ready", "lease"],
    ["setup", "install_failed", "sitting"],
    ["setup", "engine_missing", "sitting"],
    ["setup", "engine_not_answering", "sitting"],
    ["setup", "failed", "sitting"],
    ["setup", "connection_lost", "lease"],
    ["load", "pull_failed", "sitting"],
    ["benchmark", "driver_failed", "entry"],
    ["benchmark", "engine_not_answering", "entry"],
    ["collect", "collect_failed", "entry"],
  ] as [Stage, FailureCode, Scope][]
) {
  Deno.test(`${code} at ${stage} is about the ${scope}`, () => equal(scopeOf(stage, code), scope));
}

Deno.test("tries are counted by reason and by whom they are about", () => {
  const tries = new Tries();
  const counted = [
    tries.next("boot_failed", ["a", "b"]),
    tries.next("boot_failed", ["a", "b"]),
    tries.next("ssh_denied", ["a", "b"]),
    tries.next("boot_failed", ["a"]),
    tries.next("boot_failed", ["a", "b"]),
  ];
  deepEqual(counted, [1, 2, 1, 1, 3]);
  equal(new Tries().next("boot_failed", ["a", "b"]), 1);
});

Deno.test("anything thrown has a code; a Failure tells its own hint or the table's", () => {
  deepEqual([codeOf(new Failure("quota", "Cannot")), codeOf(new Error("x")), codeOf("text")], [
    "quota",
    "failed",
    "failed",
  ]);
  equal(new Failure("quota", "Cannot").hint, FAILURES.quota.hint);
  equal(new Failure("quota", "Cannot", { hint: "Ask." }).hint, "Ask.");
  const last: Decision = decide(codeOf(new Error("a bug")), 1, true);
  deepEqual(last, { entries: "over", machine: "stay" });
});
