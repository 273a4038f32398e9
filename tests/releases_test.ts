// The versions that are installed, and what counts as a version of an engine: both are texts of others that reach a shell.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { pathsOf } from "../pipeline/paths.ts";
import { ENGINES } from "../pipeline/schema/names.ts";
import {
  isVersion,
  PROGRAMS,
  RELEASES,
  usualVersion,
  VERSIONED_ENGINES,
  whyNoVersion,
} from "../pipeline/schema/releases.ts";

const { repository } = pathsOf();

for (const program of PROGRAMS) {
  Deno.test(`the usual ${program} is one version, with a page that tells it and checksums of both processors or none`, () => {
    const { version, page, sha256 } = RELEASES[program];
    ok(page.startsWith("https://") && page.endsWith(version), page);
    if (sha256 === null) return;
    deepEqual(Object.keys(sha256), ["x86_64", "aarch64"]);
    for (const digest of Object.values(sha256)) match(digest, /^[0-9a-f]{64}$/);
    equal(new Set(Object.values(sha256)).size, 2);
  });
}

Deno.test("the usual version of every engine that is installed is one that a matrix may name", () => {
  deepEqual(VERSIONED_ENGINES, ENGINES.filter((name) => usualVersion(name) !== null));
  for (const name of VERSIONED_ENGINES) equal(whyNoVersion(name, usualVersion(name) ?? ""), null);
});

Deno.test("the Deno of rented machines is the one that the README asks for and the tests run with", async () => {
  ok((await Deno.readTextFile(join(repository, "README.md"))).includes(`deno@${RELEASES.deno.version} `));
  ok((await Deno.readTextFile(join(repository, ".ci", "run"))).includes(`deno@${RELEASES.deno.version} `));
});

Deno.test("the README's examples of versions are those that are usual", async () => {
  const readme = await Deno.readTextFile(join(repository, "README.md"));
  for (const name of ["ollama", "llama.cpp"] as const) ok(readme.includes(`${RELEASES[name].version}`), name);
});

for (
  const [asked, told, expected] of [
    ["0.40.2", "0.40.2", true],
    ["0.40.2", "0.40.20", false],
    ["0.40.2", "0.40.2-rc1", false],
    ["0.33.0", "0.33.0+cu129", true],
    ["0.33.0", "0.33.0.dev1+g1a2b", false],
    ["b11429", "b11429-d81235049", true],
    ["b11429", "b114290-d81235049", false],
    ["b1142", "b11429-d81235049", false],
  ] as const
) {
  Deno.test(`an engine that tells ${told} is ${expected ? "" : "not "}${asked}`, () => {
    equal(isVersion(asked, told), expected);
  });
}

for (
  const [engine, version] of [
    ["ollama", "0.13.0-rc1"],
    ["ollama", "latest"],
    ["vllm", "0.19.1"],
    ["sglang", "0.5.15.post1"],
    ["vllm", "0.20.0rc2"],
    ["llama.cpp", "b4567"],
  ] as const
) {
  Deno.test(`${version} may be asked of ${engine}`, () => equal(whyNoVersion(engine, version), null));
}

for (
  const [engine, version] of [
    ["ollama", "v0.40.2"],
    ["ollama", "0.40"],
    ["ollama", "0.40.2 "],
    ["ollama", "0.40.2/../../x"],
    ["vllm", "$(reboot)"],
    ["sglang", "0.5.16\n0"],
    ["llama.cpp", "11429"],
    ["llama.cpp", "LATEST"],
    ["embedded", "3.21.1"],
  ] as const
) {
  Deno.test(`${JSON.stringify(version)} is refused for ${engine}`, () => {
    match(whyNoVersion(engine, version) ?? "", /is no version of|only ollama, vllm/);
  });
}
