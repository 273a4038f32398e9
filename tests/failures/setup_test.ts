// Reasons that a machine shows while it is set up: each is provoked on a simulated machine, and another host is tried.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { NEWEST_OLLAMA, OLLAMA_VERSION, ollamaProgram } from "../cloud/releases.ts";
import { sshHost } from "../cloud/ssh_host.ts";
import { fakeOllama } from "../fakes/ollama.ts";
import { setStage } from "../faults/stage.ts";
import { ended, evidenceOf, first, givesUp, run, skipAt, stageWith, succeeded, TEST, tidy } from "./trial.ts";

/** Images that bring Ollama, the newest and an older one. */
const OLLAMA_IMAGE = { ollama: ollamaProgram(NEWEST_OLLAMA) };
const OLD_IMAGE = { ollama: ollamaProgram("0.9.6") };

Deno.test("[not_ready] a package manager that stays locked is waited for, then the host is left", async () => {
  const found = /after 600 s package manager is still at work/;
  const { said } = await givesUp({ dpkgLocked: -1 }, { code: "not_ready", at: "setup", found }, {
    events: skipAt("waiting for package manager", 600),
  });
  ok(said.some((line) => line.includes("waiting for package manager")));
});

Deno.test("a package manager that is locked for a while is waited for, and nothing fails", async () => {
  await using stage = await stageWith({ machines: first({ dpkgLocked: 3 }) });
  const result = await run(stage);
  await succeeded(result, result.rows[0], "1", 1);
  equal(stage.said.filter((line) => line.includes("waiting for package manager")).length, 3);
  tidy(result);
});

Deno.test("a package manager that was interrupted is repaired, and nothing fails", async () => {
  await using stage = await stageWith({ machines: first({ halfConfigured: true }) });
  const result = await run(stage);
  await succeeded(result, result.rows[0], "1", 1);
  const [machine] = stage.cloud("vastai").cloud.machines.values();
  ok((await Deno.stat(join(machine?.running?.home ?? "", "..", "state", "repaired"))).isFile);
  tidy(result);
});

Deno.test("[driver_not_ready] a host whose driver never answers is left, and the next one measures", async () => {
  const found = /Failed to initialize NVML: Driver\/library version mismatch/;
  await givesUp({ driverFails: -1 }, { code: "driver_not_ready", at: "setup", found }, {
    events: skipAt("waiting for the driver", 300),
  });
});

Deno.test("a driver that is still being built is waited for, and nothing fails", async () => {
  await using stage = await stageWith({ machines: first({ driverFails: 4 }) });
  const result = await run(stage);
  await succeeded(result, result.rows[0], "1", 1);
  tidy(result);
});

Deno.test("[driver_too_old] a driver below the CUDA version that was asked for is told with both versions", async () => {
  const found = /CUDA 12.4 was asked for.*it has 12.2/;
  await givesUp({ cuda: "12.2" }, { code: "driver_too_old", at: "setup", found });
});

Deno.test("[wrong_gpu] another card than was offered is told by its name", async () => {
  const cards = [{ name: "NVIDIA GeForce RTX 3080", memory_mib: 10_240 }];
  const found = /Cannot measure RTX 4090: the machine has NVIDIA GeForce RTX 3080/;
  await givesUp({ cards }, { code: "wrong_gpu", at: "setup", found });
});

Deno.test("[wrong_gpu] two cards instead of one, and one with less memory, are no better", async () => {
  const card = { name: "NVIDIA GeForce RTX 4090", memory_mib: 24_450 };
  await using stage = await stageWith({
    machines: (n) => ({ cards: n === 1 ? [card, card] : [{ ...card, memory_mib: 12_000 }] }),
  });
  const result = await run(stage);
  const found = /RTX 4090 with 12000 MiB instead of 24453/;
  ended(result, result.rows[0], { code: "wrong_gpu", at: "setup", found });
  ok(result.lines.some((line) => line.event === "retry" && line.reason.includes("(2 instead of 1)")));
  tidy(result);
});

Deno.test("[cuda_failed] a GPU that the engine cannot use is found before anything is measured", async () => {
  const found = /Cannot go on with this machine: the engine puts qwen2:1.5b beside the GPU/;
  const { said } = await givesUp({ engine: { noCuda: true } }, { code: "cuda_failed", at: "setup", found });
  equal(said.filter((line) => line.endsWith("pulling qwen2:7b")).length, 1);
});

Deno.test("[disk_too_small] a machine with less disk than was asked for is left with the free disk told", async () => {
  const found = /2\.0 GB of disk are free/;
  await givesUp({ diskGb: 2 }, { code: "disk_too_small", at: "setup", found });
});

Deno.test("[install_failed] the last lines of an installer that fails are shown, and another host is tried", async () => {
  const found = /Cannot install Ollama: cannot fetch https:\/\/github\.com\/ollama\/\S+: curl: \(22\) .* 404/;
  const { said } = await givesUp({ publisher: "missing" }, { code: "install_failed", at: "setup", found });
  ok(said.some((line) => /^vastai\S* {4}cannot fetch https/.test(line)), said.join("\n"));
});

