// PURE. What OpenSSH's words mean.
import { Failure, type FailureCode } from "../schema/failures.ts";

const MEANINGS: readonly (readonly [RegExp, FailureCode])[] = [
  [/REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed/i, "host_key_changed"],
  [/Permission denied|Too many authentication failures/i, "ssh_denied"],
  [
    /Connection (refused|timed out|reset|closed)|No route to host|Network is unreachable|Operation timed out|kex_exchange_identification|Could not resolve/i,
    "ssh_unreachable",
  ],
];

/** The Failure for ssh's last words when it could not connect. */
export function sshFailure(address: string, words: readonly string[]): Failure {
  const text = words.map((line) => line.trim()).filter((line) => line !== "").join(" ").slice(-300)
    .toWellFormed();
  const code = MEANINGS.find(([pattern]) => pattern.test(text))?.[1] ?? "ssh_unreachable";
  return new Failure(code, `Cannot connect to ${address}: ${text || "ssh ended without a word"}`);
}
