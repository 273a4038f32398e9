// A job on the machine that ends everything of ours when nobody looked after it for too long, or when its time is over.
import type { Machine } from "./machine.ts";
import { quote } from "./quote.ts";

const LOOK_SECONDS = 30;
/** Without a sign from us for so long, the machine ends its work. */
export const SILENCE_SECONDS = 900;

export interface DeadMan {
  /** Seconds from now after which the machine ends its work, whatever happens. */
  readonly seconds_left: number;
  /** Seconds without a sign from us. */
  readonly silence_seconds: number;
  /** Shell command that destroys the machine itself; null where there is none. */
  readonly destroy: string | null;
}

const NAME = "dead-man";

/** Starts it, or finds it already there. */
export async function startDeadMan(machine: Machine, settings: DeadMan): Promise<void> {
  await signOfLife(machine);
  const command = ["sh", "-c", script(machine.workdir, settings)];
  await machine.launch({ name: NAME, command, env: {}, ended: "restart" });
}

/** Tells the machine that somebody still wants it. */
export async function signOfLife(machine: Machine): Promise<void> {
  await machine.run(["touch", `${machine.workdir}/alive`]);
}

/** Ends the other jobs of the machine, then the machine itself, again and again, where it can do that. */
function script(workdir: string, { seconds_left, silence_seconds, destroy }: DeadMan): string {
  const look = Math.max(
    1,
    Math.min(LOOK_SECONDS, Math.ceil(silence_seconds / 10), Math.ceil(seconds_left / 10)),
  );
  return `cd ${quote(workdir)} || exit 1
end=$(($(date +%s) + ${Math.ceil(seconds_left)}))
while :; do
  sleep ${look}
  [ -e alive ] || exit 0
  now=$(date +%s)
  silent=$((now - $(date -r alive +%s)))
  [ "$now" -lt "$end" ] && [ "$silent" -lt ${Math.ceil(silence_seconds)} ] && continue
  for pid in jobs/*/pid; do [ "$pid" = jobs/${NAME}/pid ] || kill -TERM "-$(cat "$pid")" 2>/dev/null; done
  ${destroy ?? "exit 0"}
done`;
}
