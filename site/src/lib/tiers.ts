// The tiers of limits, as the published table has them.
import { join } from "node:path";
import { exported } from "./data.ts";
import { number } from "./format.ts";
import { rowsOf } from "./rows.ts";

interface Tier {
  readonly tier: string;
  readonly most_ttft_ms: number;
  readonly most_tpot_ms: number;
}

const tiers = await rowsOf<Tier>("FROM read_parquet($file) ORDER BY position", {
  file: join(exported, "slo_tiers.parquet"),
});

/** `interactive (500 and 30 ms), standard (2,000 and 100 ms)`: time to first token and time per output token. */
export const tiersText = tiers.map(({ tier, most_ttft_ms, most_tpot_ms }) =>
  `${tier} (${number(most_ttft_ms)} and ${number(most_tpot_ms)} ms)`
).join(", ");
