// The user that simulated machines let in: the one who runs this.

/** Its name. */
export async function login(): Promise<string> {
  const { stdout } = await new Deno.Command("id", { args: ["-un"] }).output();
  return new TextDecoder().decode(stdout).trim();
}
