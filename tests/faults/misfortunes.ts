// What goes wrong on the clouds, as often as field notes of others tell: hosts by themselves, and the APIs in front of them.
import type { MachineFaults } from "../cloud/machine.ts";
import type { CloudName } from "../cloud/mod.ts";
import type { Fault, Script } from "../cloud/server.ts";
import { chance, oneOf } from "./chance.ts";

type Odds<T> = readonly (readonly [number, T])[];

const WELL: MachineFaults = {};
const LATE: Odds<MachineFaults> = [
  [6, { driverFails: 2 }],
  [6, { dpkgLocked: 3 }],
  [6, { ssh: { lateSeconds: 15 } }],
  [4, { noDeno: true }],
];

/** Machines by cloud: what is only late still works, everything else is a bad host. */
const HOSTS: Readonly<Record<CloudName, Odds<MachineFaults>>> = {
  vastai: [
    [44, WELL],
    ...LATE,
    [10, { ssh: "denied" }],
    [6, { ssh: "refused" }],
    [6, { cards: [{ name: "NVIDIA GeForce RTX 3080", memory_mib: 10_240 }] }],
    [5, { neverBoots: true }],
    [5, { bootError: "Error response from daemon: OCI runtime create failed: driver" }],
    [4, { driverFails: -1 }],
    [4, { vanishesAfter: 120 }],
  ],
  tensordock: [
    [40, WELL],
    ...LATE,
    [13, { stopsAfter: 20 }],
    [10, { ssh: "refused" }],
    [8, { dpkgLocked: -1 }],
    [7, { ssh: "denied" }],
  ],
  runpod: [
    [60, WELL],
    ...LATE,
    [7, { cards: [] }],
    [6, { ssh: "refused" }],
    [5, { bootError: "ERROR" }],
  ],
  lambda: [
    [55, WELL],
    ...LATE,
    [15, { engine: { noCuda: true } }],
    [8, { bootError: "unhealthy" }],
  ],
};

/** What is wrong with the host `key` of a cloud: always the same. */
export function faultsOf(cloud: CloudName, key: string): MachineFaults {
  return oneOf(HOSTS[cloud], chance(hash(`${cloud} ${key}`)));
}

/** Answers of an API: one call in twelve is refused as too frequent, one in forty fails or is lost, creates included. Which, depends on what is asked how often, and not on who asks first. */
export function troubledApi(seed: number): Script {
  const counts = new Map<string, number>();
  return (verb, _n, { path }): Fault | undefined => {
    const what = `${verb} ${path}`;
    const n = (counts.get(what) ?? 0) + 1;
    counts.set(what, n);
    const luck = chance(hash(`${seed} ${what} ${n}`))();
    if (luck < 0.08) return { reply: { status: 429, text: "API requests too frequent" } };
    if (luck < 0.1) return { reply: { status: 502, text: "<html>Bad gateway</html>" } };
    if (luck < 0.11 && verb === "create") return { lost: "after" };
    if (luck < 0.12) return { lost: "before" };
    return undefined;
  };
}

function hash(text: string): number {
  let value = 2_166_136_261;
  for (const character of text) value = Math.imul(value ^ character.charCodeAt(0), 16_777_619);
  return value;
}
