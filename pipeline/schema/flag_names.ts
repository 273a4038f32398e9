// Names of an engine's flags as the engine reads them: vLLM takes underscores for dashes, and Python's engines an abbreviation. Pure.

/** The name of a flag, without its value. */
export function flagName(flag: string): string {
  const name = flag.split("=")[0] ?? "";
  return name.startsWith("--") ? name.replaceAll("_", "-") : name;
}

/** The first of `flags` that abbreviates one of `known`, and that one; null when none does. */
export function abbreviation(
  flags: readonly string[],
  known: readonly string[],
): { readonly short: string; readonly full: string } | null {
  for (const short of flags.map(flagName)) {
    if (!/^--\w/.test(short) || known.includes(short)) continue;
    const full = known.find((name) => name.startsWith(short));
    if (full !== undefined) return { short, full };
  }
  return null;
}
