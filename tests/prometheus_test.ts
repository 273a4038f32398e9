// The counters of vLLM, SGLang and llama-server, from texts of the form in which they give them.
import { deepEqual, equal } from "node:assert/strict";
import { gaugesIn } from "../pipeline/schema/gauges.ts";
import { samplesIn } from "../pipeline/schema/prometheus.ts";

const NAMES = {
  running: ["a:running"],
  waiting: ["a:waiting"],
  generation_tokens: ["a:generated"],
  prompt_tokens: ["a:prompt"],
  kv_usage: ["a:usage", "a:old_usage"],
};

Deno.test("samples have name, labels and value; comments and lines that are none are left out", () => {
  const text = [
    "# HELP up Whether it is up.",
    "up 1",
    "",
    'a:b{le="+Inf",model_name="x/y, z"} 2.5e+03 1764069521000',
    "no value",
    'open{a="b" 1',
    "word one",
    "  spaced   7  \r",
  ].join("\n");
  deepEqual(samplesIn(text), [
    { name: "up", labels: {}, value: 1 },
    { name: "a:b", labels: { le: "+Inf", model_name: "x/y, z" }, value: 2500 },
    { name: "spaced", labels: {}, value: 7 },
  ]);
});

Deno.test("quotes, backslashes, line breaks and braces inside a label are its own", () => {
  const [sample] = samplesIn(String.raw`a{b="say \"hi\" \\ {1}\n2",c=""} 3`);
  deepEqual(sample?.labels, { b: 'say "hi" \\ {1}\n2', c: "" });
  equal(sample?.value, 3);
});

Deno.test("values that no counter can have are read, and never counted", () => {
  deepEqual(samplesIn("a NaN\nb +Inf\nc -Inf").map(({ value }) => value), [NaN, Infinity, -Infinity]);
  for (const value of ["NaN", "-1", "1e13"]) equal(gaugesIn(`a:running ${value}`, NAMES).running, null);
});

Deno.test("a counter is found with and without _total, a gauge under its older name, and what is missing is null", () => {
  deepEqual(gaugesIn("a:generated_total 5\na:prompt 4\na:old_usage 0.5\na:running 0", NAMES), {
    running: 0,
    waiting: null,
    generation_tokens: 5,
    prompt_tokens: 4,
    kv_usage: 0.5,
  });
});

Deno.test("workers are added up, and of their memory the fullest counts", () => {
  const text =
    'a:running{e="0"} 1\na:running{e="1"} 2\na:usage{e="0"} 0.2\na:usage{e="1"} 0.7\na:old_usage 9';
  const { running, kv_usage } = gaugesIn(text, NAMES);
  deepEqual([running, kv_usage], [3, 0.7]);
});

Deno.test("lines of any length are read in one go", () => {
  const long = 2 ** 20;
  deepEqual(samplesIn(`a${" ".repeat(long)}\nb{${"c".repeat(long)}} 1`), [{
    name: "b",
    labels: {},
    value: 1,
  }]);
});
