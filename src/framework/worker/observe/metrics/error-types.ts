/** How many names of errors a handler has as values of a label. */
export const MOST_ERROR_TYPES = 50;
/** A name, and no text with data in it. */
const NAME = /^[A-Za-z_$][\w$.:-]{0,63}$/;

/** Keeps the names that handlers fail by to a number that a metrics' store can bear. */
export class ErrorTypes {
  readonly #known = new Map<string, Set<string>>();

  /** The name itself; `other` beyond the first 50 of a handler, and for what is no name. */
  bounded(handler: string, error: string): string {
    const known = this.#known.get(handler) ?? new Set();
    this.#known.set(handler, known);
    if (known.has(error)) return error;
    if (known.size >= MOST_ERROR_TYPES || !NAME.test(error)) return 'other';
    known.add(error);
    return error;
  }
}
