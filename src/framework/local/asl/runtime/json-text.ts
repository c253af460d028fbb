import { runtimeFailure } from '../expression/evaluation-failure.js';
import { isTooDeep, measure, type Json } from '../values/json.js';
import { DATA_LIMIT_BYTES, isTooLarge } from '../values/limits.js';
import { dataLimitFailure } from './state-failure.js';

export const TOO_DEEP = 'The value is nested too deeply.';

/** Writes values as compact JSON. A value that is asked for twice in a row is written and checked once. */
export class JsonText {
  #value: Json | undefined;
  #text = '';
  #fits = false;

  /** @param onWritten called with each new text */
  constructor(private readonly onWritten: (text: string) => void) {}

  of(value: Json): string {
    if (value !== this.#value || this.#text === '') {
      this.#text = JSON.stringify(value);
      this.#value = value;
      this.#fits = false;
      this.onWritten(this.#text);
    }
    return this.#text;
  }

  /**
   * Returns the number of characters of a value's JSON.
   * @throws StateFailure where the value is larger than the service takes; EvaluationFailure where it is too deep
   */
  checkSize(value: Json, what: string): number {
    if (this.#fits && value === this.#value) return this.#text.length;
    // Measured before it is written: a value that holds one thing many times is small, and its text may fill any memory.
    if (!measure(value, DATA_LIMIT_BYTES, DATA_LIMIT_BYTES)) throw dataLimitFailure(what);
    const text = this.of(value);
    if (isTooLarge(text)) throw dataLimitFailure(what);
    if (isTooDeep(text)) throw runtimeFailure(TOO_DEEP);
    this.#fits = true;
    return text.length;
  }
}
