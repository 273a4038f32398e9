// The simulated clouds by provider, and a way to start one.
import { Cloud, type CloudOptions } from "./cloud.ts";
import { type Protocol, type Script, serve, type Serving } from "./server.ts";
import { login } from "./login.ts";
import { lambda } from "./lambda.ts";
import { runpod } from "./runpod.ts";
import { tensordock } from "./tensordock.ts";
import { vastai } from "./vastai.ts";

export type CloudProtocol = (cloud: Cloud) => Protocol;

export const PROTOCOLS = { vastai, tensordock, runpod, lambda } satisfies Record<string, CloudProtocol>;
export type CloudName = keyof typeof PROTOCOLS;

export interface StartedCloud extends AsyncDisposable {
  readonly cloud: Cloud;
  readonly url: string;
  readonly asked: Serving["asked"];
  /** The user that its machines let in: the one who runs this. */
  readonly login: string;
}

/** Starts a cloud that speaks `protocol`. */
export async function startCloud(
  protocol: CloudProtocol,
  options: CloudOptions,
  script?: Script,
): Promise<StartedCloud> {
  const cloud = new Cloud(options);
  const serving = await serve(protocol(cloud), script);
  return {
    cloud,
    url: serving.url,
    asked: serving.asked,
    login: await login(),
    [Symbol.asyncDispose]: async () => {
      await serving[Symbol.asyncDispose]();
      await cloud[Symbol.asyncDispose]();
    },
  };
}
