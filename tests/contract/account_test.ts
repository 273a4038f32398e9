// What all providers' answers have in common: lists with an end, and words that open nothing.
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { z } from "zod";
import { type Clock, realClock } from "../../pipeline/lib/clock.ts";
import { Account, type Answer } from "../../pipeline/providers/account.ts";
import { until } from "../until.ts";
import { withCode } from "./rented.ts";

const CALL = { what: "list the machines", method: "GET", path: "/machines" } as const;
const Page = z.object({ items: z.array(z.number()), next: z.string().nullable() });

/** An account of a provider that answers so, and what it was asked. */
function accountAt(
  answer: (url: URL, n: number) => Response | Promise<Response>,
  clock: Clock = realClock(0.001),
) {
  const asked: URL[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => undefined }, ({ url }) => {
    asked.push(new URL(url));
    return answer(new URL(url), asked.length);
  });
  const opening = {
    key: "the-key",
    clock,
    log: { info: () => undefined, warn: () => undefined },
    hosts: [],
    known_hosts: "",
  };
  const pace = { any: 0, create: 0, destroy: 0 };
  const account = new Account("runpod", `http://127.0.0.1:${server.addr.port}`, opening, pace);
  const read = (answer: Answer) => account.read(Page, CALL, answer);
  return {
    account,
    asked,
    list: () => account.pages(CALL, "after", read, ({ next }) => next),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

Deno.test("a list is read page by page, each asked for by the token of the one before", async () => {
  await using opened = accountAt((_url, n) => Response.json({ items: [n], next: n < 3 ? `t${n}` : null }));
  deepEqual((await opened.list()).flatMap(({ items }) => items), [1, 2, 3]);
  deepEqual(opened.asked.map(({ searchParams }) => searchParams.get("after")), [null, "t1", "t2"]);
});

const ENDLESS: Record<string, (url: URL, n: number) => Response> = {
  "go in a circle": (_url, n) => Response.json({ items: [], next: `t${n % 3}` }),
  "always have another": (_url, n) => Response.json({ items: [], next: `t${n}` }),
  "are too large together": (_url, n) =>
    Response.json({ items: [], next: `t${n}`, pad: "x".repeat(30 << 20) }),
};
for (const [what, answer] of Object.entries(ENDLESS)) {
  Deno.test(`pages that ${what} are no list`, async () => {
    await using opened = accountAt(answer);
    await rejects(opened.list(), withCode("provider_unavailable"));
  });
}

const SECRETS = {
  jupyter_url: "https://jupyter.example/lab?token=secret-1&x=1",
  jupyter_token: "secret-2",
  env: {
    HF_TOKEN: "secret-3",
    apiKey: "secret-4",
    privateKey: "secret-5",
    AWS_SECRET_ACCESS_KEY: "secret-6",
  },
  auth: "secret-7",
  password: `secret-8${"x".repeat(9000)}`,
};

Deno.test("an answer that has not the form it should have is told by what is wrong with it, and not shown", async () => {
  await using opened = accountAt(() => Response.json({ items: ["secret-9"], ...SECRETS, next: null }));
  await rejects(opened.list(), ({ message }: Error) => {
    ok(message.includes("items.0: "), message);
    return !message.includes("secret-");
  });
});

Deno.test("the words of a refusal are shown without what opens a machine or an account", async () => {
  await using opened = accountAt(() => Response.json({ why: "no", ...SECRETS }, { status: 400 }));
  await rejects(opened.list(), ({ message }: Error) => {
    ok(message.includes('"why":"no"'), message);
    return !message.includes("secret-");
  });
});

Deno.test("an error of 20 MB to a create is one whose outcome nobody knows", async () => {
  const text = `{"token":"${"x".repeat(20 << 20)}`;
  await using opened = accountAt(() => new Response(text, { status: 500 }));
  await rejects(
    opened.account.ask({ ...CALL, method: "POST", kind: "create" }),
    withCode("create_unknown"),
  );
  equal(opened.asked.length, 1);
});

/** A create that has arrived and is then stopped, with what ends its waits, by their seconds. */
async function stoppedCreate() {
  const waits = new Map<number, AbortController>();
  const timeout = (seconds: number) => {
    const wait = new AbortController();
    waits.set(seconds, wait);
    return wait.signal;
  };
  const { promise, resolve: answer } = Promise.withResolvers<Response>();
  const opened = accountAt(() => promise, { ...realClock(), timeout });
  const stop = new AbortController();
  const created = opened.account.ask({ ...CALL, method: "POST", kind: "create", signal: stop.signal });
  await until(() => opened.asked[0]);
  stop.abort();
  return { ...opened, created, answer, late: await until(() => waits.get(10)) };
}

Deno.test("the answer of a create that was on its way when its run was stopped is taken", async () => {
  await using stopped = await stoppedCreate();
  stopped.answer(Response.json({ id: "m-1" }));
  deepEqual((await stopped.created).json, { id: "m-1" });
});

Deno.test("a create that does not answer within ten seconds of a stop is given up, and nobody knows what it made", async () => {
  await using stopped = await stoppedCreate();
  stopped.late.abort();
  await rejects(stopped.created, withCode("create_unknown"));
  equal(stopped.asked.length, 1);
  stopped.answer(new Response());
});
