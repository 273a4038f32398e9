// One function that turns any name into a path segment that is safe on every host and file system.

const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)$/;

/** Lower case, `/` becomes `--`, anything outside `[a-z0-9._-]` becomes `-`; never empty, never a reserved device name, at most 100 characters. */
export function slug(name: string): string {
  const plain = name.normalize("NFKC").toLowerCase().replaceAll("/", "--").replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[-.]+|(?<![-.])[-.]+$/g, "").slice(0, 100).replace(/[-.]+$/, "");
  if (plain === "") return "unnamed";
  return RESERVED.test(plain.split(".")[0] ?? "") ? `${plain}-` : plain;
}

/** Slugs for a list of distinct names; names that collide get `-2`, `-3` … in the order of the sorted names. */
export function slugs(names: readonly string[]): Map<string, string> {
  const taken = new Set<string>();
  const result = new Map<string, string>();
  for (const name of [...new Set(names)].sort()) {
    let candidate = slug(name);
    for (let n = 2; taken.has(candidate); n++) candidate = `${slug(name)}-${n}`;
    taken.add(candidate);
    result.set(name, candidate);
  }
  return result;
}
