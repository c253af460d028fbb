import { isPlainObject } from '../../base/plain-object.js';
import { show } from '../../base/show.js';
import { OWN_ERROR } from '../../worker/handler/outcome/own-error.js';
import { Refusal } from '../../worker/handler/outcome/refusal.js';

/**
 * The fields of a task's input that `--pass-through` names. The program gets them as environment variables, and the
 * output has them again. A field that the input lacks is left out.
 */
export class PassedFields {
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(input: unknown, names: readonly string[]) {
    const found = isPlainObject(input) ? names.filter((name) => Object.hasOwn(input, name)) : [];
    this.#fields = Object.fromEntries(
      found.map((name) => [name, Reflect.get(Object(input), name) as unknown]),
    );
  }

  /** The fields as environment variables. A value that is no text is written as JSON. */
  get env(): Readonly<Record<string, string>> {
    const texts = Object.entries(this.#fields).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]);
    return Object.fromEntries(texts) as Record<string, string>;
  }

  /**
   * Returns the output with the fields in it. They replace fields of the same names, and `null` becomes an object.
   * @throws Refusal if there are fields and the output is no object
   */
  addTo(output: unknown): unknown {
    const names = Object.keys(this.#fields);
    if (names.length === 0) return output;
    if (output === null) return this.#fields;
    if (isPlainObject(output)) return { ...output, ...this.#fields };
    throw new Refusal(
      OWN_ERROR.invalidOutput,
      `--pass-through adds ${names.join(', ')} to the output, which has to be an object; the program's is ${show(output)}`,
    );
  }
}
