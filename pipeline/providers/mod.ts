// Every provider, by name. A new one is one file, one line here and one recorded fixture.
import type { ProviderName } from "../schema/names.ts";
import { local } from "./local.ts";
import type { Provider } from "./provider.ts";

export const providers = { local } satisfies Record<ProviderName, Provider>;
