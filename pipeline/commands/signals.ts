// Ctrl-C, a polite kill and the end of the terminal, as a signal that the work in hand can end in order.
import { StoppedError } from "../errors.ts";
import { killCommands } from "../lib/shell.ts";

/** What a shell says of a program that each of them ended. */
const CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type Name = keyof typeof CODES;

/** The first signal asks for an orderly end, after `announce`; a second one ends the process and the commands that it runs at once. */
export function stopOnSignals(announce: () => void): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const stop = (name: Name) => {
    if (controller.signal.aborted) {
      killCommands();
      Deno.exit(CODES[name]);
    }
    announce();
    controller.abort(new StoppedError("Stopped"));
  };
  const names: readonly Name[] = [
    "SIGINT",
    "SIGTERM",
    ...(Deno.build.os === "windows" ? [] : ["SIGHUP" as const]),
  ];
  const listeners = names.map((name) => [name, () => stop(name)] as const);
  for (const [name, listener] of listeners) Deno.addSignalListener(name, listener);
  const deafen = () => listeners.forEach(([name, listener]) => Deno.removeSignalListener(name, listener));
  return { signal: controller.signal, [Symbol.dispose]: deafen };
}
