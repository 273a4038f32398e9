// The run's world: what stages need, its journal, who is told how it goes on, and what stops it.
import type { StageContext } from "../stages/context.ts";
import type { Failure } from "../schema/failures.ts";
import type { ProviderName } from "../schema/names.ts";
import type { TellReason } from "../schema/reason.ts";
import type { Board } from "./board.ts";
import type { Journal } from "./journal.ts";
import type { Purse } from "./purse.ts";

export interface RunContext extends StageContext {
  readonly journal: Journal;
  /** How reasons of failures are written down. */
  readonly tellReason: TellReason;
  readonly board: Board;
  readonly purse: Purse;
  /** Providers from which nothing more is rented, and why. */
  readonly left: Map<ProviderName, Failure>;
}
