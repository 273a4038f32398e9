// What is made when it is first asked for, and then kept for all who ask.

/** Makes it once; what could not be made is made anew for the next who asks. */
export function madeOnce<T>(make: () => Promise<T>): () => Promise<T> {
  let making: Promise<T> | null = null;
  return () =>
    making ??= make().catch((error) => {
      making = null;
      throw error;
    });
}
