// What RunPod's REST v2 takes to make a pod, checked to the last field, and what it makes of that.
import { z } from "zod";
import type { Reply } from "./server.ts";

/** An error in its one form. */
export function problem(status: number, title: string, detail: string, errors?: readonly string[]): Reply {
  return {
    status,
    json: { title, status, detail, ...(errors === undefined ? {} : { errors }) },
    headers: { "content-type": "application/problem+json" },
  };
}

const version = z.string().regex(/^\d+\.\d+$/);
export const CreatePod = z.strictObject({
  name: z.string().min(1),
  image: z.string().min(1),
  cloud: z.enum(["SECURE", "COMMUNITY"]).default("SECURE"),
  gpu: z.strictObject({
    id: z.string(),
    count: z.int().min(1).default(1),
    minCudaVersion: version.optional(),
    allowedCudaVersions: z.array(version).optional(),
    minRamPerGpu: z.int().min(1).default(1),
    minVcpuCountPerGpu: z.int().min(1).default(1),
  }),
  dataCenterIds: z.array(z.string()).default([]),
  args: z.string().optional(),
  entrypoint: z.array(z.string()).default([]),
  cmd: z.array(z.string()).default([]),
  disk: z.int().min(1).default(20),
  ports: z.array(z.string()).default([]),
  env: z.record(z.string(), z.string()).default({}),
  mounts: z.strictObject({ persistent: z.unknown(), network: z.unknown() }).partial().default({}),
  registry: z.string().nullable().default(null),
  templateId: z.string().optional(),
  startSsh: z.boolean().default(false),
  startJupyter: z.boolean().default(false),
  globalNetworking: z.boolean().default(false),
});
export type CreatePod = z.output<typeof CreatePod>;
export const SshKeys = z.strictObject({ keys: z.array(z.string().regex(/^(ssh|ecdsa|sk)-\S+ \S+/)) });

/** Every fault of a body, each in one line. */
export function invalid({ issues }: z.ZodError): Reply {
  const errors = issues.map((issue) =>
    issue.code === "unrecognized_keys"
      ? `$: additional properties '${issue.keys.join("', '")}' not allowed`
      : `$.${issue.path.join(".")}: ${issue.message}`
  );
  return problem(422, "Unprocessable Entity", "Request validation failed.", errors);
}

/** With `startSsh` the account's keys stand in it, unless the request brings some. */
export function envOf({ env, startSsh }: CreatePod, keys: readonly string[]): Record<string, string> {
  return startSsh && keys.length > 0 ? { PUBLIC_KEY: keys.join("\n"), ...env } : env;
}

/** Its own images start sshd, another one only where the command does. */
export function startsSshd({ image, cmd }: CreatePod): boolean {
  return image.startsWith("runpod/") || cmd.some((word) => word.includes("sshd"));
}

/** The command in both its forms. */
export function commandOf(order: CreatePod | undefined) {
  const { args = "", entrypoint = [], cmd = [] } = order ?? {};
  const isSet = entrypoint.length > 0 || cmd.length > 0;
  return { args: isSet ? JSON.stringify({ entrypoint, cmd }) : args, entrypoint, cmd };
}
