// PURE. What a model's name alone tells: parameters, quantisation, and from both the size of its weights.
import { type Library, type ModelFacts, nothingKnown } from "../schema/model_facts.ts";
import { ggufQuantization, hubQuantization } from "./quantization.ts";

/** 70B, 1.5b, 350M; not the B of A3B, E4B or 4bit, which tell of something else. */
const PARAMETERS = /(?<![a-z0-9.])(?:(\d{1,3})x)?(\d{1,4}(?:\.\d{1,3})?)([bm])(?![a-z0-9])/gi;
/** 17B-16E: what is before the B is only what one token uses. */
const ACTIVE_ALONE = /\d+b-\d+e(?![a-z0-9])/i;
/** Experts of 8x7B share what is not their own. */
const OWN_SHARE = 0.83;
const UNITS: Readonly<Record<string, number>> = { b: 1e9, m: 1e6 };

/** Facts of `name` by itself; `unchecked` says why nobody else was asked. */
export function factsByName(
  name: string,
  library: Library,
  isGguf: boolean,
  unchecked: string | null,
): ModelFacts {
  const nothing = nothingKnown(name, library, unchecked);
  const parameters = parametersIn(name);
  if (parameters === null) return nothing;
  const { label, bits } = isGguf ? ggufQuantization(name) : hubQuantization(name);
  const gb = parameters * bits / 8e9;
  return { ...nothing, parameters, quantization: label, weights_gb: gb, download_gb: gb, source: "name" };
}

/** The parameters that a name tells; of several numbers the largest, since the others are parts of it. */
export function parametersIn(name: string): number | null {
  if (ACTIVE_ALONE.test(name)) return null;
  const told = [...name.matchAll(PARAMETERS)].map(([, experts, number, unit = ""]) => {
    const each = Number(number) * (UNITS[unit.toLowerCase()] ?? 0);
    return experts === undefined ? each : Number(experts) * each * OWN_SHARE;
  });
  const most = Math.max(0, ...told);
  return most > 0 ? most : null;
}
