import type { Shape } from './shape.js';

/** The variables of a part of an expression. It can also read those of the scope around it. */
export class Scope {
  readonly #values: Map<string, Shape>;

  constructor(
    own: readonly (readonly [name: string, value: Shape])[],
    private readonly around?: Scope,
  ) {
    this.#values = new Map(own);
  }

  /** Returns what is known of a variable; undefined if there is none of this name. */
  get(name: string): Shape | undefined {
    return this.#values.has(name) ? this.#values.get(name) : this.around?.get(name);
  }

  /** Binds a variable in this scope. @returns the value */
  set(name: string, value: Shape): Shape {
    this.#values.set(name, value);
    return value;
  }

  /** Returns the names of all variables that can be read. */
  names(): string[] {
    return [...this.#values.keys(), ...(this.around?.names() ?? [])];
  }
}
