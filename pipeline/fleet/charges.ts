// What a provider has charged for machines that are gone.
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { Provider } from "../providers/provider.ts";
import type { MachineRecord } from "../schema/machine.ts";
import { providerTitle } from "../schema/names.ts";

/** What was charged for each of these machines of a provider's, as far as it tells what can be; US dollars. */
export async function chargesFor(
  machines: readonly MachineRecord[],
  provider: Provider,
  clock: Clock,
  log: Log,
): Promise<{ machine_id: string; usd: number }[]> {
  const ids = machines.flatMap(({ provider_id }) => provider_id === null ? [] : [provider_id]);
  const from = new Date(Math.min(...machines.map(({ intended_at }) => intended_at)));
  const charged = await provider.charges?.(ids, from, new Date(clock.now())) ?? new Map<string, number>();
  return machines.flatMap(({ machine_id, provider_id }) => {
    const usd = charged.get(provider_id ?? "");
    if (usd === undefined) return [];
    if (usd >= 0 && usd < Infinity) return [{ machine_id, usd }];
    log.warn(`Cannot book what ${providerTitle(provider.name)} charged for ${machine_id}: it tells $${usd}`);
    return [];
  });
}
