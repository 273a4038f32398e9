// PURE. The one rule for what failed; the database reads the same expression (30_request_lines.sql).
import type { RequestLine } from "./request.ts";

const SPACE = "[ \\t\\r\\n]*";
const ZERO = "[+-]?(0+[.]?0*|[.]0+)(e[+-]?[0-9]+)?";
const WORDS = "false|no|none|null|nil|nan|undefined|n/a|ok|-|";

/** What programs write into `err` of a request that succeeded, in any case; all else is a failure. */
export const NO_ERROR = `${SPACE}(${ZERO}|${WORDS})${SPACE}`;
const SUCCEEDED = new RegExp(`^(${NO_ERROR})$`, "i");

/** Whether a request counts as failed: by `err`, or because a class of errors is told. */
export function isFailed({ err, error_class }: Pick<RequestLine, "err" | "error_class">): boolean {
  const told = err !== undefined && err !== null && !SUCCEEDED.test(String(err));
  return told || (error_class ?? null) !== null;
}
