// Files that come to a machine are what their publisher made, or nothing of them is used. The shell is real, the network a stand-in.
import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { join } from "node:path";
import type { EngineHost } from "../pipeline/engines/engine.ts";
import { install } from "../pipeline/engines/install.ts";
import { FETCH, keepLast, meaningOfInstall } from "../pipeline/machines/installing.ts";
import { sha256Hex } from "../pipeline/lib/files.ts";
import type { Failure } from "../pipeline/schema/failures.ts";
import { engineWorld } from "./fixtures.ts";

const URL = "https://example.org/release/tool-linux.tar.gz";
const SUMS = "https://example.org/release/sums.txt";
const GITHUB = "https://api.github.com/repos/a/b/releases/tags/v1";
const FILE = "a tool";
const SHA = sha256Hex(FILE);
const OTHER = sha256Hex("another tool");

interface Net {
  /** What answers at each address; a number is curl's exit code. */
  readonly [url: string]: string | number;
}

/** Fetches `URL` with the digest that is known, over such a network; what the shell said and left. */
async function asset(net: Net, known: string, sums = SUMS) {
  const home = await Deno.makeTempDir();
  try {
    const cases = Object.entries(net).map(([url, answer]) =>
      typeof answer === "number"
        ? `${url}) echo "curl: (${answer}) failed" >&2; exit ${answer};;`
        : `${url}) printf %s '${answer}' >"$to";;`
    );
    const curl = `#!/bin/sh
while [ $# -gt 0 ]; do case "$1" in -o) to=$2; shift;; --retry|--proto) shift;; -*) ;; *) url=$1;; esac; shift; done
case "$url" in
${cases.join("\n")}
*) echo "curl: (22) The requested URL returned error: 404" >&2; exit 22;;
esac\n`;
    await Deno.writeTextFile(join(home, "curl"), curl, { mode: 0o755 });
    const script = `set -e\n${FETCH}\nasset "$@"\necho "sha256 $sha256"`;
    const file = join(home, "tool");
    const { code, stdout, stderr } = await new Deno.Command("sh", {
      args: ["-c", script, "sh", URL, file, known, sums],
      env: { PATH: `${home}:/usr/bin:/bin` },
    }).output();
    const read = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
    return {
      code,
      out: read(stdout),
      err: read(stderr),
      file: await Deno.readTextFile(file).catch(() => null),
    };
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

for (
  const [what, net, known, sums] of [
    ["the digest that is known here", { [URL]: FILE }, SHA, SUMS],
    [
      "a list of many",
      { [URL]: FILE, [SUMS]: `${OTHER}  ./other.tgz\n${SHA}  ./tool-linux.tar.gz\n` },
      "",
      SUMS,
    ],
    [
      "a list in binary mode without a last line break",
      { [URL]: FILE, [SUMS]: `${SHA} *tool-linux.tar.gz` },
      "",
      SUMS,
    ],
    ["a list with line ends of Windows", { [URL]: FILE, [SUMS]: `${SHA}  tool-linux.tar.gz\r\n` }, "", SUMS],
    ["a sum alone, in capitals", { [URL]: FILE, [SUMS]: `${SHA.toUpperCase()}\n` }, "", SUMS],
    [
      "GitHub's JSON of the release",
      {
        [URL]: FILE,
        [GITHUB]: JSON.stringify(
          {
            name: "v1",
            assets: [
              { name: "tool-linux.tar.gz.sig", digest: `sha256:${OTHER}` },
              { name: "tool-linux.tar.gz", uploader: { login: "x" }, digest: `sha256:${SHA}`, size: 6 },
            ],
          },
          null,
          2,
        ),
      },
      "",
      GITHUB,
    ],
    [
      "GitHub's JSON in one line",
      {
        [URL]: FILE,
        [GITHUB]: JSON.stringify({ assets: [{ name: "tool-linux.tar.gz", digest: `sha256:${SHA}` }] }),
      },
      "",
      GITHUB,
    ],
  ] as [string, Net, string, string][]
) {
  Deno.test(`a file is taken when its SHA-256 is that of ${what}`, async () => {
    const { code, out, err, file } = await asset(net, known, sums);
    equal(code, 0, err);
    equal(out, `sha256 ${SHA}`);
    equal(file, FILE);
  });
}

for (
  const [what, net, known, sums, found] of [
    ["has another SHA-256 than is known", { [URL]: "a tool with a guest" }, SHA, SUMS, "wrong_checksum"],
    [
      "has another SHA-256 than the list tells",
      { [URL]: "cut", [SUMS]: `${SHA}  tool-linux.tar.gz` },
      "",
      SUMS,
      "wrong_checksum",
    ],
    ["comes in part, and curl does not see it", { [URL]: FILE.slice(0, 3) }, SHA, SUMS, "wrong_checksum"],
    [
      "comes in part, and curl sees it",
      { [URL]: 18 },
      SHA,
      SUMS,
      /^cannot fetch \S+tool-linux\.tar\.gz: curl: \(18\)/,
    ],
    ["is not there", {}, SHA, SUMS, /^cannot fetch \S+: curl: \(22\) .*404$/],
    ["has no list beside it", { [URL]: FILE }, "", SUMS, /^cannot fetch \S+sums\.txt: .*404$/],
    [
      "does not stand in its list",
      { [URL]: FILE, [SUMS]: `${SHA}  other.tgz` },
      "",
      SUMS,
      /^no SHA-256 of tool-linux\.tar\.gz is told by \S+sums\.txt$/,
    ],
    ["has an empty list", { [URL]: FILE, [SUMS]: "" }, "", SUMS, /^no SHA-256 of/],
    [
      "has a page of a portal for a list",
      { [URL]: FILE, [SUMS]: "<html>\n<body>\nLog in\n</body>" },
      "",
      SUMS,
      /^no SHA-256 of/,
    ],
    [
      "has half a sum in its list",
      { [URL]: FILE, [SUMS]: `${SHA.slice(0, 40)}  tool-linux.tar.gz` },
      "",
      SUMS,
      /^no SHA-256 of/,
    ],
    [
      "has no digest at GitHub",
      { [URL]: FILE, [GITHUB]: JSON.stringify({ assets: [{ name: "tool-linux.tar.gz", digest: null }] }) },
      "",
      GITHUB,
      /^no SHA-256 of/,
    ],
    [
      "is refused by GitHub for too many questions",
      { [URL]: FILE, [GITHUB]: 22 },
      "",
      GITHUB,
      /^cannot fetch https:\/\/api\.github/,
    ],
  ] as [string, Net, string, string, RegExp | "wrong_checksum"][]
) {
  Deno.test(`a file that ${what} is not used, and its words say so`, async () => {
    const { code, err, file } = await asset(net, known, sums);
    equal(code, 1);
    equal(file, null);
    const last = err.split("\n").at(-1) ?? "";
    if (found !== "wrong_checksum") return match(last, found);
    match(last, /^wrong SHA-256: tool-linux\.tar\.gz has [0-9a-f]{64} instead of [0-9a-f]{64}$/);
    equal(meaningOfInstall([last])?.code, found);
  });
}

Deno.test("what installers say is understood: a full disk, a checksum of ours or of uv's, anything else", () => {
  const uv = [
    "error: Failed to download `idna==3.10`",
    "  cause: Hash mismatch for `idna==3.10`",
    "  Expected:",
  ];
  deepEqual(meaningOfInstall(uv), { code: "wrong_checksum", line: "cause: Hash mismatch for `idna==3.10`" });
  const full = "tar: write error: No space left on device";
  deepEqual(meaningOfInstall(["wrong SHA-256: a has b instead of c", full])?.code, "disk_too_small");
  equal(meaningOfInstall(["error: no such distribution"]), null);
});

Deno.test("of an installer's last words the last ten are kept, and the beginning of a long one", () => {
  const words: string[] = [];
  for (const line of ["first", "", ...Array(9).fill("next"), "x".repeat(20_000)]) keepLast(words, line);
  deepEqual(words, [...Array(9).fill("next"), `${"x".repeat(999)}…`]);
});

/** Installs on a machine whose script prints these lines and ends well. */
function told(...lines: string[]) {
  const run: EngineHost["run"] = (_command, options) => {
    lines.forEach((line) => options?.onStdout?.(line));
    return Promise.resolve(0);
  };
  const launch = () => Promise.reject(new Error("nothing is started"));
  const host = { run, workdir: "/w", port: 1, gpu_count: 1, env: () => undefined, launch };
  return install("Tool", "true", [], null, host, engineWorld());
}

Deno.test("what a machine tells of an installation is taken as text of a stranger", async () => {
  const sha256 = "0f".repeat(32);
  const lines = ["Setting up …", "@program /w/tool", "@version 1.2", "@source image", "@sha256 "];
  deepEqual(await told(...lines), {
    asked: null,
    program: "/w/tool",
    version: "1.2",
    source: "image",
    sha256: null,
  });
  for (
    const [instead, of] of [
      ["@program tool", 1],
      ["@version 1.2\u001b[2J", 2],
      [`@version ${"9".repeat(200)}`, 2],
      ["@source https://a/<script>\u202e", 3],
      [`@source ${"x".repeat(1000)}`, 3],
      [`@sha256 ${sha256.slice(1)}`, 4],
      ["", 1],
    ] as [string, number][]
  ) {
    await rejects(told(...lines.with(of, instead)), (error: Failure) => error.code === "install_failed");
  }
});
