/** A handler's places for tasks. A poll reserves one before it is sent, so that nothing is leased into a queue. */
export class Slots {
  readonly size: number;
  #used = 0;

  constructor(size: number) {
    this.size = size;
  }

  get used(): number {
    return this.#used;
  }

  /** Takes a place, or gives undefined where all are taken. The function gives it back; calling it twice does nothing. */
  reserve(): (() => void) | undefined {
    if (this.#used >= this.size) return undefined;
    this.#used++;
    let held = true;
    return () => {
      if (held) this.#used--;
      held = false;
    };
  }
}
