// Lambda Cloud beside its simulated cloud, for its tests.
import { lambda } from "../../pipeline/providers/lambda.ts";
import * as cloud from "../cloud/lambda.ts";
import type { Verb } from "../cloud/server.ts";
import { stockOf } from "../cloud/stock.ts";
import type { Opened, Rented } from "./rented.ts";

export const LABEL = "ga-test-1-1795478400";

export const rented: Rented = {
  kind: lambda,
  protocol: cloud.lambda,
  stock: [
    stockOf("1", "RTX 4090", { price_per_hour: 0.29, location: "us-south-1" }),
    stockOf("2", "RTX 4090", { price_per_hour: 0.29, location: "europe-central-1" }),
    stockOf("3", "RTX 4090", { price_per_hour: 0.29, location: "south-pole-1" }),
    stockOf("4", "RTX 4090", { price_per_hour: 0.58, location: "us-south-1", gpu_count: 2 }),
    stockOf("5", "A100 80GB", { price_per_hour: 14.32, location: "us-east-1", gpu_count: 8 }),
  ],
  tooMany: cloud.TOO_MANY,
  gone: [cloud.NO_CAPACITY],
  wrongKey: cloud.INVALID_KEY,
};
/** Bodies of all requests of a verb. */
export const sent = ({ started }: Opened, verb: Verb) =>
  started.asked.filter((each) => each.verb === verb).map(({ asked }) =>
    asked.body as Record<string, unknown>
  );

/** Names of the keys that the account holds. */
export async function keysOf({ started }: Opened): Promise<string[]> {
  const headers = { authorization: `Bearer ${started.cloud.key}` };
  const { data } = await (await fetch(`${started.url}/ssh-keys`, { headers })).json();
  return data.map(({ name }: { name: string }) => name);
}
