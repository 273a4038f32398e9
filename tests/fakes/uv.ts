// A stand-in for uv, its release at GitHub, and the index that it asks.
import { join } from "node:path";
import { sha256Hex } from "../../pipeline/lib/files.ts";
import { RELEASES } from "../../pipeline/schema/releases.ts";
import { gives, type Route, says } from "./curl.ts";
import { packed } from "./tar.ts";

const UV = "https://github.com/astral-sh/uv/releases/download";

/** A package of the index. */
export interface Package {
  readonly name: string;
  readonly newest: string;
  /** The file that it brings. */
  readonly program: string;
  /** Its text; `@VERSION@` in it becomes the version. */
  readonly text: string;
}

/** An index that knows the version that is asked for, or the newest. What it is asked is noted in `log`; `fails` is done in place of an installation. */
export function fakeUv(packages: readonly Package[], log: string, fails = ":"): string {
  const newest = packages.map(({ name, newest }) => `${name}) wanted="$wanted==${newest}";;`).join(" ");
  return `#!/bin/sh
echo "uv $*" >>'${log}'
for last; do :; done
case "$1 $2" in
  "venv --python") mkdir -p "$last/bin"; exit 0;;
  "pip compile") while [ "$1" != -o ]; do shift; done
    read -r wanted; case "$wanted" in ${newest} esac
    printf '%s \\\\\\n    --hash=sha256:%s\\n' torch==2.14.0 0e7c "$wanted" 4b6b >"$2"; exit 0;;
  "pip install") ${fails};;
  *) exit 2;;
esac
bin=$(dirname "$4")
${packages.map(installed).join("")}`;
}

function installed({ name, program, text }: Package): string {
  return `version=$(sed -n 's/^${name}==\\([^ ]*\\).*/\\1/p' "$last")
if [ -n "$version" ]; then
sed "s/@VERSION@/$version/g" >"$bin/${program}" <<'PROGRAM'
${text}PROGRAM
chmod 755 "$bin/${program}"
fi
`;
}

/** Where the release comes from, with its checksum beside it; `guest` is done to what came. */
export async function uvRoutes(state: string, uv: string, guest = ""): Promise<Route[]> {
  const routes: Route[] = [];
  for (const target of ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"]) {
    const name = `uv-${target}.tar.gz`;
    const archive = await packed({ [`uv-${target}/uv`]: uv });
    await Deno.writeFile(join(state, name), archive);
    const url = `${UV}/${RELEASES.uv.version}/${name}`;
    routes.push([url, `${gives(join(state, name))}${guest}`], [
      `${url}.sha256`,
      says(`${sha256Hex(archive)}  ${name}\n`),
    ]);
  }
  return routes;
}
