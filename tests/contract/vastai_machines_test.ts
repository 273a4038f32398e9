// Vast.ai's machines as it tells of them, from the list to the bill: what is gone, what is dead, and what is neither.
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { join } from "node:path";
import { realClock } from "../../pipeline/lib/clock.ts";
import { vastai } from "../../pipeline/providers/vastai.ts";
import { type Fault, type Reply, type Script, scripted } from "../cloud/server.ts";
import { stockOf } from "../cloud/stock.ts";
import * as cloud from "../cloud/vastai.ts";
import { never, open, order, withCode } from "./rented.ts";
import { answering, create, rented, sent } from "./vastai.ts";

const LABEL = "ga-test-1-1795478400";
const OOPS: Reply = { status: 500, text: "oops" };

Deno.test("vastai's machine is gone when it says null, and by no fault that says the same", async () => {
  await using gone = await answering("get", { instances: null });
  equal(await gone.provider.get("1"), null);
  for (const json of [{ success: false, instances: null }, { instances: [] }, { instances: {} }, {}]) {
    await using opened = await answering("get", json);
    await rejects(opened.provider.get("1"), withCode("provider_unavailable"));
  }
});

Deno.test("vastai is asked for all machines in pages of 25, the oldest first", async () => {
  await using opened = await open(rented, {
    options: { stock: [stockOf("31842207", "RTX 4090", { capacity: 60 })] },
  });
  const wish = await order(opened.provider);
  for (let n = 0; n < 60; n++) await opened.provider.create(wish, never);
  equal((await opened.provider.list()).length, 60);
  deepEqual(
    sent(opened, "list").map(({ query }) => Object.fromEntries(query)),
    [null, "25", "50"].map((token) => ({
      limit: "25",
      order_by: '[{"col":"id","dir":"asc"}]',
      ...(token === null ? {} : { after_token: token }),
    })),
  );
});

const SHOWN = { id: 1, label: LABEL, actual_status: "running" };
const LISTS: Record<string, Script> = {
  "whose second page is missing": (_verb, _n, { query }) =>
    query.has("after_token") ? { reply: OOPS } : first(),
  "that tells more machines than it shows": () => first({ next_token: null }),
  "that shows a machine twice instead of another": () =>
    first({ instances: [SHOWN, SHOWN], next_token: null }),
  "whose pages go in a circle": () => first(),
  "that does not say how many there are": () => first({ instances: [], total_instances: undefined }),
  "that calls itself a fault": () =>
    first({ success: false, instances: [], total_instances: 0, next_token: null }),
  "that shows a machine without an id": () => first({ instances: [{ label: LABEL }], next_token: null }),
};
function first(changes: object = {}): Fault {
  return {
    reply: { json: { success: true, instances: [SHOWN], total_instances: 2, next_token: "1", ...changes } },
  };
}
for (const [what, script] of Object.entries(LISTS)) {
  Deno.test(`vastai's list ${what} is no list at all`, async () => {
    await using opened = await open(rented, { script });
    await rejects(opened.provider.list(), withCode("provider_unavailable"));
  });
}

const STATES: readonly (readonly [object, string, string?])[] = [
  [{ actual_status: null }, "starting"],
  [{ actual_status: "created" }, "starting"],
  [{ actual_status: "created", status_msg: "x: OCI runtime create failed: no GPU" }, "dead", "boot_failed"],
  [{ actual_status: "running", status_msg: "OCI runtime create failed, then restarted" }, "running"],
  [{ actual_status: "loading" }, "starting"],
  [{ actual_status: "rebooting" }, "starting"],
  [{ actual_status: "unknown" }, "starting"],
  [{ actual_status: "of-the-future" }, "starting"],
  [{ actual_status: "running" }, "running"],
  ...["stopped", "frozen", "exited", "offline"].map((actual_status) =>
    [{ actual_status }, "dead", "machine_stopped"] as const
  ),
  [{ actual_status: "running", intended_status: "stopped" }, "running"],
  [{ cur_state: "stopped", intended_status: "stopped", next_state: "stopped" }, "dead", "machine_stopped"],
];
Deno.test("vastai's states mean what its documentation says, and a dead machine is listed until it is destroyed", async () => {
  for (const [told, state, trouble] of STATES) {
    const machine = { id: 1, label: "", cur_state: "running", next_state: "running", ...told };
    await using opened = await open(rented, {
      script: scripted({
        get: { 0: { reply: { json: { instances: machine } } } },
        list: { 0: { reply: { json: { instances: [machine], total_instances: 1, next_token: null } } } },
      }),
    });
    for (const seen of [await opened.provider.get("1"), ...await opened.provider.list()]) {
      deepEqual(
        [seen?.id, seen?.state, seen?.trouble, seen?.label],
        ["1", state, trouble, null],
        JSON.stringify(told),
      );
    }
  }
});