Deno.test("[install_failed] an engine that comes in part is not used", async () => {
  const found = /Cannot install Ollama: cannot fetch \S+: curl: \(18\)/;
  await givesUp({ publisher: "cut" }, { code: "install_failed", at: "setup", found });
});

Deno.test("[install_failed] an engine whose publisher tells no checksum is not used", async () => {
  const found = /Cannot install Ollama: no SHA-256 of ollama-linux-\w+\.tgz is told by \S+\/sha256sum\.txt/;
  const engines = [{ name: "ollama" as const, version: "latest" }];
  await givesUp({ publisher: "unlisted" }, { code: "install_failed", at: "setup", found }, {
    test: { engines },
  });
});

Deno.test("[wrong_checksum] an engine that is not its publisher's is not run, and its host is left", async () => {
  const found =
    /Cannot install Ollama: wrong SHA-256: ollama-linux-\w+\.tar\.zst has [0-9a-f]{64} instead of [0-9a-f]{64}/;
  const { said } = await givesUp({ publisher: "altered" }, { code: "wrong_checksum", at: "setup", found });
  equal(said.filter((line) => line.endsWith("pulling qwen2:7b")).length, 1);
});

Deno.test("[wrong_checksum] a Deno that is not its publisher's is not run either", async () => {
  const found = /Cannot install Deno on the machine: wrong SHA-256: deno-aarch64-unknown-linux-gnu\.zip has /;
  await givesUp(
    { noDeno: true, system: "Linux aarch64", publisher: "altered" },
    { code: "wrong_checksum", at: "setup", found },
  );
});

Deno.test("a machine of another kind fetches Deno's release, and nothing fails", async () => {
  await using stage = await stageWith({ machines: first({ noDeno: true, system: "Linux aarch64" }) });
  const result = await run(stage);
  await succeeded(result, result.rows[0], "1", 1);
  tidy(result);
});

Deno.test("a machine's own Deno of another version is not used: ours comes, and the evidence tells which", async () => {
  const deno =
    'echo "deno 2.8.0 (stable, release, x86_64-unknown-linux-gnu)"; [ "$1" = --version ] || exit 1';
  await using stage = await stageWith({ machines: first({ image: { deno } }) });
  const result = await run(stage);
  await succeeded(result, result.rows[0], "1", 1);
  const { metadata } = await evidenceOf(stage, result.rows[0]?.raw_dir ?? "");
  equal(metadata.agent_runtime, `deno ${Deno.version.deno}`);
  tidy(result);
});

const ASSET = `ollama-linux-${Deno.build.arch === "x86_64" ? "amd64" : "arm64"}.tar.zst`;
const fetched = (version: string) =>
  `https://github.com/ollama/ollama/releases/download/v${version}/${ASSET}`;

for (
  const [what, asked, image, version, source] of [
    ["of which no version is asked for is the usual one", null, {}, OLLAMA_VERSION, fetched(OLLAMA_VERSION)],
    ["of which the latest is asked for is the newest", "latest", {}, NEWEST_OLLAMA, fetched(NEWEST_OLLAMA)],
    ["of which a version is asked for is that", NEWEST_OLLAMA, {}, NEWEST_OLLAMA, fetched(NEWEST_OLLAMA)],
    ["that the image brings is taken where none is asked for", null, OLLAMA_IMAGE, null, "image"],
    ["that the image brings as asked is taken", NEWEST_OLLAMA, OLLAMA_IMAGE, NEWEST_OLLAMA, "image"],
    ["that the image brings as the newest is taken", "latest", OLLAMA_IMAGE, NEWEST_OLLAMA, "image"],
    [
      "that the image brings in another version is left, and the one that is asked for comes beside it",
      NEWEST_OLLAMA,
      OLD_IMAGE,
      NEWEST_OLLAMA,
      fetched(NEWEST_OLLAMA),
    ],
  ] as const
) {
  Deno.test(`an engine ${what}; the evidence tells what was asked, taken and compared`, async () => {
    await using stage = await stageWith({ machines: first({ image }) }, {
      engines: [{ name: "ollama", ...(asked === null ? {} : { version: asked }) }],
    });
    const result = await run(stage);
    await succeeded(result, result.rows[0], "1", 1);
    const { metadata } = await evidenceOf(stage, result.rows[0]?.raw_dir ?? "");
    const { runtime_version, runtime_install: { sha256, ...told } } = metadata.model;
    deepEqual(told, { asked, version, source });
    equal(runtime_version, version ?? NEWEST_OLLAMA);
    match(String(sha256), source === "image" ? /^null$/ : /^[0-9a-f]{64}$/);
    tidy(result);
  });
}

