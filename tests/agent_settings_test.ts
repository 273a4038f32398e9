// The agent's settings as people meet them: one table for help, README and the agent, times and names as they are written.
import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { join } from "node:path";
import { readConfig } from "../pipeline/agent/config.ts";
import { helpText } from "../pipeline/agent/help.ts";
import { misspelt } from "../pipeline/agent/misspelt.ts";
import { SETTINGS, Settings } from "../pipeline/agent/settings.ts";
import { pathsOf } from "../pipeline/paths.ts";
import { secondsIn } from "../pipeline/schema/seconds.ts";

const { repository } = pathsOf();
const NAMES = SETTINGS.map(({ name }) => name);
const read = (env: Record<string, string>, names: string[] = []) =>
  readConfig({ MODEL: "m", ...env }, new Date(0), names);

Deno.test("the README's table of settings is the agent's", async () => {
  const readme = await Deno.readTextFile(join(repository, "README.md"));
  const rows = readme.split("\n").filter((line) => /^\| `[A-Z_]+` /.test(line))
    .map((line) => line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim().replaceAll("\\|", "|")));
  deepEqual(
    rows,
    SETTINGS.map(({ name, meaning, usual, example }) => [`\`${name}\``, meaning, usual, `\`${example}\``]),
  );
});

Deno.test("the help tells each setting with its default and an example, on lines of a terminal's width", () => {
  const help = helpText();
  for (const { name, meaning, usual } of SETTINGS) {
    ok(help.includes(`\n${name.padEnd(16)}${meaning}\n${" ".repeat(16)}default: ${usual}\n`), name);
  }
  ok(help.split("\n").every((line) => line.length <= 100 || line.includes("example: ")));
});

for (const { name, example } of SETTINGS) {
  Deno.test(`the example of ${name} can be used as printed`, () => {
    const also = name === "METRICS_URL" || name === "METRICS_NAMES"
      ? SETTINGS.filter((other) => other.name.startsWith("METRICS_"))
      : [];
    read(Object.fromEntries([...also, { name, example }].map((each) => [each.name, each.example])));
  });
}

Deno.test("a default that is told is the one that holds", () => {
  const set = Settings.parse({ MODEL: "m" });
  for (const { name, usual } of SETTINGS) {
    const value = (set as Record<string, unknown>)[name];
    if (value === undefined || name === "MODEL") continue;
    equal(usual, typeof value === "object" ? JSON.stringify(value) : String(value), name);
  }
  const { concurrency, settle_seconds, out, url } = read({});
  deepEqual([concurrency, settle_seconds, out, url], [
    [1],
    0,
    "bench_19700101_000000",
    "http://127.0.0.1:11434",
  ]);
  equal(read({ LOAD: '{"kind": "ladder", "most": 8}', DURATION: "1m" }).settle_seconds, 6);
});

for (
  const [env, url] of [
    [{ ENGINE: "vllm" }, "http://127.0.0.1:8000"],
    [{ ENGINE: "sglang" }, "http://127.0.0.1:30000"],
    [{ ENGINE: "llama.cpp" }, "http://127.0.0.1:8080"],
    [{ ENGINE: "openai" }, "http://127.0.0.1:8000"],
    [{ OLLAMA_HOST: "0.0.0.0:1234" }, "http://127.0.0.1:1234"],
    [{ OLLAMA_HOST: "" }, "http://127.0.0.1:11434"],
    [{ OLLAMA_HOST: "no address", ENGINE: "vllm" }, "http://127.0.0.1:8000"],
    [{ OLLAMA_HOST: "a:1", URL: "http://b:2/" }, "http://b:2"],
    [{ URL: "http://b:2/v1/" }, "http://b:2"],
    [{ URL: "http://b:2/v1/", ENGINE: "openai" }, "http://b:2/v1"],
  ] as [Record<string, string>, string][]
) {
  Deno.test(`${JSON.stringify(env)} leads the agent to ${url}`, () => equal(read(env).url, url));
}

Deno.test("without an address an engine that is started for a run is refused, and OLLAMA_HOST that is none", () => {
  throws(() => read({ ENGINE: "embedded" }), /URL: it is missing, and embedded has no usual port/);
  throws(
    () => read({ OLLAMA_HOST: "no address" }),
    /OLLAMA_HOST: it is no address such as 127\.0\.0\.1:11434/,
  );
});

for (
  const [text, seconds] of [
    ["300", 300],
    ["0.5", 0.5],
    ["1e-7", 1e-7],
    ["300s", 300],
    ["5m", 300],
    ["5min", 300],
    ["1h", 3600],
    ["1.5h", 5400],
    ["1h30m", 5400],
    ["500ms", 0.5],
    [" 5m ", 300],
    ["1d", 86_400],
    ["", null],
    ["5 minutes", null],
    ["m", null],
    ["-5m", null],
    ["5m3", null],
    ["Infinity", null],
  ] as const
) {
  Deno.test(`a time of "${text}" is ${seconds ?? "refused"}`, () => equal(secondsIn(text), seconds));
}

Deno.test("an empty level is refused as it was written, not as one of 0", () => {
  for (const CONCURRENCY of ["1,,2", "1,", " ", "1.5", "many"]) {
    throws(() => read({ CONCURRENCY }), /CONCURRENCY: it is ".*", it must be whole numbers/, CONCURRENCY);
  }
  deepEqual(read({ CONCURRENCY: "1, 16" }).concurrency, [1, 16]);
});

