// Our environment, as far as we may read it: a variable that we may not read is one that is not set.

/** Tells the value of a variable; undefined when it is not set. */
export type Env = (name: string) => string | undefined;

/** Where systems name the user's folder. */
export const HOME_VARIABLES: readonly string[] = ["HOME", "USERPROFILE"];

/** Of these variables, those that are set and that we may read. */
export function allowedEnv(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((variable) => {
    const { state } = Deno.permissions.querySync({ name: "env", variable });
    const value = state === "granted" ? Deno.env.get(variable) : undefined;
    return value === undefined ? [] : [[variable, value]];
  }));
}

/** The names of all variables that are set; none where we may see only some. */
export function variableNames(): string[] {
  const { state } = Deno.permissions.querySync({ name: "env" });
  return state === "granted" ? Object.keys(Deno.env.toObject()) : [];
}

/** The user's folder, if it is told. */
export function homeFolder(): string | null {
  return Object.values(allowedEnv(HOME_VARIABLES))[0] ?? null;
}
