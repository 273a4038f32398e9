// Engines that are Python packages: used where the image has them, else installed by uv into a folder of their own.
import type { EngineHost, EngineWorld } from "./engine.ts";
import { install, NEED } from "./install.ts";

export interface PythonEngine {
  readonly title: string;
  /** Name on PyPI. */
  readonly package: string;
  /** Program that the package brings, or the Python that can import it. */
  readonly program: string;
  /** Python text that ends well where `program` is such a Python; empty for a program of the package's own. */
  readonly probe: string;
  /** Further arguments of `uv pip install`. */
  readonly options: readonly string[];
}

/**
 * $1 our folder, $2 package, $3 program, $4 probe, then options. A login may lack the PATH of its image; Triton needs a C
 * compiler when it runs.
 */
const SCRIPT = `set -e
PATH="$PATH:/usr/local/bin:/opt/venv/bin"
home=$1 package=$2 program=$3 probe=$4; shift 4
venv="$home/$package"
have() { at=$(command -v "$1") && { [ -z "$probe" ] || "$at" -c "$probe" >/dev/null 2>&1; } && echo "$at"; }
have "$program" && exit 0
[ -e "$venv/whole" ] && have "$venv/bin/$program" && exit 0
${NEED}
need curl gcc
[ -e /usr/include/stdio.h ] || need_packages libc6-dev
if command -v uv >/dev/null; then uv=uv; else
  script=$(curl -LsSf https://astral.sh/uv/install.sh)
  printf '%s\\n' "$script" | env UV_UNMANAGED_INSTALL="$home/uv" sh
  uv="$home/uv/uv"
fi
"$uv" venv --clear --python 3.12 "$venv"
"$uv" pip install --python "$venv/bin/python" "$@" "$package"
touch "$venv/whole"
have "$venv/bin/$program"`;

/** Finds the engine on the machine or installs it; returns the path of its program. */
export function installPython(engine: PythonEngine, host: EngineHost, world: EngineWorld): Promise<string> {
  const { title, package: name, program, probe, options } = engine;
  return install(title, SCRIPT, [host.workdir, name, program, probe, ...options], host, world);
}