Deno.test("DURATION, SETTLE and TIMEOUT are read alike, and what is no time is refused with the forms that are", () => {
  const { duration_seconds, settle_seconds, timeout_seconds } = read({
    DURATION: "5m",
    SETTLE: "30s",
    TIMEOUT: "1h",
  });
  deepEqual([duration_seconds, settle_seconds, timeout_seconds], [300, 30, 3600]);
  for (const name of ["DURATION", "SETTLE", "TIMEOUT"]) {
    throws(
      () => read({ [name]: "long" }),
      new RegExp(`${name}: it is "long", it must be seconds, or a time such as`),
    );
  }
  throws(() => read({ DURATION: "0s" }), /DURATION: it is 0, it must be at least/);
});

for (
  const [name, meant] of [
    ["CONCURENCY", "CONCURRENCY"],
    ["CONCURRENTCY", "CONCURRENCY"],
    ["DURATOIN", "DURATION"],
    ["Duration", "DURATION"],
    ["MAXTOKENS", "MAX_TOKENS"],
    ["MAX_TOKEN", "MAX_TOKENS"],
    ["WARM_UP", "WARMUP"],
    ["ENGIN", "ENGINE"],
    ["TIEMOUT", "TIMEOUT"],
    ["APIKEY", "API_KEY"],
    ["seed", "SEED"],
    ["METRIC_URL", "METRICS_URL"],
  ] as const
) {
  Deno.test(`${name} is taken for ${meant} under a wrong name, unless that is set too`, () => {
    deepEqual(misspelt([name], NAMES), [{ name, meant }]);
    deepEqual(misspelt([name, meant], NAMES), []);
  });
}

/** What stands in the environments of shells, desktops, CI, GPU images, package managers and other programs. */
const ORDINARY =
  `HOME USER LOGNAME SHELL PATH PWD OLDPWD SHLVL TERM COLORTERM LANG LC_ALL LC_CTYPE LANGUAGE TZ
  EDITOR VISUAL PAGER LESS LS_COLORS DISPLAY WAYLAND_DISPLAY XAUTHORITY XDG_RUNTIME_DIR XDG_SESSION_ID
  XDG_DATA_DIRS DBUS_SESSION_BUS_ADDRESS SSH_AUTH_SOCK SSH_CONNECTION SSH_TTY HOSTNAME HOST HOSTTYPE MACHTYPE
  OSTYPE PROMPT PROMPT_COMMAND PS1 PS2 MODE MODEL_PATH MODEL_NAME MODELS_DIR TIMEOUT_x ENGINE_URL BASE_URL
  API_URL APP_KEY OPENAI_API_KEY HF_TOKEN HF_HOME CUDA_HOME CUDA_VISIBLE_DEVICES NVIDIA_VISIBLE_DEVICES
  LD_LIBRARY_PATH OLLAMA_MODELS OLLAMA_HOME OLLAMA_PORT OLLAMA_KEEP_ALIVE VLLM_PORT VIRTUAL_ENV CONDA_PREFIX PYTHONPATH
  NODE_ENV NVM_DIR DENO_DIR DENO_CERT CI SHARD GITHUB_ACTIONS RUNNER_OS PORT DEBUG LOG_LEVEL OUTPUT OUTPUT_DIR
  HTTP_PROXY https_proxy NO_PROXY SSL_CERT_FILE MAIL _ SystemRoot ComSpec PATHEXT PROCESSOR_ARCHITECTURE APPDATA
  NUMBER_OF_PROCESSORS out src name system PROCESS RUNPOD_POD_ID CONTAINER_ID CONTAINER_API_KEY`
    .split(/\s+/).filter((name) => name !== "");

Deno.test("ordinary variables are no settings under a wrong name", () => {
  ok(ORDINARY.length >= 60);
  deepEqual(misspelt(ORDINARY, NAMES), []);
  equal(read({}, ORDINARY).model, "m");
});

Deno.test("a setting under a wrong name is refused with the name that is meant, and its value is not told", () => {
  throws(
    () => readConfig({ MODEL: "m" }, new Date(), ["CONCURENCY"]),
    (error: Error & { exitCode?: number }) =>
      /CONCURENCY: no setting has this name \(did you mean CONCURRENCY\?\)/.test(error.message) &&
      error.exitCode === 2,
  );
});

async function agent(args: string[], env: Record<string, string>) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--node-modules-dir=manual", join(repository, "pipeline/agent/main.ts"), ...args],
    env: { NO_COLOR: "1", ...env },
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out: out ?? "", err: err ?? "" };
}

for (const flag of ["--help", "-h"]) {
  Deno.test(`the agent answers ${flag} and measures nothing`, async () => {
    deepEqual(await agent([flag], { MODEL: "m" }), { code: 0, out: helpText(), err: "" });
  });
}

Deno.test("the agent refuses a misspelt variable of its environment, and settings that stand behind it, without their values", async () => {
  const wrong = await agent([], { MODEL: "m", CONCURENCY: "secret-16" });
  equal(wrong.code, 2);
  match(wrong.err, /^Cannot start the agent: CONCURENCY: .* take it out of the environment/);
  const behind = await agent(["API_KEY=secret-16"], { MODEL: "m" });
  equal(behind.code, 2);
  match(behind.err, /^Cannot start the agent: API_KEY stands behind agent\.js\. .*--help/);
  for (const { err } of [wrong, behind]) ok(!err.includes("secret-16"));
});
