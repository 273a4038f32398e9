// The computer you sit at. It costs nothing, is always there, and has the GPUs it has.
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { copyFolder } from "../lib/files.ts";
import { runCommand } from "../lib/shell.ts";
import { isGpu } from "../schema/gpu_name.ts";
import type { LeaseRequest, Machine, Provider } from "./provider.ts";

export const local: Provider = {
  name: "local",

  async lease(request: LeaseRequest): Promise<Machine> {
    if (request.gpu !== "any") await requireGpu(request.gpu, request.signal);
    const workdir = join(request.run_dir, "work");
    await Deno.mkdir(workdir, { recursive: true });
    return {
      id: "local",
      workdir,
      deno: Deno.execPath(),
      run: runCommand,
      upload: (from, to) => Deno.copyFile(from, to),
      download: copyFolder,
      reach: (url) => url,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },
};

async function requireGpu(wanted: string, signal: AbortSignal): Promise<void> {
  const found: string[] = [];
  await runCommand(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"], {
    signal,
    onStdout: (line) => found.push(line.trim()),
  });
  if (found.some((name) => isGpu(wanted, name))) return;
  throw new UserError(
    `Cannot lease a machine with ${wanted} from local: this machine has ${
      found.join(", ") || "no NVIDIA GPU"
    }`,
    'Use "gpus": ["any"] to test what this machine has.',
  );
}
