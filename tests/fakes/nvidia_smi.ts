// A stand-in for nvidia-smi on PATH: real-shaped output of a machine with `gpus` cards.
import { join } from "node:path";

const NAME = "NVIDIA GeForce RTX 4090";
const FIELDS = [
  "index",
  "uuid",
  "name",
  "utilization.gpu",
  "memory.used",
  "memory.total",
  "temperature.gpu",
  "power.draw",
];

/** Writes the program into a new folder and returns that folder. Power is `[N/A]`, as on a card that does not tell it. */
export async function fakeNvidiaSmi(gpus: number): Promise<string> {
  const folder = await Deno.makeTempDir();
  const cards = Array.from({ length: gpus }, (_, index) => index).join(" ");
  const script = `#!/bin/bash
case "$*" in
  --help-query-gpu) printf '"%s"\\n' ${FIELDS.join(" ")};;
  *-lms*)
    trap 'exit 0' TERM
    while true; do
      for i in ${cards}; do
        echo "$(date -u +%Y/%m/%d\\ %H:%M:%S).123, $i, GPU-$i, 97, 18000, 24564, 61, [N/A]"
      done
      sleep 0.05
    done;;
  *name,memory.total*) for i in ${cards}; do echo "${NAME}, 24564, 580.65.06, GPU-$i"; done;;
  *query-gpu=name*) for i in ${cards}; do echo "${NAME}"; done;;
  "") echo "| NVIDIA-SMI 580.65.06    Driver Version: 580.65.06    CUDA Version: 13.0 |";;
  *) exit 2;;
esac
`;
  const path = join(folder, "nvidia-smi");
  await Deno.writeTextFile(path, script);
  await Deno.chmod(path, 0o755);
  return folder;
}
