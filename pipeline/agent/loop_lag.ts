// How late the event loop calls timers: what waits in it, a chunk too, is late by as much.

const EVERY_MS = 10;

/** Sets one timer after another until `end`, which gives how late each was, milliseconds. An idle loop is about one late. */
export function watchLoop(): { end(): number[] } {
  const lags: number[] = [];
  let due = performance.now() + EVERY_MS;
  const look = () => {
    const now = performance.now();
    lags.push(Math.max(0, now - due));
    due = now + EVERY_MS;
    timer = setTimeout(look, EVERY_MS);
  };
  let timer = setTimeout(look, EVERY_MS);
  return {
    end() {
      clearTimeout(timer);
      return lags;
    },
  };
}
