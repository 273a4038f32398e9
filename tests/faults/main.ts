// deno-lint-ignore-file no-console
// `deno task test-faults [kill|campaign|scale|hostile|publish|mutations]…`: what must hold when everything goes wrong. Prints one table; exits with 1 when a line does not hold.
import { chosenParts, type Line, report } from "../bench/line.ts";
import { install, SSH_SERVER } from "../prepare.ts";
import { campaign } from "./campaign.ts";
import { hostile } from "./hostile.ts";
import { killAll } from "./kills.ts";
import { mutations } from "./mutations.ts";
import { killPublishers } from "./publishing.ts";
import { scale } from "./scale.ts";

type Part = (tell: (text: string) => void) => Promise<Line[]>;

const PARTS: Readonly<Record<string, Part>> = {
  kill: killAll,
  campaign,
  scale,
  hostile,
  publish: killPublishers,
  mutations,
};

const parts = chosenParts(PARTS);
await install([SSH_SERVER]);
const lines: Line[] = [];
for (const part of parts) lines.push(...await part(console.error));
Deno.exitCode = report(lines);
