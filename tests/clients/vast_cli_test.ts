// Vast.ai's own client against our simulated Vast.ai: what it sends is what was recorded, and it understands every answer.
import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { messageOf } from "../../pipeline/errors.ts";
import { startCloud, type StartedCloud } from "../cloud/mod.ts";
import { vastai } from "../cloud/vastai.ts";
import { rented } from "../contract/vastai.ts";
import { until } from "../until.ts";
import { makeVenv } from "../venv.ts";
import { COMMANDS, INSTANCE, type Sent, VERSION } from "./vast_commands.ts";

const KEY = "key-of-the-account";

function cloud(): Promise<StartedCloud> {
  return startCloud(vastai, { stock: rented.stock, key: KEY, pace: 0.001, hollowPort: 2222 });
}

/** Once a machine was made it runs before the next question. */
async function settled({ cloud: { machines } }: StartedCloud): Promise<void> {
  await until(() => machines.get(INSTANCE)?.state === "starting" ? null : true);
}

Deno.test("what Vast.ai's own client sends is answered with all that it reads", async () => {
  await using started = await cloud();
  for (const { args, sends } of COMMANDS) {
    for (const sent of sends) {
      const row = await firstOf(await ask(started.url, sent));
      const missing = (sent.reads ?? []).filter((column) => !(column in row));
      deepEqual(missing, [], args.join(" "));
    }
    await settled(started);
  }
});

async function ask(base: string, { method, path, query, body }: Sent): Promise<Response> {
  const response = await fetch(`${base}${path}?${new URLSearchParams(query)}`, {
    method,
    headers: { authorization: `Bearer ${KEY}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  equal(response.status, 200, `${method} ${path}`);
  return response;
}

/** The first offer or instance of an answer; what is told without one is no row. */
async function firstOf(response: Response): Promise<object> {
  if (response.headers.get("content-type") !== "application/json") return { text: await response.text() };
  const { offers, instances } = await response.json();
  return (offers ?? [instances].flat())[0] ?? {};
}

const venvs = Deno.env.get("CLIENT_VENVS");
const folder = venvs ?? await Deno.makeTempDir({ prefix: "clients-" });
const client = await installed().catch((error) => ({ why: messageOf(error) }));
addEventListener("unload", () => venvs ?? Deno.removeSync(folder, { recursive: true }));

/** The client: the one that is there already, or one that is installed for these tests. */
async function installed(): Promise<{ readonly program: string }> {
  const own = join(folder, `vastai-${VERSION}`, "bin", "vastai");
  for (const program of ["vastai", own]) {
    const found = await vast(program, ["--version"]).catch(() => null);
    if (found?.printed.trim() === VERSION) return { program };
  }
  await makeVenv(join(folder, `vastai-${VERSION}`), ["--retries=1", `vastai==${VERSION}`]);
  return { program: own };
}

/** Runs the client in a home of its own, where it remembers what it asks once. */
async function vast(program: string, args: readonly string[], url = "", home = folder) {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    clearEnv: true,
    env: {
      PATH: Deno.env.get("PATH") ?? "",
      HOME: home,
      VAST_URL: url,
      VAST_API_KEY: KEY,
      VASTAI_NO_UPDATE_CHECK: "1",
      COLUMNS: "200",
      PYTHONIOENCODING: "utf-8",
    },
    stdin: "null",
  }).output();
  const texts = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, printed: texts[0] ?? "", said: texts[1] ?? "" };
}

Deno.test({
  name: `Vast.ai's own client rents, looks at, labels and destroys a machine of our simulated Vast.ai${
    "why" in client ? ` (left out: ${client.why})` : ""
  }`,
  ignore: "why" in client,
  fn: async () => {
    await using started = await cloud();
    const home = await Deno.makeTempDir({ prefix: "vast-home-" });
    for (const { args, sends, prints } of COMMANDS) {
      const before = started.asked.length;
      const program = "program" in client ? client.program : "";
      const { code, printed, said } = await vast(program, args, started.url, home);
      deepEqual([code, stripVTControlCharacters(said).trim()], [0, ""], args.join(" "));
      match(stripVTControlCharacters(printed), prints);
      const sent = started.asked.slice(before).map(({ asked: { method, path, query, body } }) => ({
        method,
        path,
        ...(query.size > 0 ? { query: Object.fromEntries(query) } : {}),
        ...(body === undefined ? {} : { body }),
      }));
      deepEqual(sent, sends.map(({ reads: _, ...each }) => each), args.join(" "));
      await settled(started);
    }
    await Deno.remove(home, { recursive: true });
  },
});
