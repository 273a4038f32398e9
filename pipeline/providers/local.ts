// The computer you sit at. It costs nothing, is always there, and has the GPUs it has.
import { UNTOLD } from "../schema/offer.ts";
import type { Opening, Provider, ProviderKind, Sighting } from "./provider.ts";

const NAME = "local";

export const local: ProviderKind = { name: NAME, key_variable: null, rents: false, open: openLocal };

function openLocal(_opening: Opening): Provider {
  const held = new Set<string>();
  const sighting = (label: string): Sighting => ({
    id: label,
    label,
    state: "running",
    words: "this machine",
    addresses: [{ kind: "here" }],
    price_per_hour: null,
  });
  return {
    name: NAME,
    billing_step_seconds: 0,
    boot_seconds: 60,
    simulated: false,
    offers: ({ gpu, gpu_count, vram_gib }) =>
      Promise.resolve([{
        ...UNTOLD,
        id: NAME,
        provider: NAME,
        gpu,
        gpu_count,
        vram_gib,
        price_per_hour: null,
        host: NAME,
        reliability: 1,
      }]),
    create: ({ label }) => {
      held.add(label);
      return Promise.resolve(label);
    },
    get: (id) => Promise.resolve(held.has(id) ? sighting(id) : null),
    list: () => Promise.resolve([...held].map(sighting)),
    destroy: (id) => {
      held.delete(id);
      return Promise.resolve();
    },
  };
}
