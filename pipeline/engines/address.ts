// Where an engine that already runs is looked for.
import { usualUrl, withoutSlash } from "../schema/engine_address.ts";
import type { EngineChoice } from "../schema/matrix.ts";
import type { EngineWorld } from "./engine.ts";

/** The address that the matrix names, else where such an engine usually listens; without a slash at its end. */
export function addressOf(
  { name, url }: EngineChoice,
  { ollama_host }: Pick<EngineWorld, "ollama_host">,
): string {
  const address = url ?? usualUrl(name, ollama_host);
  if (address === null) throw new TypeError(`${name} is started for the run`);
  return withoutSlash(address);
}
