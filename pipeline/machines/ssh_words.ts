// PURE. The one place where a path becomes a word of OpenSSH's own, which reads quotes, `%` and `${` in it.
import { UserError } from "../errors.ts";

/** A path as the value of an option: `-o IdentityFile=…`. */
export function optionPath(path: string): string {
  return `"${socketPath(path).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** A path as the value of `-S`, which is not split into words. */
export function socketPath(path: string): string {
  if (path.includes("${") || /[\n\r]/.test(path)) {
    throw new UserError(
      `Cannot use ${JSON.stringify(path)} with OpenSSH: it would read the path otherwise`,
      "Choose a --root whose path has neither `${` nor a line break.",
      { exitCode: 2 },
    );
  }
  return path.replaceAll("%", "%%");
}
