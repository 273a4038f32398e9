// Asks a program of this machine, and takes no more time or bytes for its answer than it may.
import { endChild, startChild } from "../lib/child.ts";
import { cutText } from "../schema/text.ts";

/** What it printed, or why that is nothing; null when this machine has no such program. */
export type Answer = { readonly text: string } | { readonly failure: string } | null;

const DEADLINE_MS = 30_000;
const MOST_BYTES = 4 * 1024 * 1024;

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
    const output = await Promise.race([outputOf(child), late.promise]);
    if (output === null) {
      endChild(child, "SIGKILL");
      return { failure: `${program} does not answer within ${deadline_ms / 1000} s` };
    }
    if (output.success) return { text: output.stdout };
    const said = firstLine(output.stdout) ?? firstLine(output.stderr) ?? "nothing";
    return { failure: `${program} ended with code ${output.code} and said ${said}` };
  } finally {
    clearTimeout(timer);
  }
}

/** What it prints up to 4 MiB, at which it is ended. */
async function outputOf(child: Deno.ChildProcess) {
  const [stdout, stderr, { success, code }] = await Promise.all([
    beginning(child.stdout, () => endChild(child, "SIGKILL")),
    beginning(child.stderr, () => endChild(child, "SIGKILL")),
    child.status,
  ]);
  return { stdout: stdout.text, stderr: stderr.text, success: success || stdout.cut, code };
}

async function beginning(stream: ReadableStream<Uint8Array>, tooMuch: () => void) {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const piece of stream) {
    const room = MOST_BYTES - bytes;
    text += decoder.decode(piece.subarray(0, Math.max(0, room)), { stream: true });
    bytes += piece.length;
    if (bytes > MOST_BYTES) {
      tooMuch();
      break;
    }
  }
  return { text, cut: bytes > MOST_BYTES };
}

function spawn(program: string, args: readonly string[]): Deno.ChildProcess | null {
  try {
    return startChild(program, {
      args: [...args],
      also: ["devices"],
      env: { TZ: "UTC" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
  } catch {
    return null;
  }
}

function firstLine(text: string): string | null {
  const line = text.split("\n").map((each) => each.trim()).find((each) => each !== "");
  return line === undefined ? null : cutText(line, 200);
}
