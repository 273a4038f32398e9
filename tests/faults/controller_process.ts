// Starts the controller of a run as a process of its own.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { RUN } from "../e2e/cli.ts";
import type { Job } from "./controller.ts";
import type { Stage } from "./stage.ts";

const program = join(dirname(fileURLToPath(import.meta.url)), "controller.ts");

/** The stage's matrix as a job. */
export function jobOf({ paths: { root }, matrix, simulated, pace }: Stage, changes: Partial<Job> = {}): Job {
  return { root, matrix, clouds: simulated, pace, ...changes };
}

/** Starts a controller with variables of its own and tells it its job; its stderr is the log. */
export async function startController(
  job: Job,
  env: Record<string, string> = {},
): Promise<Deno.ChildProcess> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...RUN, "--quiet", program],
    env,
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  await new Blob([JSON.stringify(job)]).stream().pipeTo(child.stdin);
  return child;
}
