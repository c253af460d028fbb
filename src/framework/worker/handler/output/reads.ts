/** Reads the property values of an output's instances and remembers them, so that each getter is called only once. */
export class OutputReads {
  readonly #known = new Map<object, Map<string, unknown>>();

  get(object: object, name: string): unknown {
    const known = this.#known.get(object);
    if (known?.has(name)) return known.get(name);
    const own = Object.getOwnPropertyDescriptor(object, name);
    if (own && 'value' in own) return own.value;
    const value: unknown = Reflect.get(object, name);
    if (own || name in object) this.set(object, name, value);
    return value;
  }

  /** Sets the value that `get` returns for a property from now on. The object itself isn't changed. */
  set(object: object, name: string, value: unknown): void {
    let known = this.#known.get(object);
    if (!known) this.#known.set(object, (known = new Map()));
    known.set(name, value);
  }
}
