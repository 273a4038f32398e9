// Asks a program of this machine, and waits no longer than a deadline for its answer.
import { cutText } from "../schema/text.ts";

/** What it printed, or why that is nothing; null when this machine has no such program. */
export type Answer = { readonly text: string } | { readonly failure: string } | null;

const DEADLINE_MS = 30_000;

export async function ask(
  program: string,
  args: readonly string[],
  deadline_ms = DEADLINE_MS,
): Promise<Answer> {
  const child = spawn(program, args);
  if (child === null) return null;
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(() => late.resolve(null), deadline_ms);
  try {
    const output = await Promise.race([child.output(), late.promise]);
    if (output === null) {
      child.kill("SIGKILL");
      return { failure: `${program} does not answer within ${deadline_ms / 1000} s` };
    }
    const text = new TextDecoder().decode(output.stdout);
    if (output.success) return { text };
    const said = firstLine(text) ?? firstLine(new TextDecoder().decode(output.stderr)) ?? "nothing";
    return { failure: `${program} ended with code ${output.code} and said ${said}` };
  } finally {
    clearTimeout(timer);
  }
}

function spawn(program: string, args: readonly string[]): Deno.ChildProcess | null {
  try {
    return new Deno.Command(program, {
      args: [...args],
      env: { TZ: "UTC" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch {
    return null;
  }
}

function firstLine(text: string): string | null {
  const line = text.split("\n").map((each) => each.trim()).find((each) => each !== "");
  return line === undefined ? null : cutText(line, 200);
}
