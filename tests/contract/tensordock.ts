// TensorDock beside its simulated cloud, for its tests.
import { tensordock } from "../../pipeline/providers/tensordock.ts";
import { OfferLimits } from "../../pipeline/schema/offer.ts";
import { scripted } from "../cloud/server.ts";
import { stockOf } from "../cloud/stock.ts";
import * as cloud from "../cloud/tensordock.ts";
import { never, open, type Rented, wanted } from "./rented.ts";

export const DALLAS = "2f1c7a50-6c1e-4d8b-9a3e-0c5b7de41f10";
const OSLO = "8b64e0d2-3f0a-4c7e-8a55-1d2f6c9b7e31";
const CHEAPEST = stockOf(DALLAS, "RTX 4090", { price_per_hour: 0.35 });

export const rented: Rented = {
  kind: tensordock,
  protocol: cloud.tensordock,
  stock: [
    CHEAPEST,
    stockOf(OSLO, "RTX 4090", { price_per_hour: 0.5, country: "NO", gpu_count: 4, capacity: 2 }),
    stockOf(`${OSLO} H100`, "H100", { price_per_hour: 2, country: "NO", host: OSLO, gpu_count: 8 }),
  ],
  tooMany: cloud.TOO_MANY,
  gone: [cloud.NO_NODES, cloud.NO_HOST],
  wrongKey: cloud.WRONG_KEY,
};
export const limits = (changes: Partial<OfferLimits>) => OfferLimits.parse(changes);

/** What was asked for in the first create. */
export function attributesOf({ asked }: { asked: readonly { verb: string; asked: { body: unknown } }[] }) {
  const body = asked.find(({ verb }) => verb === "create")?.asked.body as {
    data: { attributes: Record<string, unknown> };
  };
  return body.data.attributes;
}

type Location = ReturnType<typeof cloud.locationsOf>[number];
type Card = Location["gpus"][number];

/** The offers of a location that is changed thus. */
export async function offersOf(card: object, place: object = {}, asked = wanted()) {
  const [location] = cloud.locationsOf([{ ...CHEAPEST, gpu_count: 8 }]);
  const gpus = location?.gpus.map((each: Card) => ({ ...each, ...card }));
  const reply = { json: { data: { locations: [{ ...location, gpus, ...place }] } } };
  await using opened = await open(rented, { script: scripted({ offers: { 0: { reply } } }) });
  return await opened.provider.offers(asked, never);
}
export const resources = { max_vcpus: 32, max_ram_gb: 128, max_storage_gb: 1000 };
