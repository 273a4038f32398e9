// OpenSSH's client as a child process that Ctrl-C does not reach.
import { endChild, startChild } from "../lib/child.ts";
import { throwIfAborted } from "../lib/clock.ts";
import { type ChildEnd, hearChild, type Hearing } from "../lib/hear_child.ts";
import { startFailure } from "./ssh_trouble.ts";

const GRACE_MS = 2000;

/** Starts `ssh` apart from our terminal, told of the user's own agent where it may use it; a Failure when that cannot be done. */
export function startSsh(args: readonly string[], stdin: "piped" | "null"): Deno.ChildProcess {
  try {
    return startChild("ssh", {
      args: [...args],
      also: ["agent"],
      stdin,
      stdout: "piped",
      stderr: "piped",
      detached: true,
    });
  } catch (error) {
    throw startFailure(error);
  }
}

/**
 * Runs `ssh` to its end. A shared connection holds the output open for as long as the command on the machine runs, whatever
 * becomes of this process.
 */
export async function runSsh(args: readonly string[], options: Hearing): Promise<ChildEnd> {
  throwIfAborted(options.signal);
  const child = startSsh(args, options.stdin === undefined ? "null" : "piped");
  return await hearChild(child, options, { send: endChild, grace_ms: GRACE_MS });
}
