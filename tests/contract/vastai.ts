// Vast.ai beside its simulated cloud, for its tests.
import { vastai } from "../../pipeline/providers/vastai.ts";
import { scripted } from "../cloud/server.ts";
import { stockOf } from "../cloud/stock.ts";
import * as cloud from "../cloud/vastai.ts";
import { never, open, type Opened, order, type Rented } from "./rented.ts";

export const rented: Rented = {
  kind: vastai,
  protocol: cloud.vastai,
  stock: [
    stockOf("31842207", "RTX 4090", { price_per_hour: 0.3 }),
    stockOf("31842208", "RTX 4090", { price_per_hour: 0.5 }),
    stockOf("31842209", "H100", { price_per_hour: 2 }),
  ],
  tooMany: cloud.TOO_MANY,
  gone: [cloud.noSuchAsk("31842207"), cloud.noSuchAsk("31842207", 404), cloud.noSuchAsk("31842207", 410)],
  wrongKey: cloud.AUTH_ERROR,
};

/** Creates a machine. */
export async function create(opened: Opened): Promise<string> {
  return await opened.provider.create(await order(opened.provider), never);
}

/** What was asked of a verb, oldest first. */
export function sent({ started }: Opened, verb: string) {
  return started.asked.filter((each) => each.verb === verb).map(({ asked }) => asked);
}

/** Every answer of a verb is this. */
export async function answering(verb: "offers" | "get" | "list" | "destroy" | "charges", json: unknown) {
  return await open(rented, { script: scripted({ [verb]: { 0: { reply: { json } } } }) });
}
