// Ctrl-C, a polite kill and the end of the terminal, as a signal that the work in hand can end in order.
import { StoppedError } from "../errors.ts";
import { killCommands } from "../lib/shell.ts";

/** The first signal asks for an orderly end, after `announce`; a second one ends the process and the commands that it runs at once. */
export function stopOnSignals(announce: () => void): Disposable & { readonly signal: AbortSignal } {
  const names = ["SIGINT", "SIGTERM", ...(Deno.build.os === "windows" ? [] : ["SIGHUP" as const])] as const;
  const controller = new AbortController();
  const deafen = () => names.forEach((name) => Deno.removeSignalListener(name, stop));
  const stop = () => {
    if (controller.signal.aborted) {
      killCommands();
      Deno.exit(130);
    }
    announce();
    controller.abort(new StoppedError("Stopped"));
  };
  for (const name of names) Deno.addSignalListener(name, stop);
  return { signal: controller.signal, [Symbol.dispose]: deafen };
}
