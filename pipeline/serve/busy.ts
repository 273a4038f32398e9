// What is said when there is too much to do.
import { replyError } from "./reply.ts";

/** Thrown where a request would wait behind too many others; its message says what there is too much of. */
export class Busy extends Error {
  override readonly name = "Busy";
}

const RETRY_AFTER_SECONDS = 2;

/** Asks to come again. */
export function replyBusy(what: string): Response {
  const headers = { "retry-after": String(RETRY_AFTER_SECONDS) };
  return replyError(503, `Cannot answer now: ${what}. Ask again in ${RETRY_AFTER_SECONDS} s.`, { headers });
}

/** Whether the system has no more files to open for this program, or for any. */
export function isOutOfFiles(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "EMFILE" || error.code === "ENFILE");
}
