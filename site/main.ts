// The site's builder as a program of its own, for a run: what Astro loads may do everything, and sees none of our keys.
import { messageOf, UserError } from "../pipeline/errors.ts";
import { buildSite } from "./build.ts";

if (import.meta.main) {
  const [root = "."] = Deno.args;
  const say = (text: string) => Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
  try {
    await buildSite({ root, log: say });
  } catch (error) {
    say(messageOf(error));
    say(error instanceof UserError ? error.hint : "This is a fault of the program, please report it.");
    Deno.exitCode = 1;
  }
}
