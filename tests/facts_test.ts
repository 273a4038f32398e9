// What a machine says of itself, words for its shell, and what OpenSSH's words mean: all that is read from or written to strange hosts.
import { deepEqual, equal, match, ok, rejects, throws } from "node:assert/strict";
import { type Facts, factsOf, readFacts } from "../pipeline/machines/facts.ts";
import type { Machine } from "../pipeline/machines/machine.ts";
import { connect } from "../pipeline/machines/mod.ts";
import { commandLine, exports, quote } from "../pipeline/machines/quote.ts";
import { sshFailure } from "../pipeline/machines/ssh_trouble.ts";
import { realClock } from "../pipeline/lib/clock.ts";
import { generator } from "./rented_fixtures.ts";

const BASE = ["clock 1795518000", "system Linux x86_64", "disk 58720256"];
const GPU = "gpu NVIDIA GeForce RTX 4090, 24564, 1, 570.86.15";
const CUDA =
  "cuda | NVIDIA-SMI 570.86.15              Driver Version: 570.86.15      CUDA Version: 12.8     |";
const DENO = "deno deno 2.9.6 (stable, release, x86_64-unknown-linux-gnu) /root/.deno/bin/deno";
const facts = (...lines: string[]) => readFacts([...BASE, ...lines]);

Deno.test("a machine that is ready is read whole", () => {
  deepEqual(facts(GPU, CUDA, DENO), {
    clock: 1795518000,
    system: "Linux x86_64",
    disk_free_gb: 58720256 * 1024 / 1e9,
    busy: null,
    half_configured: false,
    gpus: [{ name: "NVIDIA GeForce RTX 4090", memory_mib: 24564, used_mib: 1, driver: "570.86.15" }],
    gpu_error: null,
    cuda: 12.8,
    deno: { path: "/root/.deno/bin/deno", version: "2.9.6" },
  });
});

for (
  const [what, lines, expected] of [
    [
      "several GPUs are all told, each with its own memory",
      ["gpu NVIDIA H200, 143771, 0, 570.86.15", "gpu NVIDIA H200, 143771, 512, 570.86.15"],
      {
        gpus: [0, 512].map((used_mib) => ({
          name: "NVIDIA H200",
          memory_mib: 143771,
          used_mib,
          driver: "570.86.15",
        })),
      },
    ],
    [
      "a driver that does not match its library is told in nvidia-smi's words",
      ["gpu Failed to initialize NVML: Driver/library version mismatch", "gpu NVML library version: 570.86"],
      {
        gpus: [],
        gpu_error: "Failed to initialize NVML: Driver/library version mismatch NVML library version: 570.86",
      },
    ],
    [
      "a driver that cannot be reached is told, commas and all",
      [
        "gpu NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure, that the latest, best, NVIDIA driver runs.",
      ],
      {
        gpus: [],
        gpu_error:
          "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure, that the latest, best, NVIDIA driver runs.",
      },
    ],
    ["no devices are no GPU", ["gpu No devices were found"], {
      gpus: [],
      gpu_error: "No devices were found",
    }],
    ["no nvidia-smi is told", ["gpu nvidia-smi is not there"], { gpu_error: "nvidia-smi is not there" }],
    ["an nvidia-smi that says nothing is told", [], { gpus: [], gpu_error: "nvidia-smi prints nothing" }],
    [
      "a GPU beside one that is lost is told alone, so that their number is wrong",
      ["gpu Unable to determine the device handle for GPU0000:81:00.0: Unknown Error", GPU],
      { gpu_error: null, gpus: facts(GPU).gpus },
    ],
    [
      "used memory that is not available is none, but memory that is not available is no GPU",
      ["gpu NVIDIA A, 1000, [N/A], 570.1", "gpu NVIDIA B, [N/A], [N/A], 570.1"],
      { gpus: [{ name: "NVIDIA A", memory_mib: 1000, used_mib: 0, driver: "570.1" }] },
    ],
    ["a CUDA version of thirteen is a number", [CUDA.replace("12.8", "13.0")], { cuda: 13 }],
    ["a CUDA version that is not available is null", [CUDA.replace("12.8", "N/A")], { cuda: null }],
    ["a machine that cloud-init still sets up is busy", ["busy cloud-init"], { busy: "cloud-init" }],
    ["a held package manager is busy", ["busy package manager"], { busy: "package manager" }],
    ["cloud-init comes before the package manager", ["busy cloud-init", "busy package manager"], {
      busy: "cloud-init",
    }],
    ["an interrupted package manager is seen", ["half"], { half_configured: true }],
    ["a Deno without the words of its build is read", ["deno deno 1.46.3 /usr/bin/deno"], {
      deno: { path: "/usr/bin/deno", version: "1.46.3" },
    }],
    ["a Deno of a version without an end is none", [`deno deno 2.${"9".repeat(2000)} /usr/bin/deno`], {
      deno: null,
    }],
    ["a Deno that tells no version is none", ["deno  /usr/bin/deno"], { deno: null }],
    ["words of a login banner are nothing", ["Welcome to vast.ai!", "gpus are great", "halfway"], {
      gpus: [],
      half_configured: false,
    }],
  ] as [string, string[], Partial<Facts>][]
) {
  Deno.test(what, () => {
    const read = facts(...lines);
    for (const [key, value] of Object.entries(expected)) deepEqual(read[key as keyof Facts], value, key);
  });
}

