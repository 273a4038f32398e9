// What the agent writes down can be read by everybody and tells nothing of whose machine it is.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { readConfig } from "../pipeline/agent/config.ts";
import { run } from "../pipeline/agent/run.ts";
import { sealRawDirectory } from "../pipeline/lib/seal.ts";
import { fakeOpenai, type OpenaiFaults } from "./fakes/openai.ts";

const MODEL = "/data/zoeq/hub/models--Qwen--Qwen2.5-7B/snapshots/a09a35458c702b33eeacc393d103063234e8bc28";

/** The files that the agent leaves of an engine that serves `MODEL`, and what the seal finds in them. */
async function evidenceOf(faults: OpenaiFaults, env: Record<string, string> = {}) {
  const out = await Deno.makeTempDir();
  try {
    await using openai = fakeOpenai([MODEL], faults);
    const settings = {
      DURATION: "0.05",
      WARMUP: "0",
      MAX_TOKENS: "8",
      MODEL,
      ENGINE: "openai",
      URL: openai.url,
    };
    const config = readConfig({ ...settings, OUT: out, ...env }, new Date());
    await run(config, new AbortController().signal, { progress: () => undefined, ended: () => undefined })
      .catch(() => undefined);
    const sealed = await sealRawDirectory(out, {
      run_id: "r",
      entry_id: "e",
      origin: "measured",
      provider: "local",
      location: null,
      price_per_hour: null,
      collected_at: new Date().toISOString(),
      engine_flags: config.engine_flags === null ? null : [...config.engine_flags],
    });
    const texts = await Promise.all(
      [...Deno.readDirSync(out)].map(({ name }) => Deno.readTextFile(join(out, name))),
    );
    const metadata = JSON.parse(await Deno.readTextFile(join(out, "metadata.json")));
    const lines = (await Deno.readTextFile(join(out, "results.jsonl"))).trim().split("\n");
    return { sealed, all: texts.join("\n"), metadata, lines };
  } finally {
    await Deno.remove(out, { recursive: true });
  }
}

Deno.test("words of an engine that hold half a character are evidence that every reader takes", async () => {
  const { sealed, lines } = await evidenceOf({
    errorAfter: { tokens: 1, error: { message: "bad \ud83d token" } },
  });
  deepEqual(sealed.rejected_lines, []);
  equal(sealed.requests, lines.length);
  match(lines[0] ?? "", /"error_msg":"bad \uFFFD token"/);
});

Deno.test("neither the path of the model nor a home directory reaches any file of the evidence", async () => {
  const home = Deno.env.get("HOME") ?? "/root";
  const words = `cannot read ${MODEL}/config.json, /home/zoeq/.cache/x nor ${home}/y`;
  const { all, metadata, lines, sealed } = await evidenceOf(
    { errorAfter: { tokens: 1, error: { message: words } } },
    {
      ENGINE_FLAGS: JSON.stringify([
        "--chat-template",
        "/srv/zoeq/chat.jinja",
        "--cache=/srv/zoeq/cache",
        "--x=1",
      ]),
    },
  );
  equal(metadata.model.name, "Qwen/Qwen2.5-7B");
  const told = JSON.parse(lines[0] ?? "{}").error_msg;
  equal(told, "cannot read Qwen/Qwen2.5-7B/config.json, ~/.cache/x nor ~/y");
  deepEqual(metadata.test_config.engine_flags, ["--chat-template", "chat.jinja", "--cache=cache", "--x=1"]);
  deepEqual(sealed.engine_flags, metadata.test_config.engine_flags);
  ok(!/zoeq|snapshots/.test(all), all.match(/.*(zoeq|snapshots).*/)?.[0]);
});

Deno.test("the key of an endpoint that says it back stands in no file of the evidence", async () => {
  const { all, lines } = await evidenceOf(
    { errorAfter: { tokens: 1, error: { message: "Invalid key: Bearer sk-zoeq-123" } } },
    { API_KEY: "sk-zoeq-123\r\n" },
  );
  equal(JSON.parse(lines[0] ?? "{}").error_msg, "Invalid key: Bearer ***");
  ok(!all.includes("sk-zoeq-123"));
});
