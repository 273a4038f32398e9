// What scripts that bring programs to a machine share: packages of its own system, and files whose SHA-256 must be that of their publisher.
import type { FailureCode } from "../schema/failures.ts";
import { shortText } from "../schema/text.ts";
import { LINE_CHARACTERS } from "./limits.ts";

/** `need PROGRAM…` and `need_packages PACKAGE…` install what small images lack; they wait for a busy package manager. */
export const NEED = `SUDO=; [ "$(id -u)" = 0 ] || SUDO="sudo -n"
need_packages() {
  $SUDO apt-get -o DPkg::Lock::Timeout=300 update -qq
  $SUDO env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends ca-certificates "$@"
}
need() {
  missing=; for needed in "$@"; do command -v $needed >/dev/null || missing="$missing $needed"; done
  [ -z "$missing" ] || need_packages $missing
}`;

const WRONG = "wrong SHA-256";

/**
 * `asset URL FILE SHA256 SUMS` fetches a file; its SHA-256 must be the given one, or, where that is empty, the one that SUMS
 * tells of it: a list of sums, a single one, or GitHub's JSON of a release. It is left in `$sha256`. A file that is not as it
 * should be is removed.
 */
export const FETCH = `fetch() {
  said=$(curl -fsSL --proto '=https' --retry 2 -o "$2" "$1" 2>&1) && return
  rm -f "$2"; echo "cannot fetch $1: $said" >&2; return 1
}
github_sums() {
  tr ',{}' '\\n\\n\\n' | sed -n -e 's/^ *"name": *"\\([^"]*\\)".*/name \\1/p' -e 's/^ *"digest": *"sha256:\\([^"]*\\)".*/hash \\1/p' |
    while read -r key value; do if [ "$key" = name ]; then name=$value; else echo "$value $name"; fi; done
}
sum_of() {
  tr -d '\\r' | while read -r hash name || [ -n "$hash" ]; do
    name=\${name#\\*}; name=\${name##*/}
    case "$hash" in *[!0-9a-fA-F]*) continue;; esac
    [ \${#hash} -eq 64 ] || continue
    if [ -z "$name" ] || [ "$name" = "$1" ]; then echo "$hash" | tr A-F a-f; break; fi
  done
}
asset() {
  sha256=$3
  if [ -z "$sha256" ]; then
    fetch "$4" "$2.sums" || return
    case "$4" in
      https://api.github.com/*) sha256=$(github_sums <"$2.sums" | sum_of "\${1##*/}");;
      *) sha256=$(sum_of "\${1##*/}" <"$2.sums");;
    esac
    rm -f "$2.sums"
    [ -n "$sha256" ] || { echo "no SHA-256 of \${1##*/} is told by $4" >&2; return 1; }
  fi
  fetch "$1" "$2" || return
  found=$(sha256sum "$2"); found=\${found%% *}
  [ "$found" = "$sha256" ] && return
  rm -f "$2"; echo "${WRONG}: \${1##*/} has $found instead of $sha256" >&2; return 1
}`;

/** So many of an installer's last words are kept. */
const KEPT_LINES = 10;

/** Adds a line to the last words of an installer; an empty one says nothing. */
export function keepLast(words: string[], line: string): void {
  if (line.trim() === "") return;
  words.push(shortText(line, LINE_CHARACTERS));
  if (words.length > KEPT_LINES) words.shift();
}

/** What is known of why an installer failed: the reason, and the line that says it. */
export interface InstallMeaning {
  readonly code: FailureCode;
  readonly line: string;
}

/** The first that matches is the reason. */
const MEANINGS: readonly (readonly [RegExp, FailureCode])[] = [
  [/no space left on device/i, "disk_too_small"],
  // The second are uv's words.
  [new RegExp(`^${WRONG}|Hash mismatch for `), "wrong_checksum"],
];

/** What the last words of an installer that failed mean; null: nothing in particular. */
export function meaningOfInstall(words: readonly string[]): InstallMeaning | null {
  for (const [pattern, code] of MEANINGS) {
    const line = words.find((each) => pattern.test(each));
    if (line !== undefined) return { code, line: line.trim() };
  }
  return null;
}
