// Texts inside JSON change where they stand, and nothing else does.
import { deepEqual, equal } from "node:assert/strict";
import { changeJsonTexts } from "../pipeline/schema/json_texts.ts";

const JSON_TEXT = String
  .raw`{ "a" : {"b\u0062":[ "x\"{" , {"c":"y\\"} ], "n":1.50e-0}, "d":"z\u00e9", "e":[] , "f":{} }`;

Deno.test("every text is told with the keys that lead to it, and each key as one", () => {
  const told: unknown[] = [];
  const same = changeJsonTexts(JSON_TEXT, (text, path, isKey) => {
    told.push(isKey ? text : [text, ...path]);
    return text;
  });
  equal(same, JSON_TEXT);
  deepEqual(told, [
    "a",
    "bb",
    ['x"{', "a", "bb", ""],
    "c",
    ["y\\", "a", "bb", "", "c"],
    "n",
    "d",
    ["zé", "d"],
    "e",
    "f",
  ]);
});

Deno.test("what does not change stays as it was written, beside what does", () => {
  const changed = changeJsonTexts(JSON_TEXT, (text) => text === "y\\" ? 'q"' : text);
  equal(changed, JSON_TEXT.replace(String.raw`"y\\"`, String.raw`"q\""`));
});
