// The simulated clouds as a program: says where they stand in one line of JSON, and ends with all their machines when its input closes.
import { type CloudName, PROTOCOLS, startCloud } from "./mod.ts";
import { INVENTORY } from "./inventory.ts";
import { SIMULATED_RELEASES } from "./releases.ts";

/** A minute of the clouds takes 3 s. */
const PACE = 0.05;

const names = Object.keys(INVENTORY) as CloudName[];
const started = await Promise.all(
  names.map((name) =>
    startCloud(PROTOCOLS[name], {
      key: `simulated-key-of-${name}`,
      pace: PACE,
      bootSeconds: 30,
      ...INVENTORY[name],
    })
  ),
);
const clouds = Object.fromEntries(
  started.map(({ url, login, cloud }, index) => [names[index], { url, login, key: cloud.key }]),
);
Deno.stdout.writeSync(
  new TextEncoder().encode(`${JSON.stringify({ clouds, pace: PACE, releases: SIMULATED_RELEASES })}\n`),
);
for await (const _ of Deno.stdin.readable);
await Promise.all(started.map((cloud) => cloud[Symbol.asyncDispose]()));
