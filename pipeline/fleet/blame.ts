// Whose fault it is what was thrown while a machine was worked with: the machine's, its provider's, or this computer's.
import { messageOf, UserError } from "../errors.ts";
import { unlessAborted } from "../lib/clock.ts";
import { providers } from "../providers/mod.ts";
import type { Provider, Sighting } from "../providers/provider.ts";
import { codeOf, Failure } from "../schema/failures.ts";
import { providerTitle } from "../schema/names.ts";

/** A machine as its provider knows it. */
export interface Lent {
  readonly provider: Provider;
  readonly id: string;
}

/** What keeps us from hearing of a machine. */
const UNHEARD: readonly Failure["code"][] = ["connection_lost", "ssh_unreachable", "machine_hung"];

/** What this computer's own system says; no machine can make it say so. */
const OF_THIS_SYSTEM = ["ENOSPC", "EDQUOT", "EROFS", "EACCES", "EMFILE", "ENFILE", "ENOMEM", "EIO", "ENOENT"];

/** Refuses a machine that its provider no longer runs; when the provider cannot be asked, nothing follows. `signal` ends the question. */
export async function requireRunning({ provider, id }: Lent, signal: AbortSignal): Promise<void> {
  const sighting = await unlessAborted(provider.get(id).catch(() => undefined), signal);
  if (sighting === undefined || sighting?.state === "running") return;
  const what = `Cannot go on with machine ${id}: ${providerTitle(provider.name)}`;
  if (sighting === null) throw new Failure("machine_vanished", `${what} no longer knows it`);
  throw sighting.trouble === "outbid"
    ? outbid({ provider, id }, sighting)
    : new Failure("machine_stopped", `${what} says "${sighting.words}"`);
}

function outbid({ provider, id }: Lent, { words }: Sighting): Failure {
  const what = `Cannot go on with machine ${id}: ${providerTitle(provider.name)}`;
  return new Failure("outbid", `${what} has given it to somebody else, and says "${words}"`);
}

/**
 * What was thrown, once it is known whose fault it is. Of a rented machine it is that machine's, unless it cannot be heard of and
 * its provider cannot be asked either, when it is this network's, or says that somebody bid more for it.
 */
export async function blamed({ provider, id }: Lent, thrown: unknown, signal: AbortSignal): Promise<unknown> {
  const error = providers[provider.name].rents ? aboutMachine(thrown) : thrown;
  if (!UNHEARD.includes(codeOf(error))) return error;
  const [answer] = await Promise.allSettled([unlessAborted(provider.get(id), signal)]);
  if (answer.status === "fulfilled") {
    return answer.value?.trouble === "outbid" ? outbid({ provider, id }, answer.value) : error;
  }
  if (codeOf(answer.reason) !== "provider_unavailable") return error;
  return new Failure(
    "network_down",
    `${messageOf(error)}; nor does ${providerTitle(provider.name)} answer`,
    { cause: error },
  );
}

/**
 * Anything thrown while a rented machine was worked with, as a failure that is about that machine: whatever it did, another one may
 * do better. What this computer's system refused is left as it is.
 */
function aboutMachine(error: unknown): unknown {
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
