// A network of a machine's own: a namespace with one link to this computer, which can be cut and mended.

export interface Network extends AsyncDisposable {
  /** Name of the namespace. */
  readonly name: string;
  /** Where the machine is reached. */
  readonly address: string;
  cut(): Promise<void>;
  mend(): Promise<void>;
}

/** Why this computer can have no such network; null when it can. */
export async function whyNoNetwork(): Promise<string | null> {
  try {
    await using _network = await network();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Makes a network; leaving its scope removes it. */
export async function network(): Promise<Network> {
  const [a = 0, b = 0] = crypto.getRandomValues(new Uint8Array(2));
  const name = `ga${a}x${b}`;
  const subnet = `10.${200 + a % 50}.${b}`;
  const own = `${name}h`;
  await ip("netns", "add", name);
  try {
    await ip("link", "add", own, "type", "veth", "peer", "name", "eth0", "netns", name);
    await ip("addr", "add", `${subnet}.1/30`, "dev", own);
    await ip("link", "set", own, "up");
    for (
      const args of [["addr", "add", `${subnet}.2/30`, "dev", "eth0"], ["link", "set", "eth0", "up"], [
        "link",
        "set",
        "lo",
        "up",
      ]]
    ) {
      await ip("-n", name, ...args);
    }
  } catch (error) {
    await ip("netns", "del", name);
    throw error;
  }
  return {
    name,
    address: `${subnet}.2`,
    cut: () => ip("link", "set", own, "down"),
    mend: () => ip("link", "set", own, "up"),
    [Symbol.asyncDispose]: () => ip("netns", "del", name),
  };
}

async function ip(...args: string[]): Promise<void> {
  const { code, stderr } = await new Deno.Command("ip", { args, stdin: "null" }).output();
  if (code !== 0) {
    throw new Error(`Cannot run ip ${args.join(" ")}: ${new TextDecoder().decode(stderr).trim()}`);
  }
}
