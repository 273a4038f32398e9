// A process of its own that finds no `ssh` for one command: told a machine's address and key, it prints what became of that command and of the next.
import { join } from "node:path";
import { realClock } from "../../pipeline/lib/clock.ts";
import { connect } from "../../pipeline/machines/mod.ts";
import { codeOf } from "../../pipeline/schema/failures.ts";

export interface Told {
  readonly folder: string;
  readonly port: number;
  readonly user: string;
  readonly key_file: string;
}

const { folder, port, user, key_file }: Told = JSON.parse(Deno.args[0] ?? "");
await using machine = await connect({ kind: "ssh", host: "127.0.0.1", port, user }, {
  machine_id: "host",
  run_dir: folder,
  identity: { kind: "run", key_file, known_hosts: join(folder, "known_hosts") },
  sockets: folder,
  clock: realClock(),
  signal: new AbortController().signal,
});
const path = Deno.env.get("PATH") ?? "";
Deno.env.set("PATH", "/nowhere");
const without = await machine.run(["true"]).catch(codeOf);
Deno.env.set("PATH", path);
const after = await machine.run(["true"]);
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify([without, after])));
