// PURE. What OpenSSH's own words mean, and whose fault it is. A machine's words are never read as those.
import { messageOf } from "../errors.ts";
import type { ChildEnd } from "../lib/hear_child.ts";
import { Failure, type FailureCode } from "../schema/failures.ts";

/** What speaks against this side must be said as OpenSSH says it, from the beginning of a line. */
const MEANINGS: readonly (readonly [RegExp, FailureCode])[] = [
  [
    /^command-line:? line \d+|^\S.*: line \d+: Bad configuration option|^\S.*: terminating, \d+ bad configuration/im,
    "ssh_unusable",
  ],
  [
    /^(@\s+WARNING: UNPROTECTED PRIVATE KEY FILE|Load key ".*": bad permissions|.*too long for Unix domain socket|ControlPath too long)/im,
    "ssh_unusable",
  ],
  [/REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed/i, "host_key_changed"],
  [/Permission denied|Too many authentication failures/i, "ssh_denied"],
  [
    /^ssh: (connect to host .*: Network is (unreachable|down)|Could not resolve hostname .*: Temporary failure in name resolution)/im,
    "network_down",
  ],
  [
    /Connection (refused|timed out|reset|closed)|No route to host|Operation timed out|kex_exchange_identification/i,
    "ssh_unreachable",
  ],
];
/** From here on a line may hold the server's own words, line breaks among them. */
const OF_SERVER = /^(Received disconnect|Disconnected) from |^Unable to negotiate /i;
/** The system's word for a command that is longer than one may be. */
const TOO_LONG = /Argument list too long/i;

/** What lies at this computer or its network, and speaks against no machine. */
export const OF_THIS_SIDE: readonly FailureCode[] = ["ssh_unusable", "network_down"];

/** The Failure for how ssh ended when it could not connect, or no longer was. */
export function sshFailure(
  address: string,
  { words, killed }: Pick<ChildEnd, "words" | "killed">,
  said: readonly string[] = [],
): Failure {
  if (killed !== null) {
    return new Failure(
      "network_down",
      `Cannot connect to ${address}: this computer's ssh was ended by ${killed}`,
    );
  }
  const lines = words.map((line) => line.trim()).filter((line) => line !== "");
  const told = [...lines, ...said].join(" ").slice(-300).toWellFormed();
  return new Failure(
    meaningOf(lines),
    `Cannot connect to ${address}: ${told.trim() || "ssh ended without a word"}`,
  );
}

function meaningOf(lines: readonly string[]): FailureCode {
  const server = lines.findIndex((line) => OF_SERVER.test(line));
  const own = (server < 0 ? lines : lines.slice(0, server + 1)).join("\n");
  return MEANINGS.find(([pattern]) => pattern.test(own))?.[1] ?? "ssh_unreachable";
}

/** The Failure for an ssh that could not be started: this computer's, unless what the machine told made its command too long. */
export function startFailure(error: unknown): Failure {
  const why = messageOf(error);
  return TOO_LONG.test(why)
    ? new Failure("hostile_output", `Cannot run a command on the machine: ${why}`, { cause: error })
    : new Failure("network_down", `Cannot start this computer's ssh: ${why}`, { cause: error });
}
