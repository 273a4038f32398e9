// What a run needs of the world outside, gathered once: time, accounts, and ways to machines. Tests bring their own.
import { join } from "node:path";
import type { EngineWorld } from "../engines/engine.ts";
import { UserError } from "../errors.ts";
import { isPrefix } from "../fleet/label.ts";
import type { Env } from "../lib/env.ts";
import { exists, writeAtomic } from "../lib/files.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { Connect } from "../machines/mod.ts";
import type { ModelSources } from "../models/mod.ts";
import type { Paths } from "../paths.ts";
import type { Opening, Provider, ProviderKind } from "../providers/provider.ts";
import { withSoundOffers } from "../providers/sound_offers.ts";
import { Hosts } from "../schema/hosts.ts";
import type { ProviderName } from "../schema/names.ts";
import { parseOrRefuse } from "../schema/parse.ts";
import type { Releases } from "../schema/releases.ts";
import { shortText } from "../schema/text.ts";

/** A simulated cloud in a provider's place. */
export interface SimulatedCloud {
  readonly url: string;
  readonly key: string;
  readonly login: string;
}

export interface World {
  readonly clock: Clock;
  readonly kinds: Readonly<Record<ProviderName, ProviderKind>>;
  readonly connect: Connect;
  /** The user's variables. */
  readonly env: Env;
  /** Clouds that are asked instead of the real ones; then no real one is. Null: the real ones. */
  readonly simulated: ReadonlyMap<ProviderName, SimulatedCloud> | null;
  /** Who is asked about models; null: nobody, only their names tell. */
  readonly models: ModelSources | null;
  readonly startEmbedded: EngineWorld["startEmbedded"];
  /** The versions that are installed where a matrix asks for none; simulated machines have their own. */
  readonly releases: Releases;
  /** Writes the agent as one file. */
  readonly bundleAgent: (paths: Paths, file: string) => Promise<void>;
}

export interface Opened {
  readonly providers: Map<ProviderName, Provider>;
  /** Variables that would have to be set for those that are not there. */
  readonly missing: Map<ProviderName, string>;
  /** Machines of the user's own. */
  readonly hosts: Hosts["hosts"];
}

/** Opens every provider whose key is there. */
export async function openProviders(paths: Paths, world: World, log: Log): Promise<Opened> {
  const providers = new Map<ProviderName, Provider>();
  const missing = new Map<ProviderName, string>();
  const hosts = await readHosts(paths);
  for (const kind of Object.values(world.kinds)) {
    const cloud = world.simulated?.get(kind.name);
    const { key_variable } = kind;
    if (key_variable !== null && world.simulated !== null && cloud === undefined) continue;
    const key = cloud?.key ?? (key_variable === null ? "" : world.env(key_variable)?.trim());
    if (key === undefined || (key_variable !== null && key === "")) {
      missing.set(kind.name, key_variable ?? "");
      continue;
    }
    const opening: Opening = {
      key,
      ...(cloud === undefined ? {} : { simulated: cloud }),
      clock: world.clock,
      log,
      hosts,
      known_hosts: join(paths.runs, "known_hosts"),
    };
    providers.set(kind.name, withSoundOffers(kind.open(opening), log));
  }
  return { providers, missing, hosts };
}

/** The hosts of runs/hosts.json; none when there is no such file. */
async function readHosts(paths: Paths): Promise<Hosts["hosts"]> {
  const path = join(paths.runs, "hosts.json");
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  const hint = "The README shows an example; its form: data/export/schema/Hosts.json.";
  return parseOrRefuse(Hosts, parsed(text), path, hint).hosts;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The name of this root's deployment, made when it has none: all labels of its machines begin with it. */
export async function deploymentOf(paths: Paths): Promise<string> {
  const path = join(paths.runs, ".deployment");
  // One that cannot be read must not be replaced: its machines would be taken for somebody else's.
  const known = (await exists(path) ? await Deno.readTextFile(path) : "").trim();
  if (isPrefix(known)) return known;
  if (known !== "") {
    throw new UserError(
      `Cannot tell this root's machines from others: ${path} says "${shortText(known, 40)}"`,
      "It names the deployment, for example ga-1a2b3c4d, with which the labels of its machines begin. Put the name back; if no machine runs, remove the file.",
      { exitCode: 2 },
    );
  }
  const random = crypto.getRandomValues(new Uint8Array(4));
  const name = `ga-${[...random].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  await writeAtomic(path, `${name}\n`);
  return name;
}
