// Every provider, by name. A new one is one file, one line here and one simulated cloud.
import type { ProviderName } from "../schema/names.ts";
import { lambda } from "./lambda.ts";
import { local } from "./local.ts";
import type { ProviderKind } from "./provider.ts";
import { runpod } from "./runpod.ts";
import { ssh } from "./ssh.ts";
import { tensordock } from "./tensordock.ts";
import { vastai } from "./vastai.ts";

export const providers: Readonly<Record<ProviderName, ProviderKind>> = {
  local,
  ssh,
  vastai,
  tensordock,
  runpod,
  lambda,
};
