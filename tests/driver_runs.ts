// A run of the agent on a machine whose drivers' programs are stand-ins.
import { deepEqual } from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gpuLineFault, readGpuHeader } from "../pipeline/schema/evidence.ts";
import { Metadata } from "../pipeline/schema/metadata.ts";
import { RUN } from "./e2e/cli.ts";
import { fakeNvidiaSmi, type Options } from "./fakes/nvidia_smi.ts";
import { fakeOllama } from "./fakes/ollama.ts";

const AGENT = join(dirname(dirname(fileURLToPath(import.meta.url))), "pipeline", "agent", "main.ts");

/** What a run leaves on a machine whose programs lie in `folder`, which is removed. */
export async function measureWith(
  folder: string,
  env: Record<string, string> = {},
  look: () => Promise<void> = () => Promise.resolve(),
) {
  const out = await Deno.makeTempDir();
  try {
    await using ollama = fakeOllama(["m:latest"], {});
    await new Deno.Command(Deno.execPath(), {
      args: [...RUN, "--quiet", AGENT],
      env: {
        ...{ MODEL: "m", URL: ollama.url, DURATION: "0.3", WARMUP: "1", MAX_TOKENS: "8", OUT: out },
        PATH: `${folder}:${Deno.env.get("PATH") ?? ""}`,
        ...env,
      },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
    await look();
    const { hardware, telemetry } = Metadata.parse(
      JSON.parse(await Deno.readTextFile(join(out, "metadata.json"))),
    );
    const gpu = await Deno.readTextFile(join(out, "gpu.csv")).catch(() => null);
    const [header = "", ...rows] = (gpu ?? "").trim().split("\n");
    const log = await Deno.readTextFile(join(out, "agent.log"));
    return { gpu, header, rows, hardware, telemetry, log };
  } finally {
    await Deno.remove(out, { recursive: true });
    await Deno.remove(folder, { recursive: true });
  }
}

export async function measure(options: Options, env: Record<string, string> = {}) {
  return await measureWith(await fakeNvidiaSmi(options), env);
}

/** All rows can be read. */
export function readable({ header, rows }: { header: string; rows: string[] }): void {
  const { columns } = readGpuHeader(header);
  deepEqual(rows.map((row) => gpuLineFault(row, columns)).filter((fault) => fault !== null), []);
}

/** A program named `name` that answers as this shell script does. */
export async function program(name: string, script: string): Promise<string> {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return folder;
}
