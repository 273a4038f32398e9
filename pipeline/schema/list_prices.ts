// data/catalog/prices.json: what providers asked for a GPU on a day, by which a plan reckons where it cannot ask them.
import { z } from "zod";
import { ProviderName } from "./names.ts";
import { TIERS } from "./offer.ts";

export const PriceList = z.strictObject({
  provider: ProviderName,
  tier: z.enum(TIERS).optional().meta({
    description: "Of a provider that has both: which of them it is for.",
  }),
  date: z.iso.date().meta({ description: "Day on which the prices were seen." }),
  source: z.string().min(1).meta({ description: "Where they were seen: title and address." }),
  note: z.string().optional().meta({ description: "What they hold for." }),
  usd_per_gpu_hour: z.record(z.string(), z.number().positive()).meta({
    description: "US dollars per hour for one GPU by its name in the catalogue, on demand.",
  }),
}).meta({ id: "PriceList", description: "Prices of one provider on one day." });

export const PriceCatalog = z.strictObject({
  $schema: z.string().optional().meta({ description: "Path of the JSON Schema, for editors." }),
  lists: z.array(PriceList).min(1).meta({ description: "One list a provider and tier." }),
}).meta({ id: "PriceCatalog", description: "data/catalog/prices.json" });

export type PriceList = z.infer<typeof PriceList>;
