// PURE. How much of what a machine says it downloaded is believed. Traffic costs money.
import { Failure } from "../schema/failures.ts";
import { type Catalog, sizeGb } from "./fit.ts";

/** 100 Gbit/s. */
const FASTEST_BYTES_S = 12.5e9;
/** No measured time is shorter. */
const LEAST_SECONDS = 1;
/** A library may serve another quantisation than the catalogue knows, and a repository hold the weights in several forms. */
const MOST_SHARE = 10;
/** A model of which only the name tells a size, or nothing does; bytes. */
const MOST_UNKNOWN = 2e12;

/** Bytes of `model` that can have come in `seconds`; a Failure `hostile_output` when no such model has as many as are told. */
export function believedBytes(told: number, seconds: number, model: string, catalog: Catalog): number {
  const facts = (catalog.facts ?? []).filter(({ source }) => source !== "name");
  const known_gb = sizeGb(model, { ...catalog, facts });
  const most = known_gb === null ? MOST_UNKNOWN : Math.ceil(MOST_SHARE * known_gb) * 1e9;
  if (!(told >= 0 && told <= most)) {
    throw new Failure(
      "hostile_output",
      `Cannot believe the download of ${model}: the machine tells of ${told} bytes, at most ${most} are possible`,
    );
  }
  // Engines count parts that were there before.
  return Math.min(told, FASTEST_BYTES_S * Math.max(LEAST_SECONDS, seconds));
}
