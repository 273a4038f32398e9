// What every provider must do: a machine on which commands run, files move, and nothing is left behind.
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { join } from "node:path";
import { providers } from "../../pipeline/providers/mod.ts";
import { PROVIDERS } from "../../pipeline/schema/names.ts";
import { fakeNvidiaSmi } from "../fakes/nvidia_smi.ts";
import { temporaryRoot } from "../fixtures.ts";

for (const name of PROVIDERS) {
  const lease = (run_dir: string, log: { info(text: string): void; warn(text: string): void }, gpu = "any") =>
    providers[name].lease({ lease_id: "l", gpu, run_dir, signal: new AbortController().signal, log });

  Deno.test(`${name} runs commands with their environment, tells each line and the exit code`, async () => {
    await using root = await temporaryRoot();
    await using machine = await lease(root.paths.root, root.log);
    const out: string[] = [];
    const err: string[] = [];
    const code = await machine.run(["bash", "-c", 'echo "$GREETING  you"; echo bad >&2; exit 3'], {
      env: { GREETING: 'it\'s "quoted" $HOME' },
      onStdout: (line) => out.push(line),
      onStderr: (line) => err.push(line),
    });
    deepEqual([code, out, err], [3, ['it\'s "quoted" $HOME  you'], ["bad"]]);
  });

  Deno.test(`${name} moves files there and folders back, byte for byte`, async () => {
    await using root = await temporaryRoot();
    await using machine = await lease(root.paths.root, root.log);
    const bytes = crypto.getRandomValues(new Uint8Array(10_000));
    const file = join(root.paths.root, "file");
    await Deno.writeFile(file, bytes);
    await machine.run(["mkdir", "-p", join(machine.workdir, "a folder")]);
    await machine.upload(file, join(machine.workdir, "a folder", "file"));
    await machine.download(join(machine.workdir, "a folder"), join(root.paths.root, "back"));
    deepEqual(await Deno.readFile(join(root.paths.root, "back", "file")), bytes);
    await rejects(
      machine.download(join(machine.workdir, "none"), join(root.paths.root, "x")),
      Deno.errors.NotFound,
    );
  });

  Deno.test(`${name} has a Deno that runs`, async () => {
    await using root = await temporaryRoot();
    await using machine = await lease(root.paths.root, root.log);
    const out: string[] = [];
    equal(await machine.run([machine.deno, "--version"], { onStdout: (line) => out.push(line) }), 0);
    ok(out[0]?.startsWith("deno "));
  });

  Deno.test(`${name} ends a command when it is told to stop`, async () => {
    await using root = await temporaryRoot();
    await using machine = await lease(root.paths.root, root.log);
    const stop = new AbortController();
    const code = await machine.run(["bash", "-c", "echo ready; exec sleep 60"], {
      signal: stop.signal,
      onStdout: () => stop.abort(),
    });
    ok(code !== 0);
  });
}

Deno.test("local has the GPUs it has, and refuses a lease for another", async () => {
  await using root = await temporaryRoot();
  const path = Deno.env.get("PATH") ?? "";
  const folder = await fakeNvidiaSmi(1);
  const ask = (gpu: string) =>
    providers.local.lease({
      lease_id: "l",
      gpu,
      run_dir: root.paths.root,
      signal: new AbortController().signal,
      log: root.log,
    });
  await rejects(ask("RTX 4090"), /this machine has no NVIDIA GPU/);
  Deno.env.set("PATH", `${folder}:${path}`);
  try {
    await (await ask("RTX 4090"))[Symbol.asyncDispose]();
    await rejects(ask("H100 SXM"), /this machine has NVIDIA GeForce RTX 4090/);
  } finally {
    Deno.env.set("PATH", path);
    await Deno.remove(folder, { recursive: true });
  }
});
