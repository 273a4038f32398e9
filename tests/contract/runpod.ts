// RunPod beside its simulated cloud, for its tests.
import { runpod } from "../../pipeline/providers/runpod.ts";
import type { CloudMachine, Stock } from "../cloud/cloud.ts";
import * as cloud from "../cloud/runpod.ts";
import { stockOf } from "../cloud/stock.ts";
import { never, type Opened, order, type Rented } from "./rented.ts";

export const CARD = "NVIDIA GeForce RTX 4090";

export function at(place: string, changes: Partial<Stock> = {}, cloudName = "SECURE"): Stock {
  return stockOf(`${cloudName}/${place}/${CARD}`, "RTX 4090", {
    price_per_hour: 0.69,
    location: place,
    ...changes,
  });
}

export const rented: Rented = {
  kind: runpod,
  protocol: cloud.runpod,
  stock: [
    at("", { price_per_hour: 0.34 }, "COMMUNITY"),
    at("US-TX-3"),
    at("EU-RO-1"),
    stockOf("SECURE/US-KS-2/NVIDIA H100 80GB HBM3", "H100", { price_per_hour: 2.99, location: "US-KS-2" }),
  ],
  tooMany: [...cloud.TOO_MANY, { status: 429, text: "error code: 1015" }],
  gone: [
    cloud.NO_CAPACITY,
    cloud.problem(400, "Bad Request", "There are not enough free GPUs on the host machine."),
    cloud.problem(403, "Forbidden", "Your account cannot access the requested pool."),
  ],
  wrongKey: cloud.UNAUTHORIZED,
};

/** Creates a machine. */
export async function create(opened: Opened): Promise<string> {
  return await opened.provider.create(await order(opened.provider), never);
}

export function machineOf({ started }: Opened, id: string): CloudMachine {
  const machine = started.cloud.machines.get(id);
  if (machine === undefined) throw new Error(`there is no machine ${id}`);
  return machine;
}

/** What was asked for in the first create. */
export function orderedOf({ started }: Opened) {
  return started.asked.find(({ verb }) => verb === "create")?.asked.body as Record<string, unknown>;
}
