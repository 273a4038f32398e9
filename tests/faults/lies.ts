// What hostile machines do: each lie with its machine, and whether the machine must be seen through.
import type { EngineFaults, MachineFaults } from "../cloud/machine.ts";

/** Where a lie tries to leave traces on the controller's side. */
export interface Traps {
  /** A path that exists only when a command of the host's was run here. */
  readonly mark: string;
  /** A port of the controller's own that must not be asked. */
  readonly secret: string;
}

export interface Lie {
  readonly name: string;
  readonly faults: (traps: Traps) => MachineFaults;
  /** How its lease ends: left for another host, or served, since what it added is ignored. */
  readonly ends: "left" | "served";
}

const ENDLESS = "exec yes 0123456789";
const HANGS = "exec sleep 3600";

/** Does `script` in every folder of evidence, before a program does what it should. */
function inEvidence(program: string, script: string): Readonly<Record<string, string>> {
  const text = `for d in "$HOME"/.gpu-almanac/*/; do case "$d" in */jobs/|*.d/) continue;; esac
( cd "$d" && { ${script}
} ) 2>/dev/null; done
exec /usr/bin/${program} "$@"`;
  return { [program]: text };
}

/** Does `script` instead of the program, but only in a folder of evidence. */
function ofEvidence(program: string, script: string): string {
  return `case "$PWD" in */.gpu-almanac/?*) ${script};; *) exec /usr/bin/${program} "$@";; esac`;
}

const left = (name: string, image: Readonly<Record<string, string>>): Lie => ({
  name,
  faults: () => ({ image }),
  ends: "left",
});
const served = (name: string, image: Readonly<Record<string, string>>): Lie => ({
  ...left(name, image),
  ends: "served",
});

/** Serves any model at once, and says that 10^18 bytes came for it. */
export const LARGE_PULL: EngineFaults = {
  odd: {
    "GET /api/tags": '{"models": []}',
    "POST /api/pull": '{"status": "success", "digest": "sha256:a", "total": 1e18, "completed": 1e18}\n',
    "POST /api/generate": '{"eval_count": 128, "eval_duration": 300000000}',
    "GET /api/ps": '{"models": [{"name": "qwen2:1.5b", "size": 1e9, "size_vram": 1e9}]}',
  },
};

export const LIES: readonly Lie[] = [
  served(
    "adds pages and scripts to the evidence",
    inEvidence(
      "tail",
      `for f in evil.html sw.js index.html logo.svg; do echo "<svg onload=owned()><script>owned()</script>" > $f; done
mkdir -p sub && echo x > sub/evil.html`,
    ),
  ),
  served(
    "adds links to the controller's own files",
    inEvidence("tail", "ln -sf /etc/passwd calibration.json; ln -sf / root"),
  ),
  left("tells names that lead out of the folder", {
    wc: 'echo "1 ../../escaped"; echo "1 /tmp/escaped"; exec /usr/bin/wc "$@"',
  }),
  left("sends files that never end", {
    tail: `case "$*" in *jsonl|*json) ${ENDLESS};; *) exec /usr/bin/tail "$@";; esac`,
    head: "exec cat",
  }),
  left("has a file of two gigabytes", inEvidence("tail", "truncate -s 2G chunks.jsonl")),
  left("answers the looks at its jobs without an end", {
    tail: `case "$*" in *err) ${ENDLESS};; *) exec /usr/bin/tail "$@";; esac`,
  }),
  left("prints one line without an end", { "nvidia-smi": "exec tr '\\0' x </dev/zero" }),
  left("hangs when it is told that somebody lives", { touch: HANGS }),
  left("hangs when it is looked at", { head: HANGS }),
  left("hangs when its files are compared", { sha256sum: ofEvidence("sha256sum", HANGS) }),
  left("tells digests that are none", { sha256sum: ofEvidence("sha256sum", "echo nonsense; exit") }),
  left("tells its GPU's name in a terminal's own words", {
    "nvidia-smi": `printf '\\033]0;owned\\007\\033[2Jevil\\u202e, 24564, 300, 570.1\\n'`,
  }),
  left("speaks as this computer's ssh does when it is broken", {
    touch: "echo 'command-line line 0: Bad configuration option: x' >&2; exit 255",
  }),
  left("has no date", { date: "echo nonsense" }),
  {
    name: "answers in another form",
    faults: () => ({ engine: { odd: { "GET /api/ps": '{"models": [null]}' } } }),
    ends: "left",
  },
  { name: "tells of more bytes than came", faults: () => ({ engine: LARGE_PULL }), ends: "left" },
  {
    name: "sends questions on to the controller's own ports",
    faults: ({ secret }) => ({ engine: { redirects: secret } }),
    ends: "left",
  },
  { name: "answers over HTTP without an end", faults: () => ({ engine: { endless: true } }), ends: "left" },
  {
    name: "is reached, its provider says, by an option of OpenSSH",
    faults: ({ mark }) => ({ address: `-oProxyCommand=touch ${mark}` }),
    ends: "left",
  },
];
