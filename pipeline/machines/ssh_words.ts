// PURE. The one place where a path becomes a word of OpenSSH's own, which reads quotes, `%` and `${` in it.
import { join } from "node:path";
import { Failure } from "../schema/failures.ts";

/** A socket's path has so many bytes at most, its end included; OpenSSH makes one under a name that is longer by a dot and 16 characters. */
const LONGEST_SOCKET = (Deno.build.os === "linux" ? 108 : 104) - 1 - 17;
/** A number of a connection. */
const ANY_SOCKET = "99999";

/** A path as the value of an option: `-o IdentityFile=…`. */
export function optionPath(path: string): string {
  return `"${socketPath(path).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** A path as the value of `-S`, which is not split into words. */
export function socketPath(path: string): string {
  if (path.includes("${") || /[\n\r]/.test(path)) {
    throw new Failure(
      "ssh_unusable",
      `Cannot use ${
        JSON.stringify(path)
      } with OpenSSH: its whole path holds \`\${\` or a line break, which OpenSSH reads otherwise`,
      { hint: "Choose a --root, and a TMPDIR, whose path has neither `${` nor a line break." },
    );
  }
  return path.replaceAll("%", "%%");
}

/** Refuses a folder in which connections can have no sockets; a Failure says so before anything is rented. */
export function requireSockets(folder: string): void {
  const socket = join(folder, ANY_SOCKET);
  // It becomes a word of OpenSSH's.
  socketPath(socket);
  const bytes = new TextEncoder().encode(socket).length;
  if (bytes <= LONGEST_SOCKET) return;
  throw new Failure(
    "ssh_unusable",
    `Cannot connect to machines: a socket in ${folder} has a path of ${bytes} bytes, and OpenSSH takes ${LONGEST_SOCKET}`,
    { hint: "Set TMPDIR to a folder with a shorter path, such as /tmp." },
  );
}
