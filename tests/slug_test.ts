import { equal, match } from "node:assert/strict";
import { slug, slugs } from "../pipeline/schema/slug.ts";

for (
  const [name, expected] of [
    ["deepseek-r1:14b", "deepseek-r1-14b"],
    ["meta-llama/Llama-3-8B", "meta-llama--llama-3-8b"],
    ["../../etc/passwd", "etc--passwd"],
    ["con", "con-"],
    ["", "unnamed"],
    ["日本", "unnamed"],
    ["RTX 4090", "rtx-4090"],
  ] as const
) {
  Deno.test(`the slug of ${JSON.stringify(name)} is ${expected}`, () => equal(slug(name), expected));
}

Deno.test("names whose slugs collide each get their own", () => {
  const result = slugs(["a:b", "a b", "A-B"]);
  equal(new Set(result.values()).size, 3);
});

Deno.test("a slug never leaves its folder, whatever the name", () => {
  for (const name of ["..", ".", "a/../b", "\\\\x", "%2e%2e", "a\u0000b", "x".repeat(500)]) {
    match(slug(name), /^(?!\.)[a-z0-9._-]{1,101}$/);
  }
});

Deno.test("a name of any length has its slug at once", () => {
  equal(slug(`a${".".repeat(2 ** 20)}b`), "a");
});
