// Offers of any provider: one that cannot be true, and so cannot be written down, is left out, and those beside it are taken.
import { type Log, withoutRepeats } from "../lib/log.ts";
import { providerTitle } from "../schema/names.ts";
import { Offer } from "../schema/offer.ts";
import { check } from "../schema/parse.ts";
import type { Provider } from "./provider.ts";

/** The provider, of whose offers only the sound ones are told. */
export function withSoundOffers(provider: Provider, log: Log): Provider {
  const once = withoutRepeats(log);
  return {
    ...provider,
    offers: async (wanted, signal) => sound(await provider.offers(wanted, signal), provider, once),
  };
}

function sound(offers: readonly Offer[], { name }: Provider, log: Log): Offer[] {
  const checked = offers.map((offer) => check(Offer, offer));
  const faults = checked.flatMap((each) => "faults" in each ? [each.faults.join("; ")] : []);
  if (faults.length > 0) {
    log.warn(
      `${faults.length} of ${offers.length} offers of ${providerTitle(name)} are left out: ${faults[0]}`,
    );
  }
  return checked.flatMap((each) => "value" in each ? [each.value] : []);
}
