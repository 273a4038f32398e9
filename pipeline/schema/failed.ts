// PURE. The one rule for what failed; the database reads the same expressions (30_request_lines.sql).
import type { RequestLine } from "./request.ts";

const SPACE = "[ \\t\\r\\n]*";
const ZERO = "[+-]?(0+([.]0*)?|[.]0+)([eE][+-]?[0-9]+)?";
const WORDS = "false|no|none|null|nil|nan|undefined|n/a|ok|-";

/**
 * What programs write into `err` of a request that succeeded; all else is a failure. Both cases are spelt out, since what else counts
 * as the same letter is not the same in JavaScript and in the database.
 */
export const NO_ERROR = `${SPACE}((${ZERO}|${inAnyCase(WORDS)})${SPACE})?`;
const SUCCEEDED = new RegExp(`^(${NO_ERROR})$`);

type Told = Pick<RequestLine, "err" | "error_class" | "error_msg" | "tok">;

/** Whether a request failed: by `err`, because a class of errors is told, or because it has words for an error and no tokens. */
export function isFailed({ err, error_class, error_msg, tok }: Told): boolean {
  return isError(err) || (error_class ?? null) !== null || !tok && isError(error_msg);
}

function isError(told: RequestLine["err"]): boolean {
  return told !== undefined && told !== null && !SUCCEEDED.test(String(told));
}

function inAnyCase(words: string): string {
  return words.replace(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);
}
