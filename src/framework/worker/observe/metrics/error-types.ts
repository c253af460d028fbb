/** The most error names of one handler that are used as label values. */
export const MOST_ERROR_TYPES = 50;
/**
 * Matches the name of an error. Doesn't match a message, which must not become a label, since it could contain data of
 * a task.
 */
const NAME = /^[A-Za-z_$][\w$.:-]{0,63}$/;

/**
 * Limits how many different error names are used as label values, since a metrics store keeps a separate series for
 * each value.
 */
export class ErrorTypes {
  readonly #known = new Map<string, Set<string>>();

  /**
   * Returns the label value for an error. It is the error's name, but `other` if the handler has already had 50
   * different names, or if the text isn't a name.
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
