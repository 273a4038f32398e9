// An engine comes to a machine that is ours by a shell script, which tells what it took; of one that fails the last lines are shown.
import { keepLast, meaningOfInstall } from "../machines/installing.ts";
import { INSTALLATION } from "../machines/limits.ts";
import { Failure } from "../schema/failures.ts";
import type { EngineChoice } from "../schema/matrix.ts";
import { isVersion } from "../schema/releases.ts";
import { RuntimeInstall } from "../schema/runtime_install.ts";
import type { EngineHost, EngineWorld } from "./engine.ts";

/** An engine on a machine that is ours. */
export interface Installed extends RuntimeInstall {
  /** Its program there. */
  readonly program: string;
}

/** For scripts: `tell PROGRAM VERSION SOURCE SHA256` ends one with what it took; a version or a sum that is not known is empty. */
export const TELL = `tell() { printf '@%s %s\\n' program "$1" version "$2" source "$3" sha256 "$4"; }`;

/**
 * Runs `script` on the machine with `args` as $1, $2 …. A Failure `wrong_checksum` names a file that is not its publisher's,
 * `disk_too_small` a full disk, `install_failed` the installer's last words.
 */
export async function install(
  title: string,
  script: string,
  args: readonly string[],
  asked: string | null,
  host: EngineHost,
  world: EngineWorld,
): Promise<Installed> {
  const words: string[] = [];
  const told = new Map<string, string>();
  const keep = (line: string) => keepLast(words, line);
  const code = await host.run(["sh", "-c", script, "install", ...args], {
    ...INSTALLATION,
    signal: world.signal,
    onStdout: (line) => {
      const [, key, value = ""] = /^@(program|version|source|sha256) ?(.*)$/.exec(line) ?? [];
      if (key === undefined) keep(line);
      else told.set(key, value);
    },
    onStderr: keep,
  });
  const taken = code === 0 ? installedOf(told, asked) : null;
  if (taken !== null) return taken;
  for (const line of words) world.log(`  ${line}`);
  const meaning = meaningOfInstall(words);
  throw new Failure(
    meaning?.code ?? "install_failed",
    `Cannot install ${title}: ${meaning?.line ?? words.at(-1) ?? `its installer ended with ${code}`}`,
  );
}

/** What an installer told of what it took; null: nothing that makes sense. */
function installedOf(told: ReadonlyMap<string, string>, asked: string | null): Installed | null {
  const program = told.get("program") ?? "";
  const { data } = RuntimeInstall.safeParse({
    asked,
    version: told.get("version") || null,
    source: told.get("source"),
    sha256: told.get("sha256") || null,
  });
  return data === undefined || !program.startsWith("/") ? null : { ...data, program };
}

/** What the agent must know of how the engine came to its machine, to leave it in the evidence. */
export function installEnv({ asked, version, source, sha256 }: RuntimeInstall): Record<string, string> {
  return { ENGINE_INSTALL: JSON.stringify({ asked, version, source, sha256 }) };
}

/** What is known of an engine that ran already; a Failure when a version was asked for and it is another. */
export function foundRunning(
  title: string,
  { version: asked }: EngineChoice,
  told: string | null,
): RuntimeInstall {
  if (asked !== undefined) requireVersion(title, asked, told);
  const { data: version = null } = RuntimeInstall.shape.version.safeParse(told);
  return { asked: asked ?? null, version, source: "running", sha256: null };
}

/** A Failure `wrong_version` when an engine that tells `told` is not `expected`. */
export function requireVersion(title: string, expected: string, told: string | null): void {
  if (told !== null && isVersion(expected, told)) return;
  throw new Failure(
    "wrong_version",
    `Cannot measure ${title} ${expected}: ${
      told === null ? "it does not tell its version" : `${told} answers`
    }`,
  );
}
