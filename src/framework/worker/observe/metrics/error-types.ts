/** The most error names of one handler that become values of a label. */
export const MOST_ERROR_TYPES = 50;
/** Matches the name of an error, and no message that could hold data. */
const NAME = /^[A-Za-z_$][\w$.:-]{0,63}$/;

/** Limits the number of error names in labels: a metrics store keeps a series for each. */
export class ErrorTypes {
  readonly #known = new Map<string, Set<string>>();

  /** Returns the error's name; `other` beyond the first 50 names of a handler, and for a text that is no name. */
  bounded(handler: string, error: string): string {
    const known = this.#known.get(handler) ?? new Set();
    this.#known.set(handler, known);
    if (known.has(error)) return error;
    if (known.size >= MOST_ERROR_TYPES || !NAME.test(error)) return 'other';
    known.add(error);
    return error;
  }
}
