// What cannot be meant by a block of a matrix although each of its parts can: it would fail when a machine is paid already. Pure.
import { settingsOf, whyNotSpread } from "./engine_settings.ts";
import type { EngineChoice, Test } from "./matrix.ts";
import {
  INSTALLED_ENGINES,
  INTERRUPTIBLE_PROVIDERS,
  OWN_PROVIDERS,
  type ProviderName,
  providerTitle,
  TIERED_PROVIDERS,
} from "./names.ts";
import { whyTooLong } from "./prompts.ts";
import { LATEST, RUNS_ALREADY } from "./releases.ts";

/** One fault, and where in the block it is. */
export interface TestFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

type Told = Omit<Test, "otherwise"> & { readonly otherwise?: Test["otherwise"] };
type Item = Test["engines"][number];

/** All faults of a block. */
export function testFaults(test: Told): TestFault[] {
  return [...enginesFaults(test), ...marketFaults(test), ...imageFaults(test), ...repeats(test)];
}

function enginesFaults({ providers, engines, otherwise, gpu_count, workloads }: Told): TestFault[] {
  const own = providers.find((name) => OWN_PROVIDERS.includes(name));
  const of = (items: readonly Item[], above: readonly string[]) =>
    items.flatMap((item, index) =>
      chosen(item).flatMap((engine) => [
        ...engineFaults(engine, own, gpu_count),
        ...contextFaults(engine, workloads),
      ])
        .map(({ path, message }) => ({ path: [...above, "engines", index, ...path], message }))
    );
  return [...of(engines, []), ...of(otherwise?.engines ?? [], ["otherwise"])];
}

/** Where an engine already runs it can be neither chosen nor changed. */
function engineFaults(
  { name, version, env, image, flags = [] }: EngineChoice,
  own: ProviderName | undefined,
  gpus: number,
): TestFault[] {
  const faults: TestFault[] = [];
  const spread = whyNotSpread(name, flags, gpus);
  if (spread !== null) faults.push({ path: ["flags"], message: spread });
  if (own === undefined) return faults;
  const runs = `is for rented machines: engines of ${providerTitle(own)} run already`;
  if (version === LATEST) {
    faults.push({ path: ["version"], message: `${RUNS_ALREADY}, as those of ${own} do` });
  }
  if (env !== undefined) faults.push({ path: ["env"], message: `it ${runs}` });
  if (image !== undefined) faults.push({ path: ["image"], message: `it ${runs}` });
  return faults;
}

/** A server that is told to take less than the prompts need refuses them all. */
function contextFaults({ name, flags = [] }: EngineChoice, workloads: Told["workloads"]): TestFault[] {
  const { max_model_len } = settingsOf(name, flags);
  if (max_model_len === null) return [];
  const message = workloads.map(({ prompts }) => whyTooLong(prompts, max_model_len)).find((why) =>
    why !== null
  );
  return message === undefined ? [] : [{ path: ["flags"], message: `with its flags ${message}` }];
}

function marketFaults({ providers, offers }: Told): TestFault[] {
  const { market, tier, countries = [], not_countries = [] } = offers;
  const faults: TestFault[] = [];
  const without = (known: readonly ProviderName[]) => providers.filter((name) => !known.includes(name));
  const [noBids] = without(INTERRUPTIBLE_PROVIDERS);
  if (market === "interruptible" && noBids !== undefined) {
    const known = INTERRUPTIBLE_PROVIDERS.join(", ");
    faults.push({
      path: ["offers", "market"],
      message: `${noBids} has no interruptible machines; providers that do: ${known}`,
    });
  }
  const [noTiers] = without(TIERED_PROVIDERS);
  if (tier !== undefined && noTiers !== undefined) {
    const known = TIERED_PROVIDERS.join(", ");
    faults.push({
      path: ["offers", "tier"],
      message: `${noTiers} has no tiers; providers that do: ${known}`,
    });
  }
  const both = countries.find((country) => not_countries.includes(country));
  if (both !== undefined) {
    faults.push({ path: ["offers", "not_countries"], message: `${both} stands in countries, too` });
  }
  return faults;
}

/** An image brings one engine: on the other's machines it would take minutes that are paid, and hide which one is measured. */
function imageFaults({ engines, offers: { image } }: Told): TestFault[] {
  if (image === undefined) return [];
  const using = engines.flatMap((item) =>
    typeof item === "string" ? [item] : item.image === undefined ? [item.name] : []
  ).filter((name) => INSTALLED_ENGINES.includes(name));
  const names = [...new Set(using)];
  if (names.length < 2) return [];
  return [{
    path: ["offers", "image"],
    message: `${image} cannot be the image of ${names.join(" and ")}: give each engine its own "image"`,
  }];
}

function repeats({ gpus, providers, models, engines, workloads }: Told): TestFault[] {
  const lists: Record<string, readonly string[]> = {
    gpus,
    providers,
    models,
    engines: engines.map(asked),
    workloads: workloads.map((workload) => JSON.stringify(workload)),
  };
  return Object.entries(lists).flatMap(([key, names]) => {
    const again = names.findIndex((name, index) => names.indexOf(name) < index);
    const what = key === "workloads" ? "the same workload" : names[again];
    return again < 0 ? [] : [{ path: [key, again], message: `${what} is named twice` }];
  });
}

/** An engine in words that are the same where the same is asked for. */
function asked(item: Item): string {
  if (typeof item === "string") return item;
  const { name, api, ...settings } = item;
  const told = { ...(api === "chat" ? {} : { api }), ...settings };
  return Object.keys(told).length === 0 ? name : `${name} with ${JSON.stringify(told)}`;
}

function chosen(item: Item): EngineChoice[] {
  return typeof item === "string" ? [] : [item];
}
