// Shell lines by which a machine ends itself when nobody else does.

const AGAIN_SECONDS = 60;

/** Runs `destroy` in the background from `deadline` (seconds since 1970) on, again and again until the machine is gone. */
export function untilDeadline(deadline: number, destroy: string): string {
  const wait = `[ $left -gt ${AGAIN_SECONDS} ] && left=${AGAIN_SECONDS}; sleep $left`;
  return `(while :; do left=$((${deadline} - $(date +%s))); ` +
    `[ $left -le 0 ] && { ${destroy}; left=${AGAIN_SECONDS}; }; ${wait}; done) >/dev/null 2>&1 &`;
}
