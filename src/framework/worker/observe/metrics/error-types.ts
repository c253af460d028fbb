/** The most error names that a handler has as values of a label. */
export const MOST_ERROR_TYPES = 50;
/** Matches a name, and no message with data in it. */
const NAME = /^[A-Za-z_$][\w$.:-]{0,63}$/;

/** Bounds the number of error names, which a metrics store keeps a series for. */
export class ErrorTypes {
  readonly #known = new Map<string, Set<string>>();

  /** Returns the name itself, or `other` beyond the first 50 of a handler and for what is no name. */
  bounded(handler: string, error: string): string {
    const known = this.#known.get(handler) ?? new Set();
    this.#known.set(handler, known);
    if (known.has(error)) return error;
    if (known.size >= MOST_ERROR_TYPES || !NAME.test(error)) return 'other';
    known.add(error);
    return error;
  }
}