Deno.test("two versions of an engine share a machine, and each result is of its own", async () => {
  await using stage = await stageWith({}, {
    engines: ["ollama", { name: "ollama", version: NEWEST_OLLAMA }],
  });
  const result = await run(stage);
  equal(result.machines.length, 1);
  const versions = await Promise.all(result.rows.map(async ({ raw_dir }) => {
    const { metadata } = await evidenceOf(stage, raw_dir ?? "");
    return metadata.model.runtime_version;
  }));
  deepEqual(versions, [OLLAMA_VERSION, NEWEST_OLLAMA]);
  deepEqual(result.rows.map(({ entry_id }) => entry_id), [
    "vastai-rtx-4090-ollama-qwen2-7b-standard",
    "vastai-rtx-4090-ollama-0.13.1-qwen2-7b-standard",
  ]);
  tidy(result);
});

Deno.test("[engine_not_answering] a server that does not start is tried again there, then elsewhere, with its last words", async () => {
  const found = /Cannot start Ollama: it ended: Error: listen tcp: address already in use/;
  const { machines } = await givesUp(
    { engine: { dead: true } },
    { code: "engine_not_answering", at: "setup", found },
    { tries: 2 },
  );
  equal(machines.filter(({ offer }) => offer.provider === "vastai").length, 2);
});

Deno.test("[engine_missing] a host of the user's own without an engine is told, and nothing is installed on it", async () => {
  await using host = await sshHost();
  await using stage = await setStage({
    clouds: {},
    tests: [{ ...TEST, providers: ["ssh"], engines: [{ name: "ollama", url: "http://127.0.0.1:9" }] }],
  });
  const { user, key_file, running: { port } } = host;
  const hosts = [{ name: "desk", host: "127.0.0.1", port, user, key_file, gpu: "RTX 4090" }];
  await Deno.mkdir(stage.paths.runs, { recursive: true });
  await Deno.writeTextFile(join(stage.paths.runs, "hosts.json"), JSON.stringify({ hosts }));
  const result = await run(stage);
  const found = /Cannot reach an engine at http:\/\/127.0.0.1:9/;
  const hint = "Start the engine, or put its address into the matrix as the engine's url.";
  ended(result, result.rows[0], { code: "engine_missing", at: "setup", found, hint });
  equal(result.rows[0]?.attempts, 1);
  tidy(result);
});

Deno.test("[wrong_version] an engine of another version on a host of the user's own is told, and not measured", async () => {
  await using server = fakeOllama(["qwen2:7b"]);
  await using host = await sshHost();
  await using stage = await setStage({
    clouds: {},
    tests: [{
      ...TEST,
      providers: ["ssh"],
      engines: [{ name: "ollama", url: server.url, version: "0.40.2" }],
    }],
  });
  const { user, key_file, running: { port } } = host;
  const hosts = [{ name: "desk", host: "127.0.0.1", port, user, key_file, gpu: "RTX 4090" }];
  await Deno.mkdir(stage.paths.runs, { recursive: true });
  await Deno.writeTextFile(join(stage.paths.runs, "hosts.json"), JSON.stringify({ hosts }));
  const result = await run(stage);
  const found = /Cannot measure Ollama 0\.40\.2: 0\.\d+\.\d+ answers/;
  ended(result, result.rows[0], { code: "wrong_version", at: "setup", found });
  equal(result.rows[0]?.attempts, 1);
  tidy(result);
});

Deno.test("[agent_not_there] a machine on which Deno does not run is left", async () => {
  const found = /Cannot install Deno on the machine: there is no Deno for Linux riscv64/;
  await givesUp(
    { noDeno: true, system: "Linux riscv64" },
    { code: "agent_not_there", at: "setup", found },
  );
});

Deno.test("[hostile_output] a machine whose engine answers nonsense is left, and others go on", async () => {
  const found = /Cannot use Ollama: .*"<html>It works!<\/html>", which is no JSON object/;
  await givesUp({ engine: { nonsense: true } }, { code: "hostile_output", at: "setup", found });
});

Deno.test("[failed] an engine of the user's own that answers in another form is told as what it is, and nothing more is tried", async () => {
  const answers: Readonly<Record<string, string>> = {
    "/api/version": '{"version": "0.40.2"}',
    "/api/tags": '{"models": [{"name": "qwen2:7b"}]}',
    "/api/ps": '{"models": 7}',
  };
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => undefined },
    (request) => new Response(answers[new URL(request.url).pathname] ?? "{}"),
  );
  await using stage = await setStage({
    clouds: {},
    tests: [{
      ...TEST,
      providers: ["local"],
      gpus: ["any"],
      engines: [{ name: "ollama", url: `http://127.0.0.1:${server.addr.port}` }],
    }],
  });
  const result = await run(stage);
  const found = /Cannot ask what is loaded: in the answer of \S+ models: it is 7, it must be a list/;
  const hint = "Check that the url is the engine's own.";
  ended(result, result.rows[0], { code: "failed", at: "load", found, hint });
  match(result.said.join("\n"), /failed: failed at load on \S+: Cannot ask what is loaded/);
  tidy(result);
});
