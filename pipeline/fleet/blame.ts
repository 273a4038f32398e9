// PURE. Whose a failure is that nobody foresaw: the rented machine's on which it happened, or this computer's.
import { messageOf, UserError } from "../errors.ts";
import { Failure } from "../schema/failures.ts";

/** What keeps us from hearing of a machine. */
export const UNHEARD: readonly Failure["code"][] = ["connection_lost", "ssh_unreachable", "machine_hung"];

/** What this computer's own system says; no machine can make it say so. */
const OF_THIS_SYSTEM = ["ENOSPC", "EDQUOT", "EROFS", "EACCES", "EMFILE", "ENFILE", "ENOMEM", "EIO", "ENOENT"];

/**
 * Anything thrown while a rented machine was worked with, as a failure that is about that machine: whatever it did, another one may
 * do better. What this computer's system refused is left as it is.
 */
export function aboutMachine(error: unknown): unknown {
  if (error instanceof Failure || isOfThisSystem(error)) return error;
  if (error instanceof UserError) return new Failure("unforeseen", error.message, { cause: error });
  const kind = error instanceof Error && error.name !== "Error" ? `${error.name}: ` : "";
  return new Failure("unforeseen", `Cannot go on with this machine: ${kind}${messageOf(error)}`, {
    cause: error,
  });
}

function isOfThisSystem(error: unknown): boolean {
  return error instanceof Error && "code" in error && OF_THIS_SYSTEM.some((code) => code === error.code);
}