Deno.test("whatever lines come, they are read without an exception, and a GPU has a name, memory and a driver", () => {
  const random = generator(41);
  const words = [...BASE, GPU, CUDA, DENO, "half", "busy x"].flatMap((line) => line.split(/(?<=[ ,])/));
  for (let round = 0; round < 2000; round++) {
    const lines = Array.from(
      { length: random(8) },
      () => Array.from({ length: random(7) }, () => words[random(words.length)]).join(""),
    );
    for (const { name, memory_mib, driver } of readFacts(lines).gpus) {
      ok(memory_mib > 0 && typeof name === "string" && typeof driver === "string");
    }
  }
});

Deno.test("a machine's clock is held against ours at the moment it tells the time, however long the rest of its answer takes", async () => {
  let now = 1795518000_000;
  const run: Machine["run"] = (_command, { onStdout } = {}) => {
    now += 40_000;
    onStdout?.("clock 1795518340");
    now += 90_000;
    for (const line of BASE.slice(1)) onStdout?.(line);
    return Promise.resolve(0);
  };
  const { clock_ahead } = await factsOf({ run }, new AbortController().signal, () => now);
  equal(clock_ahead, 300);
});

Deno.test("the script that asks runs in this machine's own sh, and tells at least its clock, system and disk", async () => {
  const options = { machine_id: "m", run_dir: "", sockets: "", clock: realClock() };
  const signal = new AbortController().signal;
  await using machine = await connect({ kind: "here" }, {
    ...options,
    identity: { kind: "user", known_hosts: "" },
    signal,
  });
  const { clock, system, disk_free_gb, gpus, gpu_error } = await factsOf(machine, signal, Date.now);
  ok(clock > 1.7e9 && disk_free_gb > 0);
  match(system, /^[A-Z]\w+ \w+$/);
  ok(gpus.length > 0 || gpu_error !== null);
});

for (
  const [what, lines] of [
    ["no clock", BASE.slice(1)],
    ["a clock that is no number", ["clock nonsense", ...BASE.slice(1)]],
    ["a clock beyond all dates", ["clock 9e299", ...BASE.slice(1)]],
    ["a disk that is no number", [...BASE.slice(0, 2), "disk none"]],
    ["more GPUs than any machine has", [...BASE, ...Array.from({ length: 100 }, () => GPU)]],
    ["a path of 100 KB", [...BASE, `deno deno 2.9.6 /${"a".repeat(100_000)}`]],
  ] as const
) {
  Deno.test(`[hostile_output] a machine that tells ${what} is not believed`, async () => {
    await rejects(told(lines), (error: Error & { code?: string }) => {
      equal(error.code, "hostile_output");
      match(error.message, /^Cannot believe what the machine says of itself: (clock|disk|gpus|deno)/);
      ok(error.message.length < 300);
      return true;
    });
  });
}

Deno.test("names that a machine tells are short, and nothing in them cannot be seen", async () => {
  const odd = `\x1b]0;owned\x07${"x".repeat(60_000)}\u202e`;
  const { gpus, system } = await told([`system ${odd}`, ...BASE, `gpu ${odd}, 24564, 1, ${odd}`]);
  for (const name of [system, gpus[0]?.name, gpus[0]?.driver]) equal(name, `]0;owned${"x".repeat(192)}`);
  const { gpu_error } = await told([...BASE, `gpu ${odd}`]);
  equal(gpu_error, `]0;owned${"x".repeat(292)}`);
});

/** The facts of a machine that prints `lines` when it is asked. */
function told(lines: readonly string[]): Promise<Facts> {
  const run: Machine["run"] = (_command, { onStdout } = {}) => {
    for (const line of lines) onStdout?.(line);
    return Promise.resolve(0);
  };
  return factsOf({ run }, new AbortController().signal, Date.now);
}

/** Runs a line in `sh` and returns what it printed. */
async function sh(line: string): Promise<string> {
  const { stdout } = await new Deno.Command("sh", { args: ["-c", line] }).output();
  return new TextDecoder().decode(stdout);
}

