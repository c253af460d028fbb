import { getOwn, isObject, type Json, isTooDeep, isTooLarge, weigh } from '../values/json.js';
import { eachPart } from '../values/json-scan.js';
import { PAYLOAD_LIMIT_BYTES } from '../../base/size.js';
import { runtimeFailure } from '../expression.js';
import { dataLimitFailure } from './state-failure.js';

/** The details of data in an event of the history. The local service never cuts it. */
export const WHOLE = Object.freeze({ truncated: false });

/** A value that `weigh` finds larger has more than PAYLOAD_LIMIT_BYTES of text. */
const MOST_BYTES = 9 * PAYLOAD_LIMIT_BYTES;

export const TOO_DEEP = 'The value is nested too deeply.';

/**
 * Converts values to compact JSON, and checks the size of the text. The last value is remembered: if it is passed again
 * at once, it isn't converted and checked again.
 */
export class PayloadText {
  #value: Json | undefined;
  #text = '';
  #fits = false;

  of(value: Json): string {
    if (value !== this.#value || this.#text === '') {
      this.#text = JSON.stringify(value);
      this.#value = value;
      this.#fits = false;
    }
    return this.#text;
  }

  /**
   * Returns the number of characters in a value's JSON.
   * @param what the state or resource that returned the value, for the error message
   * @throws StateFailure if the value is larger than Step Functions accepts; EvaluationFailure if it is nested too
   * deeply
   */
  checkSize(value: Json, what: string): number {
    if (this.#fits && value === this.#value) return this.#text.length;
    // The value is measured before it is written: a value that contains the same object many times takes little
    // memory, but its text may be huge.
    if (!weigh(value, MOST_BYTES)) throw dataLimitFailure(what);
    const text = this.of(value);
    if (isTooLarge(text)) throw dataLimitFailure(what);
    if (isTooDeep(value, text)) throw runtimeFailure(TOO_DEEP);
    this.#fits = true;
    return text.length;
  }
}

/** The texts of lists and objects that TestState shows as they were sent, with their white space. */
export class Spellings {
  readonly #texts = new WeakMap<object, string>();

  /** Returns the text of a value; undefined if it is shown as compact JSON. */
  of(value: Json): string | undefined {
    return isObject(value) || Array.isArray(value) ? this.#texts.get(value) : undefined;
  }

  /** Keeps the text of a value, and of each list and object in it. */
  keepParts(value: Json, text: string): void {
    eachPart(text, (keys, part) => {
      const found = keys.reduce<Json | undefined>((at, key) => partAt(at, key), value);
      if (typeof found === 'object' && found !== null) this.#texts.set(found, part);
    });
  }
}

function partAt(value: Json | undefined, key: string | number): Json | undefined {
  if (Array.isArray(value)) return value[Number(key)];
  return isObject(value) ? getOwn(value, String(key)) : undefined;
}
