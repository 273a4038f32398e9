// The network of a machine in tests, as its `curl`: a shell script that gives each address what a test says.

/** An address as a pattern of the shell, and what is done for it; `$url` is the address, `$to` the file that is asked for. */
export type Route = readonly [pattern: string, does: string];

/** Nothing is there. */
export const MISSING = 'echo "curl: (22) The requested URL returned error: 404" >&2; exit 22';
/** The line ends in the middle of a file. */
export const CUT = 'echo "curl: (18) end of response with 2048 bytes missing" >&2; exit 18';

/** The text of such a `curl`; the first route that matches counts, and an address without one goes to `otherwise`. Every address is noted in `log`. */
export function fakeCurl(routes: readonly Route[], otherwise = MISSING, log = "/dev/null"): string {
  return `given="$*"; to=/dev/stdout
while [ $# -gt 0 ]; do
  case "$1" in -o) to=$2; shift;; --retry|--proto|-w) shift;; -*) ;; *) url=$1;; esac
  shift
done
echo "curl $url" >>'${log}'
case "$url" in
${routes.map(([pattern, does]) => `  ${pattern}) ${does};;`).join("\n")}
  *) ${otherwise};;
esac`;
}

/** Does what gives the file at `path`. */
export const gives = (path: string) => `cat '${path}' >"$to"`;
/** Does what gives this text. */
export const says = (text: string) => `printf %s '${text.replaceAll("'", `'\\''`)}' >"$to"`;
