// Vast.ai against its simulated cloud: the contract of all, and what only it does.
import { equal, ok, rejects } from "node:assert/strict";
import { HalfDone } from "../../pipeline/providers/provider.ts";
import { vastai } from "../../pipeline/providers/vastai.ts";
import { type Script, scripted } from "../cloud/server.ts";
import { stockOf } from "../cloud/stock.ts";
import * as cloud from "../cloud/vastai.ts";
import { contract, never, open, order, type Rented, withCode } from "./rented.ts";

const rented: Rented = {
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
contract(rented);

Deno.test("vastai that says no and makes a machine all the same tells which one", async () => {
  const reply = { json: { success: false, error: "bid_too_low", new_contract: 29410501 } };
  await using opened = await open(rented, { script: scripted({ create: { 1: { reply, after: true } } }) });
  await rejects(opened.provider.create(await order(opened.provider), never), (error) => {
    ok(error instanceof HalfDone);
    equal(error.id, "29410501");
    return withCode("create_half_done")(error);
  });
  ok(await opened.provider.get("29410501"));
});

Deno.test("vastai whose second page is missing gives no list at all", async () => {
  const [first] = rented.stock;
  const reply = { status: 500, text: "oops" };
  const script: Script = (verb, _n, { query }) =>
    verb === "list" && query.has("after_token") ? { reply } : undefined;
  await using opened = await open(rented, {
    script,
    options: { stock: first === undefined ? [] : [{ ...first, capacity: 30 }] },
  });
  const wish = await order(opened.provider);
  for (let n = 0; n < 30; n++) await opened.provider.create(wish, never);
  await rejects(opened.provider.list(), withCode("provider_unavailable"));
});
