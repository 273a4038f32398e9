// What OpenSSH says of itself: its option `-E` writes that to a file of ours, which nothing from the machine reaches.

/** So much of its end is read. */
const MOST_BYTES = 1 << 14;

/** The last lines of a log; null when ssh ended before it began one, and so before it talked to anybody. */
export async function lastLines(path: string): Promise<string[] | null> {
  try {
    using file = await Deno.open(path);
    const { size } = await file.stat();
    await file.seek(Math.max(0, size - MOST_BYTES), Deno.SeekMode.Start);
    const bytes = new Uint8Array(MOST_BYTES);
    const count = await file.read(bytes) ?? 0;
    return new TextDecoder().decode(bytes.subarray(0, count)).split("\n");
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? null : [];
  }
}
