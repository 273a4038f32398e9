// sweep: what still runs under our label on any account, and with --destroy its end.
import { UserError } from "../errors.ts";
import { isPrefix } from "../fleet/label.ts";
import { lockRoot } from "../lib/lock.ts";
import { renderTable } from "../lib/table.ts";
import type { Shell } from "../main.ts";
import { type Sweep, sweep, type Swept } from "../run/sweep.ts";
import { providers as kinds } from "../providers/mod.ts";
import { providerTitle } from "../schema/names.ts";
import { stopOnSignals } from "./signals.ts";
import { realWorld } from "./world.ts";

/** Exit code 0: all that may exist was looked for, and with `destroy` nothing of it is left; 1: not so; a UserError where no account can be asked. */
export async function sweepCommand(
  { destroy, deployment }: { destroy: boolean; deployment?: string },
  { paths, log, print, width }: Shell,
): Promise<0 | 1> {
  if (deployment !== undefined && !isPrefix(deployment)) {
    throw new UserError(
      `Cannot sweep "${deployment}": it names no deployment`,
      "Labels of machines begin with it, for example ga-1a2b3c4d; this root's stands in runs/.deployment.",
      { exitCode: 2 },
    );
  }
  const lock = await lockRoot(paths.root).catch((error) => {
    if (destroy) throw error;
    return null;
  });
  using _lock = lock;
  using stop = stopOnSignals(() => log.warn("stopping"));
  const result = await sweep({
    paths,
    world: realWorld(),
    log,
    signal: stop.signal,
    deployment: deployment ?? null,
    destroy,
    isRunning: lock === null,
  });
  requireAccount(result);
  print(render(result, destroy, width));
  return result.failed.size === 0 && openEnds(result, destroy).length === 0 ? 0 : 1;
}

/** Machines of the journals that may exist still: those that were not looked for, and after `destroy` all. */
function openEnds({ leftovers, opened: { providers } }: Sweep, destroy: boolean): Sweep["leftovers"] {
  return leftovers.filter(({ offer }) => destroy || !providers.has(offer.provider));
}

/** Where nobody was asked nothing is known of what runs, which must not look like nothing runs. */
function requireAccount({ opened: { providers, missing, hosts }, leftovers }: Sweep): void {
  if (hosts.length > 0 || [...providers.keys()].some((name) => kinds[name].rents)) return;
  const known = leftovers.map(({ label }) => label);
  throw new UserError(
    `Cannot sweep: no account was asked, since no key is set${
      known.length === 0 ? "" : `; the journals know of ${known.join(", ")}`
    }`,
    `Set ${[...missing.values()].join(", ")} of the accounts that you use.`,
    { exitCode: 2 },
  );
}

function render(result: Sweep, destroy: boolean, width: number): string {
  const { machines, failed, opened } = result;
  const table = machines.length === 0 ? "No machine carries a label of the almanac.\n" : renderTable<Swept>(
    [
      { title: "provider", of: ({ provider }) => providerTitle(provider) },
      { title: "id", of: ({ sighting }) => sighting.id },
      { title: "label", of: ({ sighting }) => sighting.label, least: 24 },
      { title: "$/h", of: ({ sighting }) => sighting.price_per_hour, digits: 3 },
      { title: "what", of: inWords, least: 12 },
    ],
    machines,
    width,
  );
  const lines = [
    ...[...failed].map(([name, reason]) => `${providerTitle(name)} could not be read: ${reason}`),
    ...[...opened.missing].map(([name, variable]) =>
      `${providerTitle(name)} was not asked: ${variable} is not set`
    ),
    ...openEnds(result, destroy).map(({ label, offer }) =>
      `not proven gone: ${label} at ${providerTitle(offer.provider)}`
    ),
    ...(!destroy && machines.some(({ judgement }) => UNWANTED.includes(judgement))
      ? ["Destroy what nobody wants with: deno task sweep --destroy"]
      : []),
  ];
  return `${table}${lines.map((line) => `${line}\n`).join("")}`;
}

const UNWANTED: readonly Swept["judgement"][] = ["orphan", "unwanted", "overdue"];

function inWords({ judgement, destroyed }: Swept): string {
  if (destroyed) return "destroyed";
  return judgement === "young" ? "young: look again in ten minutes" : judgement;
}
