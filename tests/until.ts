// Waits for what another process or thread brings about.

/** Looks until there is something; what never comes is an error. */
export async function until<T>(look: () => Promise<T | null | undefined> | T | null | undefined): Promise<T> {
  for (let round = 0; round < 4000; round++) {
    const found = await look();
    if (found !== null && found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error("it never came to that");
}
