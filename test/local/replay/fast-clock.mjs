import { BaseClock } from '../../../dist/src/framework/base/time/clock.js';

/** A clock that starts at the machine's time, and goes a number of times faster. */
export class FastClock extends BaseClock {
  #start = Date.now();
  #origin = performance.now();
  #scale;

  constructor(scale) {
    super();
    this.#scale = scale;
  }

  now() {
    return this.#start + (performance.now() - this.#origin) * this.#scale;
  }

  after(ms, fn) {
    const due = this.now() + ms;
    let timer;
    const arm = () => {
      const left = Math.max(Math.ceil((due - this.now()) / this.#scale), 0);
      timer = setTimeout(ring, Math.min(left, 2 ** 31 - 1));
    };
    const ring = () => (this.now() < due ? arm() : fn());
    arm();
    return () => clearTimeout(timer);
  }
}
