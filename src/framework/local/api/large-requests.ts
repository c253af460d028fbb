import { systemClock } from '../../base/time/clock.js';
import { turn } from '../../base/time/turn.js';

/** A request that keeps the event loop busy for fewer milliseconds than this delays no other. */
const SHORT_MS = 20;

/**
 * Lets large requests run one after another. After one that took long, such as a definition of a megabyte, the next one
 * waits for as long as it took, so that other requests, which may need several turns of the event loop, get half of the
 * time.
 */
export class LargeRequests {
  #last: Promise<void> = Promise.resolve();

  /** Resolves when it is the turn of a large request. */
  next(): Promise<void> {
    const next = this.#last.then(() => turn.share());
    this.#last = next.then(rest);
    return next;
  }
}

/** Waits until this turn of the event loop is over, and then for as long as it took. */
async function rest(): Promise<void> {
  const began = systemClock.now();
  await new Promise<void>((resolve) => turn.after(resolve));
  const tookMs = systemClock.now() - began;
  if (tookMs > SHORT_MS) await systemClock.sleep(tookMs);
}
