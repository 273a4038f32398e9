// Names with characters that cannot be seen are refused at every door, and what came in before is no malformed XML.
import { deepEqual, match, ok, rejects } from "node:assert/strict";
import { importDirectories } from "../pipeline/importers/mod.ts";
import { Hosts } from "../pipeline/schema/hosts.ts";
import { Matrix } from "../pipeline/schema/matrix.ts";
import { check } from "../pipeline/schema/parse.ts";
import { isPlain, visible } from "../pipeline/schema/plain_text.ts";
import { PublishedFile, Submission } from "../pipeline/schema/summary.ts";
import { badge } from "../site/src/lib/badge.ts";
import { escapeMarkup } from "../site/src/lib/escape.ts";
import { SUBMISSION_EXAMPLE } from "../pipeline/schema/example.ts";
import { metadata } from "./fixtures.ts";
import { FACTS, goodFiles, importing, NOW } from "./imported.ts";

/** Control and format characters, changes of direction, halves, private ones, line ends, no characters at all. */
// deno-fmt-ignore
const UNSEEN = [
  "\u0000", "\u0007", "\u0009", "\u000a", "\u001b", "\u007f", "\u0085", "\u009b", "\u00ad", "\u061c", "\u200b", "\u200f", "\u2028",
  "\u202e", "\u2066", "\ue000", "\ufeff", "\uffff", "\ud83d", "\udc00", "\u{e0041}", "\u{1fffe}",
];

Deno.test("names that people write are plain, in any script", () => {
  for (
    const name of [
      "qwen2:7b",
      "NVIDIA RTX™ 4090 (24 GB)",
      "Düsseldorf",
      "東京",
      "модель",
      "🙂",
      "Qwen/Qwen2.5-7B",
    ]
  ) {
    ok(isPlain(name), name);
  }
  for (const character of UNSEEN) ok(!isPlain(`a${character}b`), JSON.stringify(character));
  deepEqual(UNSEEN.map((character) => visible(`a${character}b`)), UNSEEN.map(() => "ab"));
});

/** Spaces, fillers and the empty cell: nothing of them is seen. */
const BLANK = ["   ", "\u3000", "\u2800", "\u3164", "\u115f\u1160", "\uffa0", "\u2003 \u00a0"];

/** Doors, each with a name put into a place of what comes through it. */
const DOORS: Readonly<Record<string, (name: string) => ReturnType<typeof check>>> = {
  "the name of a matrix": (name) => check(Matrix, matrix({}, { name })),
  "a GPU of a matrix": (gpu) => check(Matrix, matrix({ gpus: [gpu] })),
  "a model of a matrix": (model) => check(Matrix, matrix({ models: [model] })),
  "a runtime of a matrix": (runtime) => check(Matrix, matrix({ engines: [{ name: "openai", runtime }] })),
  "a flag of a matrix": (flag) => check(Matrix, matrix({ engines: [{ name: "vllm", flags: [flag] }] })),
  "a location of a matrix": (location) => check(Matrix, matrix({ location })),
  "a workload of a matrix": (name) => check(Matrix, matrix({ workloads: [{ name }] })),
  "an image of a matrix": (image) => check(Matrix, matrix({ offers: { image } })),
  "a host": (host) => check(Hosts, hosts({ host })),
  "a user of a host": (user) => check(Hosts, hosts({ user })),
  "a GPU of a host": (gpu) => check(Hosts, hosts({ gpu })),
  "a location of a host": (location) => check(Hosts, hosts({ location })),
  "a model of a submission": (name) =>
    check(Submission, { ...SUBMISSION_EXAMPLE, model: { ...SUBMISSION_EXAMPLE.model, name } }),
  "a provider of a submission": (provider) => check(Submission, { ...SUBMISSION_EXAMPLE, provider }),
  "the title of a published file": (title) => check(PublishedFile, published({ title })),
  "a pick of a published file": (gpu) =>
    check(
      PublishedFile,
      published({ picks: [{ for: "7B", aim: "budget", gpu, provider: "p", price_per_hour: 1 }] }),
    ),
};

function matrix(test: object, changes: object = {}): object {
  return { name: "m", tests: [{ engines: ["ollama"], models: ["m"], workloads: [{}], ...test }], ...changes };
}

function hosts(changes: object): object {
  return { hosts: [{ name: "tower", host: "192.0.2.1", ...changes }] };
}

function published(changes: object): object {
  const results = [SUBMISSION_EXAMPLE];
  return { title: "t", date: "2026-01-01", runtime: "ollama", test_config: {}, results, ...changes };
}

for (const [door, through] of Object.entries(DOORS)) {
  Deno.test(`${door}: characters that cannot be seen are refused by their number`, () => {
    ok("value" in through("plain"), JSON.stringify(through("plain")));
    for (const character of UNSEEN) {
      const checked = through(`pla${character}in`);
      ok("faults" in checked, JSON.stringify(character));
      const number = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
      match(checked.faults.join(), new RegExp(`U\\+${number}|a character that is not taken`));
    }
  });
}

for (const [door, through] of Object.entries(DOORS)) {
  if (door === "a flag of a matrix") continue;
  Deno.test(`${door} shows something`, () => {
    for (const blank of BLANK) ok("faults" in through(blank), JSON.stringify(blank));
  });
}

Deno.test("evidence whose model has a name that shows nothing is refused", async () => {
  await using root = await importing();
  for (const name of BLANK) {
    const { refused } = await root.take(goodFiles({ "metadata.json": metadata({ model: { name } }) }));
    match(refused[0]?.reason ?? "", /model\.name: it holds no character that can be seen/);
  }
});

Deno.test("what an import is told of provider and place is refused before anything is read", async () => {
  await using root = await importing();
  for (
    const facts of [{ ...FACTS, provider: "va\u202est" }, { ...FACTS, location: "U\nS" }, {
      ...FACTS,
      provider: "",
    }]
  ) {
    await rejects(
      importDirectories([], facts, root.paths, root.log, NOW),
      /^UserError: Cannot read what the import is told: (provider|location): /,
    );
  }
  await root.take(goodFiles());
});

Deno.test("no character that XML does not know reaches a feed or a badge", () => {
  for (const character of UNSEEN) {
    const text = escapeMarkup(`a${character}b`);
    // deno-lint-ignore no-control-regex
    ok(text.isWellFormed() && !/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.test(text), JSON.stringify(text));
  }
  ok(badge("a\u0007b", "1").includes("a\uFFFDb"));
});
