// A folder of a machine, brought up to date here: only new bytes travel, and what has arrived is compared by SHA-256.
import { join } from "node:path";
import { sha256File } from "../lib/files.ts";
import { Failure } from "../schema/failures.ts";
import type { Connection } from "./connection.ts";
import { quote } from "./quote.ts";

/** Files that only grow; all others may be written anew. */
const GROWS = /\.(jsonl|csv|log)$/;
const TRIES = 3;

/** Brings the files of `from` on the machine into the folder `to`. NotFound when there is no such folder. */
export async function syncFolder(
  connection: Connection,
  from: string,
  to: string,
  verify: boolean,
): Promise<void> {
  const there = await listing(connection, from, verify);
  await Deno.mkdir(to, { recursive: true });
  for (const { name, bytes, sha256 } of there) {
    const target = join(to, name);
    for (let attempt = 1; !await isSame(target, bytes, sha256, GROWS.test(name)); attempt++) {
      if (attempt > TRIES) {
        throw new Failure(
          "collect_failed",
          `Cannot fetch ${from}/${name} from ${connection.name}: it differs here and there`,
        );
      }
      await fetchRest(connection, `${from}/${name}`, target, GROWS.test(name) && attempt === 1);
      if (!verify) break;
    }
  }
}

interface RemoteFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string | null;
}

async function listing(connection: Connection, folder: string, verify: boolean): Promise<RemoteFile[]> {
  const digest = verify ? `"$(sha256sum < "$f" | cut -c1-64)"` : "-";
  const lines: string[] = [];
  const code = await connection.exec(
    `cd ${quote(folder)} 2>/dev/null || exit 44
for f in *; do [ -f "$f" ] && printf '%s %s %s\\n' "$(wc -c < "$f")" ${digest} "$f"; done; exit 0`,
    { onStdout: (line) => lines.push(line) },
  );
  if (code === 44) throw new Deno.errors.NotFound(`there is no ${folder} on ${connection.name}`);
  return lines.flatMap((line) => {
    const [, bytes, sha256 = "-", name = ""] = /^\s*(\d+) (\S+) ([^/]+)$/.exec(line) ?? [];
    return bytes === undefined || name.endsWith(".tmp")
      ? []
      : [{ name, bytes: Number(bytes), sha256: sha256 === "-" ? null : sha256 }];
  });
}

/** Without a digest, a file that grows is the same when it is as long; any other must be fetched. */
async function isSame(path: string, bytes: number, sha256: string | null, grows: boolean): Promise<boolean> {
  const here = await Deno.stat(path).catch(() => null);
  if (here === null || here.size !== bytes) return false;
  return sha256 === null ? grows : (await sha256File(path)).sha256 === sha256;
}

async function fetchRest(connection: Connection, from: string, to: string, append: boolean): Promise<void> {
  const have = append ? (await Deno.stat(to).catch(() => null))?.size ?? 0 : 0;
  const path = append ? to : `${to}.part`;
  const code = await connection.exec(`tail -c +${have + 1} ${quote(from)}`, {
    stdoutTo: async (bytes) => {
      const file = await Deno.open(path, { write: true, create: true, append, truncate: !append });
      await bytes.pipeTo(file.writable);
    },
  });
  if (code !== 0) {
    throw new Failure("collect_failed", `Cannot read ${from} on ${connection.name}: exit code ${code}`);
  }
  if (!append) await Deno.rename(path, to);
}
