/** The most error names of one handler that are used as label values. */
export const MOST_ERROR_TYPES = 50;
/** Matches the name of an error, but no message, since that could contain data. */
const NAME = /^[A-Za-z_$][\w$.:-]{0,63}$/;

/** Limits the number of error names in labels, since a metrics store keeps a separate series for each. */
export class ErrorTypes {
  readonly #known = new Map<string, Set<string>>();

  /**
   * Returns the error's name. Returns `other` if the handler has had 50 other names already, or if the text isn't a
   * name.
   */
  bounded(handler: string, error: string): string {
    const known = this.#known.get(handler) ?? new Set();
    this.#known.set(handler, known);
    if (known.has(error)) return error;
    if (known.size >= MOST_ERROR_TYPES || !NAME.test(error)) return 'other';
    known.add(error);
    return error;
  }
}
