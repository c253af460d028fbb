import type { Cancel, Clock } from './clock.js';

/**
 * If a timer fires at least this many milliseconds late, the event loop was blocked or the process was stopped
 * meanwhile.
 */
const HELD_UP_MS = 250;
/**
 * If a timeout fires late because the event loop was blocked, its function runs this many milliseconds later still. The
 * event loop runs timers before it reads sockets, so the call's response may already be in a socket.
 */
const IO_TURN_MS = 100;

/**
 * Runs `fn` after `ms` milliseconds, unless the returned function was called first (call it when the call ends). If the
 * event loop was blocked past that time, the response may already be in the socket, so the event loop gets 100 ms to
 * read it before `fn` runs.
 * @returns a function that cancels the timeout
 */
export function limitCallAfter(clock: Clock, ms: number, fn: () => void): Cancel {
  const due = clock.now() + ms;
  let cancel = clock.after(ms, () => {
    if (clock.now() - due < HELD_UP_MS) fn();
    else cancel = clock.after(IO_TURN_MS, fn);
  });
  return () => cancel();
}
