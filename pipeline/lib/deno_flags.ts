// What Deno is told of what a program of ours may do, as narrowly as is known when it starts. Pure.

import { childVariables } from "./child.ts";
import { HOME_VARIABLES } from "./env.ts";

export type Allowed = "env" | "net" | "read" | "sys" | "write";

/** Flags that allow these and no others. Deno has no way to write a path with a comma: such a one opens all of its kind. */
export function allow(values: Readonly<Partial<Record<Allowed, readonly string[]>>>): string[] {
  return Object.entries(values).map(([kind, names]) =>
    names.some((name) => name.includes(","))
      ? `--allow-${kind}`
      : `--allow-${kind}=${[...new Set(names)].join(",")}`
  );
}

/** What an agent is told, by which follows what it may do. */
export interface AgentOrder {
  /** Folder that it writes below, and where it lies itself. */
  readonly folder: string;
  /** Its settings. */
  readonly env: Readonly<Record<string, string>>;
}

/** Variable by which an agent is told to stop when its stdin ends. */
export const ENDS_WITH_STDIN = "ENDS_WITH_STDIN";
const LOOPBACK = "127.0.0.1";

/**
 * The agent reaches its engine, and itself when it is calibrated; reads and writes its folder; and sees its settings, with the key
 * of an endpoint, which stands in the environment already, the user's folder, which it leaves out of what it writes, and what the
 * programs of a GPU's driver need to know. It may start any program: where LD_LIBRARY_PATH is set, as in many images, Deno starts
 * none for those who may start only some. It may load any library: times of the kernel come through pointers.
 */
export function agentFlags({ folder, env }: AgentOrder): string[] {
  const urls = ["URL", "METRICS_URL", "RESET_URL"].flatMap((name) => env[name] ?? []);
  return [
    "--no-prompt",
    ...allow({
      net: [...urls.map((url) => new URL(url).hostname), LOOPBACK],
      read: [folder, "/etc/machine-id"],
      write: [folder],
      env: [
        ...Object.keys(env),
        ...HOME_VARIABLES,
        ...childVariables(["devices"]),
        "API_KEY",
        "MOCK_SERVER",
        ENDS_WITH_STDIN,
      ],
      sys: ["cpus", "hostname", "networkInterfaces", "osUptime", "systemMemoryInfo"],
    }),
    "--allow-run",
    "--allow-ffi",
  ];
}