Deno.test("vastai's machine is reached directly, else through its proxy, and by nothing that cannot be a port", async () => {
  const direct = {
    public_ipaddr: " 203.0.113.24\n",
    ports: { "22/tcp": [{ HostPort: "41022" }], "80/tcp": null },
  };
  const proxy = { ssh_host: "ssh7.vast.ai", ssh_port: 10533, image_runtype: "ssh_direct" };
  const user = "root";
  const ways: [object, unknown[]][] = [
    [{}, []],
    [{ ...direct, ...proxy }, ["203.0.113.24:41022", "ssh7.vast.ai:10533"]],
    [{ ...proxy, image_runtype: "jupyter_proxy", ports: null }, ["ssh7.vast.ai:10534"]],
    [{ ...direct, ports: { "22/tcp": [{ HostPort: "" }] }, ssh_host: "s", ssh_port: "70000" }, []],
    [{ ...direct, ports: "none" }, []],
  ];
  const { fetch } = globalThis;
  const urls: string[] = [];
  try {
    for (const [told, expected] of ways) {
      globalThis.fetch = (input) => {
        urls.push(String(input));
        return Promise.resolve(Response.json({ instances: { id: 1, ...told } }));
      };
      const log = { info: () => undefined, warn: () => undefined };
      const provider = vastai.open({ key: "a", clock: realClock(), log, hosts: [], known_hosts: "" });
      const addresses = (await provider.get("1"))?.addresses ?? [];
      deepEqual(addresses.map((each) => each.kind === "ssh" && each.user), expected.map(() => user));
      deepEqual(addresses.map((each) => each.kind === "ssh" && `${each.host}:${each.port}`), expected);
    }
  } finally {
    globalThis.fetch = fetch;
  }
  deepEqual([...new Set(urls)], ["https://console.vast.ai/api/v0/instances/1/"]);
});

Deno.test("vastai's machine that it no longer knows is ended, in both of its words for that", async () => {
  for (const error of ["no_such_instance", "not_found"]) {
    const reply = refusal(404, error);
    await using opened = await open(rented, { script: scripted({ destroy: { 0: { reply } } }) });
    await opened.provider.destroy("1");
  }
});

Deno.test("vastai that does not say that a machine ends has not ended it", async () => {
  for (
    const reply of [
      refusal(200, "busy"),
      refusal(404, "auth_error"),
      refusal(404, "not_allowed"),
      refusal(400, "invalid_args"),
      { status: 404, text: "<html>Not Found</html>" },
    ]
  ) {
    await using opened = await open(rented, { script: scripted({ destroy: { 1: { reply } } }) });
    const id = await create(opened);
    await rejects(
      opened.provider.destroy(id),
      withCode(reply.text?.length || !isKeyTrouble(reply) ? "provider_unavailable" : "bad_key"),
    );
    ok(await opened.provider.get(id));
    await opened.provider.destroy(id);
    equal(await opened.provider.get(id), null);
  }
});

function refusal(status: number, error: string): Reply {
  return { status, json: { success: false, error, msg: "no" } };
}

function isKeyTrouble({ json }: Reply): boolean {
  return JSON.stringify(json).includes("auth_error");
}

Deno.test("vastai that waits between ends is not asked for two of them at once", async () => {
  await using opened = await open(rented, {
    script: scripted({ destroy: { 1: { reply: cloud.TOO_MANY[3] ?? OOPS } } }),
  });
  const id = await create(opened);
  await opened.provider.destroy(id);
  equal(await opened.provider.get(id), null);
  equal(sent(opened, "destroy").length, 2);
});

Deno.test("vastai takes a key for a machine that is there, and says so when it does not", async () => {
  await using opened = await open(rented);
  const id = await create(opened);
  await opened.provider.admit?.(id, "ssh-ed25519 AAAA test");
  deepEqual(opened.started.cloud.machines.get(id)?.keys, ["ssh-ed25519 AAAA test"]);
  await rejects(
    async () => await opened.provider.admit?.("1", "ssh-ed25519 AAAA test"),
    withCode("provider_unavailable"),
  );
});