const NASTY = [
  "'",
  '"',
  "`",
  "$",
  "\\",
  "\n",
  "\t",
  " ",
  "*",
  "?",
  "[",
  "]",
  "{",
  "}",
  "(",
  ")",
  "<",
  ">",
  "|",
  "&",
  ";",
  "#",
  "~",
  "!",
  "=",
  "-",
  "%",
  "^",
  "ü",
  "日",
  "🙂",
  "a",
  "Z",
  "0",
  "$(id)",
  "${HOME}",
  "\\n",
  "''",
  "\r",
  "\x01",
  "\x7f",
  "--",
  "&&",
]; // deno-fmt-ignore

Deno.test("2000 words of everything that shells treat specially arrive as they are", async () => {
  const random = generator(43);
  const words = ["", ...NASTY];
  while (words.length < 2000) {
    words.push(Array.from({ length: 1 + random(8) }, () => NASTY[random(NASTY.length)]).join(""));
  }
  const print = `for word; do printf '%s\\036' "$word"; done`;
  const printed = await sh(commandLine(["sh", "-c", print, "sh", ...words]));
  deepEqual(printed.split("\x1e").slice(0, -1), words);
  equal(await sh(`printf %s ${words.slice(0, 200).map(quote).join("")}`), words.slice(0, 200).join(""));
});

Deno.test("variables arrive as they are, before a command and from a file; names that are none are refused", async () => {
  for (const value of ["", ...NASTY, NASTY.join("")]) {
    const print = ["sh", "-c", 'printf "%s" "$GIVEN"'];
    equal(await sh(commandLine(print, { GIVEN: value, OTHER: "x y" })), value);
    equal(await sh(`${exports({ GIVEN: value })}sh -c 'printf "%s" "$GIVEN"'`), value);
  }
  for (const name of ["", "1A", "A-B", "A B", "A=B", "A;id", "Ä"]) {
    throws(() => commandLine(["true"], { [name]: "x" }), TypeError);
    throws(() => exports({ [name]: "x" }), TypeError);
  }
});

for (
  const [words, code] of [
    [["kex_exchange_identification: Connection closed by remote host"], "ssh_unreachable"],
    [["ssh: connect to host 1.2.3.4 port 40022: Connection refused"], "ssh_unreachable"],
    [["ssh: connect to host 1.2.3.4 port 22: Connection timed out"], "ssh_unreachable"],
    [["ssh: connect to host 1.2.3.4 port 22: No route to host"], "ssh_unreachable"],
    [["ssh: Could not resolve hostname ssh7.vast.ai: Name or service not known"], "ssh_unreachable"],
    [["root@1.2.3.4: Permission denied (publickey)."], "ssh_denied"],
    [["Received disconnect from 1.2.3.4 port 22:2: Too many authentication failures"], "ssh_denied"],
    [["Host key verification failed."], "host_key_changed"],
    [
      [
        "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @",
        "root@1.2.3.4: Permission denied (publickey).",
      ],
      "host_key_changed",
    ],
    [["Warning: Permanently added '1.2.3.4'.", "root@1.2.3.4: Permission denied (publickey)."], "ssh_denied"],
    [["ssh: connect to host 1.2.3.4 port 22: Network is unreachable"], "network_down"],
    [
      ["ssh: Could not resolve hostname ssh7.vast.ai: Temporary failure in name resolution"],
      "network_down",
    ],
    [["command-line line 0: keyword identityfile extra arguments at end of line"], "ssh_unusable"],
    [["command-line: line 0: Bad configuration option: nonsense"], "ssh_unusable"],
    [
      ['Load key "/x/ssh/id_ed25519": bad permissions', "u@h: Permission denied (publickey)."],
      "ssh_unusable",
    ],
    [['unix_listener: path "/x/1.AbCd" too long for Unix domain socket'], "ssh_unusable"],
    [["Received disconnect from 1.2.3.4 port 22:2: command-line line 0: x"], "ssh_unreachable"],
    [["Received disconnect from 1.2.3.4 port 22:2: x", "command-line line 0: x"], "ssh_unreachable"],
    [["Received disconnect from 1.2.3.4 port 22:2: Network is unreachable"], "ssh_unreachable"],
    [["something nobody has seen"], "ssh_unreachable"],
    [[], "ssh_unreachable"],
  ] as const
) {
  Deno.test(`ssh's words "${words.at(-1) ?? ""}" after ${words.length} lines mean ${code}`, () => {
    const failure = sshFailure("1.2.3.4:22", { words, killed: null });
    equal(failure.code, code);
    match(failure.message, /^Cannot connect to 1\.2\.3\.4:22: \S[^\n]*$/);
  });
}

Deno.test("an ssh that was ended here speaks against no machine, whatever it said before", () => {
  const { code, message } = sshFailure("1.2.3.4:22", {
    words: ["Connection reset by peer"],
    killed: "SIGKILL",
  });
  deepEqual([code, message], [
    "network_down",
    "Cannot connect to 1.2.3.4:22: this computer's ssh was ended by SIGKILL",
  ]);
});
