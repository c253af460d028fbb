import { type Shape, UNKNOWN } from './shape.js';

/** The variables of a part of an expression. It can also read those of the scope around it. */
export class Scope {
  readonly #values: Map<string, Shape>;
  /**
   * The names that this scope binds, or binds again, from here on. A function reads a variable when it is called, and may
   * be called after that: to itself, to a function that is written below it, and to both values of a variable.
   */
  unsettled: ReadonlySet<string> = new Set();

  /** @param isFunction true for the body of a function, whose own variables are the arguments */
  constructor(
    own: readonly (readonly [name: string, value: Shape])[],
    private readonly around?: Scope,
    private readonly isFunction = false,
  ) {
    this.#values = new Map(own);
  }

  /**
   * Returns what is known of a variable; undefined if there is none of this name.
   * @param isLater true for a read in a function that is written in this scope
   */
  get(name: string, isLater = false): Shape | undefined {
    if (isLater && this.unsettled.has(name)) return UNKNOWN;
    if (this.#values.has(name)) return this.#values.get(name);
    return this.around?.get(name, isLater || this.isFunction);
  }

  /** Binds a variable in this scope. */
  set(name: string, value: Shape): void {
    this.#values.set(name, value);
  }

  /** Returns the names of all variables that can be read. */
  names(): string[] {
    return [...this.#values.keys(), ...(this.around?.names() ?? [])];
  }
}
