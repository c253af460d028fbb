import type { Logger } from '../../base/log/log.js';

/** The most warnings of one service, and the most characters of a parameter in one. */
const MOST = 100;
const SHOWN = 200;

/** Warns once of each parameter that its operation doesn't know. */
export class IgnoredParameters {
  readonly #told = new Set<string>();

  constructor(private readonly log: Logger) {}

  tell(operation: string, paths: readonly string[]): void {
    for (const path of paths) {
      const parameter = path.slice(0, SHOWN);
      const key = `${operation} ${parameter}`;
      if (this.#told.size >= MOST || this.#told.has(key)) continue;
      this.#told.add(key);
      this.log.warn(
        { operation, parameter },
        `${operation} has no parameter '${parameter}': it is ignored, as at AWS`,
      );
    }
  }
}
