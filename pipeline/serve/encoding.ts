// Which compression a client takes, and the compressed text.
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

export type Encoding = "br" | "gzip" | "identity";

const PREFERRED = ["br", "gzip"] as const;
/** Below this many bytes compression saves no packet. */
const WORTHWHILE = 1024;
/** Brotli's levels above 5 cost much more time than they save bytes. */
const BROTLI_QUALITY = 5;

/** The encoding to answer with, by the header Accept-Encoding: the one with the highest weight, brotli before gzip. */
export function encodingFor(accepted: string | null, bytes: number): Encoding {
  if (accepted === null || bytes < WORTHWHILE) return "identity";
  const weights = weightsOf(accepted);
  const weight = (name: string) => weights.get(name) ?? weights.get("*") ?? 0;
  const best = PREFERRED.toSorted((a, b) => weight(b) - weight(a))[0] ?? "br";
  return weight(best) > 0 && weight(best) >= (weights.get("identity") ?? 0) ? best : "identity";
}

export async function compress(text: string, encoding: "br" | "gzip"): Promise<Uint8Array<ArrayBuffer>> {
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } };
  return new Uint8Array(
    encoding === "br" ? await promisify(brotliCompress)(text, quality) : await promisify(gzip)(text),
  );
}

/** `gzip;q=0.5, br` as weights from 0 to 1. */
function weightsOf(header: string): Map<string, number> {
  return new Map(
    header.toLowerCase().split(",").map((part) => {
      const [name = "", ...parameters] = part.split(";").map((text) => text.trim());
      const q = parameters.find((text) => text.startsWith("q="))?.slice(2);
      return [name, q === undefined ? 1 : Number(q) || 0];
    }),
  );
}
