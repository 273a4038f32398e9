// What engines have in common that serve OpenAI's routes from a process of their own: vLLM, SGLang, llama-server.
// On a machine that is ours they are installed and started with the model; elsewhere they must already serve it.
import { z } from "zod";
import { UserError } from "../errors.ts";
import { spreadFlags } from "../schema/engine_settings.ts";
import { apiUrl, serverUrl } from "../schema/engine_address.ts";
import type { EngineChoice, Workload } from "../schema/matrix.ts";
import type { EngineName } from "../schema/names.ts";
import { addressOf } from "./address.ts";
import type { Engine, EngineHost, EngineWorld, RunningEngine } from "./engine.ts";
import { type GaugeNames, gaugesIn } from "../schema/gauges.ts";
import { ask, askJson, DECODE_PROMPT, refusal, saysNo, textOf } from "./http.ts";
import { foundRunning, type Installed, installEnv, requireVersion } from "./install.ts";
import { metricsEnv, modelsAt, NOT_TOLD, openaiEnv, requireServed } from "./openai.ts";
import { ServerJob } from "./server_job.ts";

const DECODED_TOKENS = 129;
const Completed = z.object({ usage: z.object({ completion_tokens: z.int().min(0).nullish() }).nullish() });
const DECODE_TIMEOUT_SECONDS = 90;

export interface ServerKind {
  readonly name: EngineName;
  /** Its name for people. */
  readonly title: string;
  /** Begins its jobs' names: lower case and dashes. */
  readonly job: string;
  /** Finds it on the machine or installs it, in the version that is asked for. */
  install(choice: EngineChoice, host: EngineHost, world: EngineWorld): Promise<Installed>;
  /** Flags for the load of `capacity`; the matrix' own follow them. Recorded with the result. */
  flags(capacity: Workload): string[];
  /** The command that serves `model` at a port of the machine itself. */
  command(program: string, model: string, port: number, flags: readonly string[]): string[];
  readonly env: Readonly<Record<string, string>>;
  /** Where it tells its version, and under which key: the first that answers counts. */
  readonly versions: readonly { readonly path: string; readonly key: string }[];
  /** Route that empties its prompt cache when POSTed to; null where a request says that it wants none. */
  readonly reset: string | null;
  readonly gauges: GaugeNames;
  /** Finds out whether it can use the GPU before a model is fetched. */
  prove?(program: string, host: EngineHost, world: EngineWorld): Promise<void>;
  canServe(model: string): string | null;
}

/** The engine of this kind. */
export function openaiServer(kind: ServerKind): Engine {
  const { name, title } = kind;
  const versionAt = (url: string, world: EngineWorld, timeout_seconds?: number) =>
    askVersion(kind, serverUrl(url), world, timeout_seconds);

  return {
    name,
    reach: "installs",

    async answers(choice, world) {
      const url = addressOf(choice, world);
      try {
        await modelsAt(url, world, 3);
        return { version: await versionAt(url, world, 3) };
      } catch (error) {
        if (saysNo(error)) return null;
        throw error;
      }
    },

    installed: async (choice, world) => (await modelsAt(addressOf(choice, world), world)).map(({ id }) => id),

    async start(choice, model, capacity, world) {
      const { host } = world;
      if (host === null || choice.url !== undefined) return await found(choice, model, capacity, world);
      const installed = await kind.install(choice, host, world);
      const { program } = installed;
      await kind.prove?.(program, host, world);
      const own = choice.flags ?? [];
      const flags = [...kind.flags(capacity), ...spreadFlags(name, own, host.gpu_count), ...own];
      return new ServerJob({
        title,
        job: kind.job,
        command: (model, port) => kind.command(program, model, port, flags),
        env: kind.env,
        variables: choice.env ?? [],
        version: async (url, world) => {
          const told = await versionAt(url, world);
          if (installed.version !== null) requireVersion(title, installed.version, told);
          return told;
        },
        agentEnv: (url) => ({
          ...openaiEnv(url, choice),
          ...metricsEnv(serverUrl(url), kind.gauges),
          ENGINE_FLAGS: JSON.stringify(flags),
          ...installEnv(installed),
          ...(kind.reset === null ? {} : { RESET_URL: `${url}${kind.reset}` }),
        }),
      }, host);
    },

    healthy: ({ url }, world) =>
      ask({ url: `${serverUrl(url)}/health`, timeout_seconds: 10 }, world)
        .then(async (response) => (await response.body?.cancel(), response.ok), () => false),

    load: (running, model, _capacity, world) =>
      running instanceof ServerJob ? running.load(model, world) : Promise.resolve(NOT_TOLD),

    async decode({ url }, model, _capacity, world) {
      const short = await completed(url, model, 1, world);
      const long = await completed(url, model, DECODED_TOKENS, world);
      const [tokens, seconds] = [long.tokens - short.tokens, long.seconds - short.seconds];
      return tokens > 0 && seconds > 0 ? tokens / seconds : null;
    },

    unload: (running) =>
      running instanceof ServerJob ? running.end().catch(() => undefined) : Promise.resolve(),

    async scrape({ url }, world) {
      const response = await ask({ url: `${serverUrl(url)}/metrics`, timeout_seconds: 10 }, world);
      const text = await textOf(response);
      if (!response.ok) throw refusal(`read the counters of ${title}`, response.status, text);
      return gaugesIn(text, kind.gauges);
    },

    canServe: (model) => kind.canServe(model),
  };

  /** The engine where it already runs with the model. */
  async function found(
    choice: EngineChoice,
    model: string,
    { context_tokens }: Workload,
    world: EngineWorld,
  ): Promise<RunningEngine> {
    if (choice.flags !== undefined) {
      throw new UserError(
        `Cannot start ${title} with ${choice.flags.join(" ")}: the machine is not ours to change`,
        "Start it there with these flags, and leave them out of the matrix.",
      );
    }
    const url = addressOf(choice, world);
    const { max_model_len } = requireServed(model, await modelsAt(url, world), url);
    if (max_model_len !== null && max_model_len < context_tokens) {
      world.log(
        `${title} takes ${max_model_len} tokens a request, fewer than the ${context_tokens} asked for`,
      );
    }
    const version = await versionAt(url, world);
    return {
      url,
      version,
      agentEnv: {
        ...openaiEnv(url, choice),
        ...metricsEnv(serverUrl(url), kind.gauges),
        ...installEnv(foundRunning(title, choice, version)),
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
}

/** One request for exactly so many tokens, and how long its answer took. */
async function completed(url: string, model: string, max_tokens: number, world: EngineWorld) {
  const asked = world.clock.now();
  const { usage } = await askJson(
    `decode with ${model}`,
    {
      url: `${apiUrl(url)}/completions`,
      body: { model, prompt: DECODE_PROMPT, max_tokens, temperature: 0, ignore_eos: true },
      timeout_seconds: DECODE_TIMEOUT_SECONDS,
    },
    Completed,
    world,
  );
  return { tokens: usage?.completion_tokens ?? NaN, seconds: (world.clock.now() - asked) / 1000 };
}

async function askVersion(
  { versions }: ServerKind,
  url: string,
  world: EngineWorld,
  timeout_seconds = 10,
): Promise<string | null> {
  for (const { path, key } of versions) {
    const response = await ask({ url: `${url}${path}`, timeout_seconds }, world);
    const answer: unknown = await textOf(response).then(JSON.parse).catch(() => null);
    if (!response.ok || typeof answer !== "object" || answer === null) continue;
    const version = (answer as Record<string, unknown>)[key];
    if (typeof version === "string" && version !== "") return version;
  }
  return null;
}
