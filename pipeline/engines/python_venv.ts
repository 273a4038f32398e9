// Engines that are Python packages: used where the image has them, else installed by uv into a folder of their own.
import { FETCH, NEED } from "../machines/installing.ts";
import type { EngineChoice } from "../schema/matrix.ts";
import type { EngineHost, EngineWorld } from "./engine.ts";
import { install, type Installed, TELL } from "./install.ts";

export interface PythonEngine {
  readonly title: string;
  /** Name on PyPI. */
  readonly package: "vllm" | "sglang";
  /** Program that the package brings, or the Python that can import it. */
  readonly program: string;
  /** Python text that ends well where `program` is such a Python; empty for a program of the package's own. */
  readonly probe: string;
  /** Words by which `program` prints its version. */
  readonly tells: readonly [string, string?];
  /** Further arguments of uv. */
  readonly options: readonly string[];
}

/**
 * $1 our folder, $2 package, $3 program, $4 probe, $5 and $6 what tells its version, $7 the version that is asked for, $8 the
 * usual one, $9 uv's, then its two checksums and options. A login may lack the PATH of its image; Triton needs a C compiler
 * when it runs. uv takes packages as they come unless it is given their hashes: it first writes down those that the index tells.
 */
const SCRIPT = `set -e
PATH="$PATH:/usr/local/bin:/opt/venv/bin"
home=$1 package=$2 program=$3 probe=$4 flag=$5 text=$6 asked=$7 usual=$8 uv_version=$9; shift 9
uv_x86_64=$1 uv_aarch64=$2; shift 2
wanted=\${asked:-$usual}
all="$home/$package" venv="$home/$package/$wanted" uv_home="$home/uv/$uv_version"
lock="$venv.txt" uv="$uv_home/uv"
have() { at=$(command -v "$1") && { [ -z "$probe" ] || "$at" -c "$probe" >/dev/null 2>&1; } && echo "$at"; }
${TELL}
own=$(have "$program" || :)
if [ -n "$own" ]; then
  [ -n "$asked" ] || { tell "$own" "" image ""; exit 0; }
  told=$("$own" "$flag" \${text:+"$text"} 2>/dev/null | tail -n 1 || :)
  [ "\${told%%+*}" = "$asked" ] && { tell "$own" "$told" image ""; exit 0; }
  echo "the image brings $package \${told:-of a version that it does not tell}; $asked comes beside it" >&2
fi
[ -e "$venv/whole" ] && { cat "$venv/whole"; exit 0; }
${NEED}
${FETCH}
need curl tar gzip gcc
[ -e /usr/include/stdio.h ] || need_packages libc6-dev
if ! [ -x "$uv" ]; then
  case "$(uname -m)" in
    x86_64) target=x86_64-unknown-linux-gnu sum=$uv_x86_64;;
    aarch64) target=aarch64-unknown-linux-gnu sum=$uv_aarch64;;
    *) echo "there is no uv for $(uname -m)" >&2; exit 1;;
  esac
  mkdir -p "$uv_home"
  url="https://github.com/astral-sh/uv/releases/download/$uv_version/uv-$target.tar.gz"
  asset "$url" "$uv_home/uv.tar.gz" "$sum" "$url.sha256"
  tar -xzf "$uv_home/uv.tar.gz" -C "$uv_home"
  rm "$uv_home/uv.tar.gz"; mv "$uv_home/uv-$target/uv" "$uv"
fi
rm -rf "$all"; mkdir -p "$all"
"$uv" venv --python 3.12 "$venv"
[ "$wanted" = latest ] && requirement=$package || requirement="$package==$wanted"
echo "$requirement" | "$uv" pip compile --quiet --generate-hashes --no-annotate --no-header --python "$venv/bin/python" "$@" -o "$lock" -
version=$(sed -n "s/^$package==\\([^ ;]*\\).*/\\1/p" "$lock" | head -n 1)
[ -n "$own" ] && [ "\${told%%+*}" = "$version" ] && { tell "$own" "$told" image ""; exit 0; }
"$uv" pip install --python "$venv/bin/python" --require-hashes "$@" -r "$lock"
at=$(have "$venv/bin/$program") || { echo "$package $version has no $program that works" >&2; exit 1; }
sum=$(sha256sum "$lock")
tell "$at" "$version" "PyPI, by uv $uv_version" "\${sum%% *}" >"$venv/whole"
cat "$venv/whole"`;

/** Finds the engine on the machine or installs it. */
export function installPython(
  engine: PythonEngine,
  { version: asked = "" }: EngineChoice,
  host: EngineHost,
  world: EngineWorld,
): Promise<Installed> {
  const { title, package: name, program, probe, tells: [flag, text = ""], options } = engine;
  const { [name]: usual, uv } = world.releases;
  const sums = [uv.sha256?.x86_64 ?? "", uv.sha256?.aarch64 ?? ""];
  const args = [
    ...[host.workdir, name, program, probe, flag, text, asked, usual.version, uv.version],
    ...sums,
    ...options,
  ];
  return install(title, SCRIPT, args, asked === "" ? null : asked, host, world);
}
