// A run's folder opened: its journals, and its machines behind them.
import { join } from "node:path";
import { Fleet } from "../fleet/mod.ts";
import { keyPair, removeKeyPair } from "../fleet/ssh_key.ts";
import type { Log } from "../lib/log.ts";
import { madeOnce } from "../lib/made_once.ts";
import { temporaryFolder } from "../lib/temporary.ts";
import type { Identity } from "../machines/connection.ts";
import { requireSockets } from "../machines/ssh_words.ts";
import type { Paths } from "../paths.ts";
import { mayExist } from "../schema/machine.ts";
import type { ProviderName } from "../schema/names.ts";
import { reasonTeller, type TellReason } from "../schema/reason.ts";
import { type Journal, openBook, openJournal } from "./journal.ts";
import type { Opened, World } from "./world.ts";

export interface OpenRun extends AsyncDisposable {
  readonly run_id: string;
  readonly run_dir: string;
  readonly journal: Journal;
  readonly fleet: Fleet;
  /** How reasons of failures are written down. */
  readonly tellReason: TellReason;
}

export interface OpenOptions {
  readonly paths: Paths;
  readonly world: World;
  readonly opened: Opened;
  /** The deployment's name. */
  readonly prefix: string;
  readonly log: Log;
}

/** Opens, or begins, the run `run_id`. Leaving its scope removes its key when no machine is left. */
export async function openRun(run_id: string, options: OpenOptions): Promise<OpenRun> {
  const { paths, world, opened, prefix, log } = options;
  const run_dir = join(paths.runs, run_id);
  const journal = await openJournal(run_dir, log.warn);
  const book = await openBook(run_dir, log.warn);
  const sockets = await temporaryFolder();
  const user: { identity: Identity; public_key: string } = {
    identity: { kind: "user", known_hosts: join(paths.runs, "known_hosts") },
    public_key: "",
  };
  const ownPair = madeOnce(() => keyPair(run_dir));
  const identityOf = async (provider: ProviderName) => {
    if (provider !== "local") requireSockets(sockets.path);
    if (!world.kinds[provider].rents) return user;
    const { public_key, ...files } = await ownPair();
    return { identity: { kind: "run" as const, ...files }, public_key };
  };
  const { clock, connect } = world;
  const tellReason = reasonTeller([paths.root, sockets.path]);
  const fleet = new Fleet({
    run_id,
    run_dir,
    prefix,
    book,
    providers: opened.providers,
    identityOf,
    connect,
    sockets: sockets.path,
    clock,
    log,
    tellReason,
  });
  return {
    run_id,
    run_dir,
    journal,
    fleet,
    tellReason,
    [Symbol.asyncDispose]: async () => {
      const isOver = !fleet.records().some(mayExist);
      journal[Symbol.dispose]();
      book[Symbol.dispose]();
      if (isOver) await removeKeyPair(run_dir);
      await sockets[Symbol.asyncDispose]();
    },
  };
}
