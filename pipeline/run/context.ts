// The run's world: what stages need, its journal, who is told how it goes on, and what stops it.
import type { StageContext } from "../stages/context.ts";
import type { Board } from "./board.ts";
import type { Journal } from "./journal.ts";
import type { Purse } from "./purse.ts";

export interface RunContext extends StageContext {
  readonly journal: Journal;
  readonly board: Board;
  readonly purse: Purse;
}
