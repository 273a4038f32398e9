// PURE. What OpenSSH's words mean, and whose fault it is.
import { Failure, type FailureCode } from "../schema/failures.ts";
import type { SshEnd } from "./ssh_process.ts";

const MEANINGS: readonly (readonly [RegExp, FailureCode])[] = [
  [/^command-line:? line \d+|Bad configuration option|terminating, \d+ bad configuration/im, "ssh_unusable"],
  [/REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed/i, "host_key_changed"],
  [/Permission denied|Too many authentication failures/i, "ssh_denied"],
  [/Network is (unreachable|down)|Temporary failure in name resolution/i, "network_down"],
  [
    /Connection (refused|timed out|reset|closed)|No route to host|Operation timed out|kex_exchange_identification/i,
    "ssh_unreachable",
  ],
];

/** What lies at this computer or its network, and speaks against no machine. */
export const OF_THIS_SIDE: readonly FailureCode[] = ["ssh_unusable", "network_down"];

/** The Failure for how ssh ended when it could not connect, or no longer was. */
export function sshFailure(address: string, { words, killed }: Omit<SshEnd, "code">): Failure {
  if (killed !== null) {
    return new Failure(
      "network_down",
      `Cannot connect to ${address}: this computer's ssh was ended by ${killed}`,
    );
  }
  const lines = words.map((line) => line.trim()).filter((line) => line !== "");
  const code = MEANINGS.find(([pattern]) => pattern.test(lines.join("\n")))?.[1] ?? "ssh_unreachable";
  const told = lines.join(" ").slice(-300).toWellFormed();
  return new Failure(code, `Cannot connect to ${address}: ${told || "ssh ended without a word"}`);
}
