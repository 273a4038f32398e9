// What an engine holds in the memory of each GPU, as the simulated driver reads it: it is free again when the engine has ended.
import { join } from "node:path";

/** The file in a machine's state: the engine's process, and MiB of each GPU. */
export const holdFile = (state: string) => join(state, "held");

/** Says that this process holds so many bytes in all, spread over the GPUs. */
export async function hold(state: string, bytes: number, gpus: number): Promise<void> {
  await Deno.writeTextFile(
    holdFile(state),
    `${Deno.pid} ${Math.round(bytes / 2 ** 20 / Math.max(1, gpus))}\n`,
  );
}
