// Child processes: they get named variables alone, no keys of ours, and to end one never fails.

import { allowedEnv } from "./env.ts";

/** What a program needs to know of this computer and its user; the last line is Windows'. */
const BASE = [
  ...["PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "TZ", "TMPDIR", "TEMP", "TMP", "NO_COLOR"],
  ...["LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "LC_NUMERIC", "LC_TIME"],
  ...["XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"],
  ...["SystemRoot", "ComSpec", "PATHEXT", "USERPROFILE", "APPDATA", "LOCALAPPDATA"],
];

/** Variables that a child may get beside those, by what it does. */
const ALSO = {
  /** Where Deno keeps and fetches packages, by which proxy, and whose certificates it believes. */
  fetches: [
    ...["DENO_DIR", "DENO_CERT", "DENO_TLS_CA_STORE", "DENO_NO_UPDATE_CHECK", "NPM_CONFIG_REGISTRY"],
    ...["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"],
    ...["SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "npm_config_registry"],
  ],
  /** Which GPUs a program may use, and where their libraries lie. */
  devices: [
    ...["CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"],
    ...["CUDA_DEVICE_ORDER", "CUDA_PATH", "CUDA_HOME", "ROCM_PATH", "LD_LIBRARY_PATH"],
  ],
  /** OpenSSH's agent with the user's own keys, for machines that are theirs. */
  agent: ["SSH_AUTH_SOCK"],
} as const satisfies Record<string, readonly string[]>;
export type Also = keyof typeof ALSO;

/** The names of our variables of which a child may be told. */
export function childVariables(also: readonly Also[] = []): string[] {
  return [...BASE, ...also.flatMap((each): readonly string[] => ALSO[each])];
}

/** Our own variables of which a child is told; those that we may not read are left out. */
export function childEnv(also: readonly Also[] = []): Record<string, string> {
  return allowedEnv(childVariables(also));
}

export interface ChildOptions extends Omit<Deno.CommandOptions, "env" | "clearEnv" | "signal"> {
  /** Variables of its own. */
  readonly env?: Readonly<Record<string, string>>;
  readonly also?: readonly Also[];
}

/** Starts a program. With `detached`, Ctrl-C at our terminal does not reach it. */
export function startChild(
  program: string,
  { env = {}, also = [], ...options }: ChildOptions,
): Deno.ChildProcess {
  return new Deno.Command(program, { ...options, clearEnv: true, env: { ...childEnv(also), ...env } })
    .spawn();
}

/** Sends a signal, unless the child has ended by itself. */
export function endChild(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    if (!(error instanceof TypeError) && !(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Sends a signal to a detached child and all that it started, unless they have ended; where we may not, to the child alone. */
export function endGroup(child: Deno.ChildProcess, signal: Deno.Signal): void {
  // Windows has no such groups.
  if (Deno.build.os === "windows") return endChild(child, signal);
  try {
    Deno.kill(-child.pid, signal);
  } catch (error) {
    const isForeign = error instanceof Deno.errors.NotCapable ||
      error instanceof Deno.errors.PermissionDenied;
    if (isForeign) endChild(child, signal);
    else if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
