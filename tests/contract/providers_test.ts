// What every provider that lends what the user has must do: the same five verbs, and nothing left behind.
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { realClock } from "../../pipeline/lib/clock.ts";
import { providers } from "../../pipeline/providers/mod.ts";
import { type Order, PartialList, type Provider } from "../../pipeline/providers/provider.ts";
import { Failure } from "../../pipeline/schema/failures.ts";
import { Host } from "../../pipeline/schema/hosts.ts";
import { OWN_PROVIDERS, PROVIDERS } from "../../pipeline/schema/names.ts";
import { OfferLimits } from "../../pipeline/schema/offer.ts";
import type { MachineFaults } from "../cloud/machine.ts";
import { type SshHost, sshHost } from "../cloud/ssh_host.ts";
import { never, wanted } from "./rented.ts";

interface Lender extends AsyncDisposable {
  readonly provider: Provider;
  readonly said: string[];
  readonly host?: SshHost;
}

async function ownHost(
  others: Host[] = [],
  faults: MachineFaults = {},
): Promise<Lender & { host: SshHost }> {
  const host = await sshHost(faults);
  const said: string[] = [];
  const provider = providers.ssh.open({
    key: "",
    clock: realClock(),
    log: { info: (text) => said.push(text), warn: (text) => said.push(text) },
    hosts: [
      Host.parse({
        name: "tower",
        host: "127.0.0.1",
        port: host.running.port,
        user: host.user,
        key_file: host.key_file,
        gpu: "RTX 4090",
        price_per_hour: 0.05,
      }),
      ...others,
    ],
    known_hosts: join(host.folder, "known_hosts"),
  });
  return { provider, said, host, [Symbol.asyncDispose]: () => host[Symbol.asyncDispose]() };
}

const LENDERS: Record<string, () => Promise<Lender>> = {
  local: () => {
    const opening = { key: "", clock: realClock(), hosts: [], known_hosts: "" };
    const log = { info: () => undefined, warn: () => undefined };
    const provider = providers.local.open({ ...opening, log });
    return Promise.resolve({ provider, said: [], [Symbol.asyncDispose]: () => Promise.resolve() });
  },
  ssh: () => ownHost(),
  "ssh to a host whose login shell greets": () => ownHost([], { greeting: "Welcome to tower" }),
};

async function order(provider: Provider, label = "ga-00000000-r-1-1795478400-60"): Promise<Order> {
  const [offer] = await provider.offers(wanted(), never);
  if (offer === undefined) throw new Error("there is no offer");
  const limits = OfferLimits.parse({});
  return { offer, label, public_key: "", disk_gb: 60, limits, deadline: 1795482000 };
}

for (const [name, lender] of Object.entries(LENDERS)) {
  Deno.test(`${name} offers what it has, leases it under our label, and has no lease after its end`, async () => {
    await using lent = await lender();
    const { provider } = lent;
    const wish = await order(provider);
    deepEqual([wish.offer.provider, wish.offer.gpu], [provider.name, "RTX 4090"]);
    deepEqual(await provider.list(), []);
    const id = await provider.create(wish, never);
    const sighting = await provider.get(id);
    deepEqual([sighting?.state, sighting?.label], ["running", wish.label]);
    ok((sighting?.addresses.length ?? 0) > 0);
    deepEqual((await provider.list()).map(({ label }) => label), [wish.label]);
    await provider.destroy(id);
    equal(await provider.get(id), null);
    deepEqual(await provider.list(), []);
    await provider.destroy(id);
  });
}

Deno.test("every provider of the registry has its own name, and a variable for its key if it takes money", () => {
  for (const name of PROVIDERS) {
    const { key_variable, rents } = providers[name];
    equal(providers[name].name, name);
    equal(key_variable !== null, rents);
    if (key_variable !== null) match(key_variable, new RegExp(`^${name.toUpperCase()}_API_KEY$`));
  }
});

Deno.test("providers whose engines run already are those that rent nothing", () => {
  deepEqual(PROVIDERS.filter((name) => !providers[name].rents), OWN_PROVIDERS);
});

Deno.test("every account is asked at its provider's own address, and sweep may reach those and no others", async () => {
  const { fetch } = globalThis;
  const asked = new Set<string>();
  globalThis.fetch = (input) => {
    asked.add(new URL(String(input)).host);
    return Promise.resolve(new Response("no", { status: 401 }));
  };
  try {
    const log = { info: () => undefined, warn: () => undefined };
    for (const kind of Object.values(providers).filter(({ rents }) => rents)) {
      const provider = kind.open({ key: "a", clock: realClock(), log, hosts: [], known_hosts: "" });
      await rejects(provider.list(), Failure);
    }
  } finally {
    globalThis.fetch = fetch;
  }
  deepEqual(asked, new Set(/--allow-net=(\S+)/.exec(config.tasks.sweep.command)?.[1]?.split(",")));
  deepEqual(
    asked,
    new Set(["console.vast.ai", "dashboard.tensordock.com", "api.runpod.io", "cloud.lambda.ai"]),
  );
});

Deno.test("[offer_gone] ssh does not lease a host that somebody else has, and says who", async () => {
  await using lent = await ownHost();
  const { provider } = lent;
  await provider.create(await order(provider, "ga-11111111-r-1-1795478400-60"), never);
  await rejects(provider.create(await order(provider), never), (error: Error) => {
    ok(error instanceof Failure);
    equal(error.code, "offer_gone");
    match(error.message, /^Cannot lease the host tower: it is leased as ga-11111111-r-1-/);
    return true;
  });
  await provider.destroy("tower/ga-00000000-r-1-1795478400-60");
  equal((await provider.list()).length, 1);
});

Deno.test("ssh leaves nothing on a host that it gives back: no folder, no job", async () => {
  await using lent = await ownHost();
  const { provider, host } = lent;
  const id = await provider.create(await order(provider), never);
  {
    await using machine = await host.connect();
    await machine.launch({ name: "job", command: ["sleep", "100"], env: {}, ended: "keep" });
  }
  await provider.destroy(id);
  await using machine = await host.connect();
  const lines: string[] = [];
  await machine.run(["sh", "-c", 'ls "$1/jobs"; pgrep -f "sleep 100" -P 1', "sh", machine.workdir], {
    onStdout: (line) => lines.push(line),
  });
  deepEqual(lines, []);
});

Deno.test("ssh that cannot reach one of its hosts says that its list is a part, and shows the others", async () => {
  const deaf = Host.parse({ name: "attic", host: "127.0.0.1", port: 1, user: "nobody" });
  await using lent = await ownHost([deaf]);
  await lent.provider.create(await order(lent.provider), never);
  await rejects(lent.provider.list(), (error: Error) => {
    ok(error instanceof PartialList);
    equal(error.found.length, 1);
    match(error.message, /^Cannot connect to nobody@127\.0\.0\.1:1: .*refused/i);
    return true;
  });
  await rejects(
    lent.provider.get("attic/ga-00000000-r-1-1795478400-60"),
    (error: Error) => error instanceof Failure,
  );
});
