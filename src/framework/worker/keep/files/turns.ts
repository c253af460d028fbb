/** Runs a limited number of calls at once, first come, first served. */
export class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(most: number) {
    this.#free = most;
  }

  async run<T>(call: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await call();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}

/**
 * The calls of the file system of all stores in this process, in two rows: those that read or write much, and the short
 * ones with which changes are made, which never wait for the former. Each call that isn't answered keeps one of Node's
 * four threads. If the disk doesn't answer at all, one is left for everything else, such as resolving names.
 */
export const long = new Turns(2);
export const short = new Turns(1);
