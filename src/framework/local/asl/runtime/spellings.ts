import { isObject, type Json } from '../values/json.js';

/**
 * The texts of JSON values that are shown as they were sent, with their white space: the execution's input, and the
 * results of a Parallel that contain it. Recorded from the live service.
 */
export class Spellings {
  readonly #texts = new WeakMap<object, string>();

  keep(value: Json, text: string): void {
    if (isObject(value) || Array.isArray(value)) this.#texts.set(value, text);
  }

  /** Returns the text of a value; undefined if it is shown as compact JSON. */
  of(value: Json): string | undefined {
    return isObject(value) || Array.isArray(value) ? this.#texts.get(value) : undefined;
  }

  /** Keeps the text of a list, if the text of one of its values is kept. */
  keepList(values: Json[]): void {
    if (!values.some((value) => this.of(value) !== undefined)) return;
    const texts = values.map((value) => this.of(value) ?? JSON.stringify(value));
    this.keep(values, `[${texts.join(',')}]`);
  }
}
