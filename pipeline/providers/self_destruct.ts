// Shell lines by which a machine ends itself when nobody else does.

const AGAIN_SECONDS = 60;
/** Keeps the end that the first start reckoned by the machine's own clock, which may be wrong, for later starts. */
const MARK = "~/.gpu-almanac-end";

/** Runs `destroy` in the background once `seconds` have passed since the first start, again and again until the machine is gone. */
export function afterSeconds(seconds: number, destroy: string): string {
  const end = `[ -s ${MARK} ] || echo $(($(date +%s) + ${Math.ceil(seconds)})) > ${MARK}; end=$(cat ${MARK})`;
  const wait = `[ $left -gt ${AGAIN_SECONDS} ] && left=${AGAIN_SECONDS}; sleep $left`;
  return `(${end}; while :; do left=$((end - $(date +%s))); ` +
    `[ $left -le 0 ] && { ${destroy}; left=${AGAIN_SECONDS}; }; ${wait}; done) >/dev/null 2>&1 &`;
}