Deno.test("vastai's charges are the sum of all days of a machine, from the midnight before it began", async () => {
  await using opened = await open(rented);
  const { provider, started } = opened;
  const id = await create(opened);
  const [from, to] = [new Date("2026-10-09T17:00:00Z"), new Date("2026-10-10T00:00:00Z")];
  Object.assign(started.cloud.machines.get(id) ?? {}, { created_at: from.getTime(), gone_at: to.getTime() });
  const charged = await provider.charges?.([id], from, to);
  equal(charged?.get(id)?.toFixed(6), (0.3 * 7).toFixed(6));
  const [asked] = sent(opened, "charges");
  deepEqual(JSON.parse(asked?.query.get("select_filters") ?? ""), {
    day: { gte: 1791504000, lte: 1791504000 + 2 * 86_400 - 1 },
    type: { in: ["instance"] },
  });
});

Deno.test("vastai's charges of all pages count, of other machines and of other things none", async () => {
  const rows = [["instance-1", 0.25], ["instance-12", 5], [null, 7], ["volume-1", 3], [
    "instance-1",
    0.5,
  ]] as const;
  const script: Script = (_verb, _n, { query }) => {
    const n = Number(query.get("after_token"));
    const results = rows.slice(n, n + 1).map(([source, amount]) => ({ source, amount }));
    const next_token = n + 1 < rows.length ? String(n + 1) : null;
    return { reply: { json: { success: true, results, next_token } } };
  };
  await using opened = await open(rented, { script });
  const charged = await opened.provider.charges?.(["1", "2"], new Date(0), new Date(0));
  deepEqual([...charged ?? []], [["1", 0.75]]);
  await using refused = await answering("charges", {
    success: false,
    msg: "Host users have none",
    results: [],
  });
  await rejects(
    async () => await refused.provider.charges?.(["1"], new Date(0), new Date(0)),
    withCode("provider_unavailable"),
  );
});

/** Runs a script as a machine does, without `curl` until its package manager brings it; what that was told. */
async function onMachine(id: string, script: string, home?: string): Promise<string> {
  const bin = await Deno.makeTempDir({ prefix: "vast-" });
  const calls = join(bin, "calls");
  await Deno.writeTextFile(calls, "");
  const apt = `#!/bin/sh\necho "$@" >>${calls}\n[ "$1" = update ] || ln -s "$CURL" ${bin}/curl\n`;
  await Deno.writeTextFile(join(bin, "apt-get"), apt, { mode: 0o755 });
  for (const program of ["cat", "date", "ln"]) await Deno.symlink(await which(program), join(bin, program));
  await new Deno.Command("/bin/sh", {
    args: ["-c", script],
    clearEnv: true,
    env: {
      PATH: bin,
      HOME: home ?? bin,
      CURL: await which("curl"),
      CONTAINER_ID: id,
      CONTAINER_API_KEY: cloud.ownKey(id),
    },
    stdout: "null",
    stderr: "null",
  }).output();
  const told = await Deno.readTextFile(calls);
  await Deno.remove(bin, { recursive: true });
  return told;
}

async function which(program: string): Promise<string> {
  const { stdout } = await new Deno.Command("sh", { args: ["-c", `command -v ${program}`] }).output();
  return new TextDecoder().decode(stdout).trim();
}

Deno.test("vastai's machine ends itself with its own key, which can do nothing else, and gets what it needs for that", async () => {
  await using opened = await open(rented);
  const [id, other] = [await create(opened), await create(opened)];
  const command = opened.provider.selfDestruct?.(id) ?? "";
  await onMachine(id, command.replace("$CONTAINER_ID", other));
  equal((await opened.provider.list()).length, 2);
  equal(await onMachine(id, command), "update\ninstall -y curl\n");
  deepEqual((await opened.provider.list()).map((each) => each.id), [other]);
});

Deno.test("vastai's machine begins with what ends it when its time is over, reckoned once by its own clock, which may be wrong", async () => {
  await using opened = await open(rented);
  const wish = await order(opened.provider);
  const id = await opened.provider.create(wish, never);
  const { onstart } = sent(opened, "create").at(-1)?.body as { onstart: string };
  const [line = ""] = onstart.split("\n");
  ok(line.endsWith("&"), line);
  // Once round its loop, in the foreground.
  const script = line.replace("while :; do", "for once in 1; do").replace("sleep $left", ":").replace(
    /&$/,
    "",
  );
  const home = await Deno.makeTempDir({ prefix: "vast-" });
  await onMachine(id, script, home);
  ok(await opened.provider.get(id));
  const mark = join(home, ".gpu-almanac-end");
  const left = Number(await Deno.readTextFile(mark)) - Date.now() / 1000;
  ok(Math.abs(left - (wish.deadline - Date.now() / 1000)) < 60, String(left));
  await Deno.writeTextFile(mark, String(Math.floor(Date.now() / 1000)));
  await onMachine(id, script, home);
  equal(await opened.provider.get(id), null);
  await Deno.remove(home, { recursive: true });
});
