// The evidence in a folder of a machine, brought up to date here: only files that the agent writes, only new bytes, and never more of them than a file may have.
import { join } from "node:path";
import { bounded } from "../lib/bounded.ts";
import { sha256File } from "../lib/files.ts";
import { EVIDENCE_FILES, isAgentFile } from "../schema/evidence_files.ts";
import { Failure } from "../schema/failures.ts";
import type { Connection, ExecOptions } from "./connection.ts";
import { secondsFor, TALK_BYTES } from "./limits.ts";
import { quote } from "./quote.ts";

const TRIES = 3;
const MISSING = 44;

/**
 * Brings the agent's files of `from` on the machine into the folder `to`; returns the names of what else lies there. NotFound
 * when there is no such folder. A Failure `hostile_output` when a file is larger than it can be.
 */
export async function syncFolder(
  connection: Connection,
  from: string,
  to: string,
  verify: boolean,
): Promise<string[]> {
  // The last look comes when the lease may be stopped already.
  const bounds = verify ? {} : { signal: connection.signal };
  const listed = await listing(connection, from, bounds);
  const files = listed.filter(({ name }) => isAgentFile(name));
  for (const file of files) refuseLarge(file, connection.name);
  const digests = verify ? await digestsOf(connection, from, files) : null;
  await Deno.mkdir(to, { recursive: true });
  for (const file of files) {
    const target = join(to, file.name);
    const known = digests === null ? null : digests.get(file.name) ?? "";
    for (let attempt = 1; !await isSame(target, file, known); attempt++) {
      if (attempt > TRIES) {
        throw new Failure(
          "collect_failed",
          `Cannot fetch ${from}/${file.name} from ${connection.name}: it differs here and there`,
        );
      }
      await fetchRest(connection, from, file, target, growing(file) && attempt === 1, bounds);
      if (!verify) break;
    }
  }
  return listed.map(({ name }) => name).filter((name) => !isAgentFile(name.replace(/\.tmp$/, "")));
}

interface RemoteFile {
  readonly name: string;
  readonly bytes: number;
}

type Bounds = Pick<ExecOptions, "signal">;

/** Each file once, however often it is told. */
async function listing(connection: Connection, folder: string, bounds: Bounds): Promise<RemoteFile[]> {
  const found = new Map<string, RemoteFile>();
  const take = (line: string) => {
    const [, bytes, name] = /^\s*(\d+) (.+)$/.exec(line) ?? [];
    if (bytes !== undefined && name !== undefined) found.set(name, { name, bytes: Number(bytes) });
  };
  const code = await connection.exec(
    `cd ${quote(folder)} 2>/dev/null || exit ${MISSING}
for f in *; do [ -f "$f" ] && [ ! -L "$f" ] && printf '%s %s\\n' "$(wc -c < "$f")" "$f"; done; exit 0`,
    { ...bounds, bytes: TALK_BYTES, onStdout: take },
  );
  if (code === MISSING) throw new Deno.errors.NotFound(`there is no ${folder} on ${connection.name}`);
  return [...found.values()];
}

function refuseLarge({ name, bytes }: RemoteFile, machine: string): void {
  const { most_bytes } = EVIDENCE_FILES[name as keyof typeof EVIDENCE_FILES];
  if (bytes <= most_bytes) return;
  throw new Failure(
    "hostile_output",
    `Cannot take ${name} from ${machine}: it has ${bytes} bytes, and the agent writes at most ${most_bytes}`,
  );
}

/** SHA-256 by name, as the machine tells them. */
async function digestsOf(
  connection: Connection,
  folder: string,
  files: readonly RemoteFile[],
): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  await connection.exec(
    `cd ${quote(folder)} && for f in ${
      files.map(({ name }) => name).join(" ")
    }; do echo "$(sha256sum < "$f" | cut -c1-64) $f"; done`,
    {
      bytes: TALK_BYTES,
      seconds: secondsFor(bytes),
      onStdout: (line) => {
        const [digest = "", name = ""] = line.split(" ");
        digests.set(name, digest);
      },
    },
  );
  return digests;
}

function growing({ name }: RemoteFile): boolean {
  return isAgentFile(name) && EVIDENCE_FILES[name].grows;
}

/** Without a digest, a file that grows is the same when it is as long; any other must be fetched. */
async function isSame(path: string, file: RemoteFile, digest: string | null): Promise<boolean> {
  const here = await Deno.stat(path).catch(() => null);
  if (here === null || here.size !== file.bytes) return false;
  return digest === null ? growing(file) : (await sha256File(path)).sha256 === digest;
}

async function fetchRest(
  connection: Connection,
  folder: string,
  { name, bytes }: RemoteFile,
  to: string,
  append: boolean,
  bounds: Bounds,
): Promise<void> {
  const have = append ? (await Deno.stat(to).catch(() => null))?.size ?? 0 : 0;
  const wanted = Math.max(0, bytes - have);
  const path = append ? to : `${to}.part`;
  const from = `${folder}/${name}`;
  const code = await connection.exec(`tail -c +${have + 1} ${quote(from)} | head -c ${wanted}`, {
    ...bounds,
    bytes: Math.max(wanted, TALK_BYTES),
    seconds: secondsFor(wanted),
    stdoutTo: async (stream) => {
      const file = await Deno.open(path, { write: true, create: true, append, truncate: !append });
      await bounded(stream, wanted).pipeTo(file.writable);
    },
  });
  if (code !== 0) {
    throw new Failure("collect_failed", `Cannot read ${from} on ${connection.name}: exit code ${code}`);
  }
  if (!append) await Deno.rename(path, to);
}
