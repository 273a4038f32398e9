// Where a thread begins when the agent is not one file.
import { serveShard } from "./shard.ts";

serveShard();
