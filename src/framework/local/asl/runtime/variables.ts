import type { Variables } from '../expression/state-data.js';
import { setOwn, type Json, type JsonObject } from '../values/json.js';

/**
 * The variables of one branch. A branch can also read the variables of the branches around it, but can set only its
 * own. They no longer exist when the branch ends. AWS page "Passing data between states with variables".
 */
export class VariableScope implements Variables {
  #own: JsonObject = {};
  #sizes: Map<string, number> | undefined;
  #ended = false;
  /**
   * The total size of the execution's variables, in bytes. All scopes of the execution share this object. Whenever
   * `bytes` changes, `hold` must be called, so that the memory of the execution is counted.
   */
  readonly #total: { bytes: number; readonly hold: (bytes: number) => void };
  readonly outer: VariableScope | undefined;

  /**
   * @param outer the scope of the branch around this one. For the outermost scope, the function to call with each
   * change of the size
   */
  constructor(outer: VariableScope | ((bytes: number) => void)) {
    this.outer = outer instanceof VariableScope ? outer : undefined;
    this.#total = outer instanceof VariableScope ? outer.#total : { bytes: 0, hold: outer };
    if (this.outer) this.#total.hold(BRANCH_BYTES);
  }

  get(name: string): Json | undefined {
    return Object.hasOwn(this.#own, name) ? this.#own[name] : this.outer?.get(name);
  }

  all(): JsonObject {
    return { ...this.outer?.all(), ...this.#own };
  }

  /**
   * Returns true if the execution's variables stay within ALL_BYTES when these variables are set. The keys of `texts`
   * are the variables' names, the values their JSON.
   */
  hasRoom(texts: ReadonlyMap<string, string>): boolean {
    let bytes = this.#total.bytes;
    for (const [name, text] of texts) bytes += text.length - (this.#sizes?.get(name) ?? 0);
    return bytes <= ALL_BYTES;
  }

  /** Stops counting the memory of this branch and of its variables. Further calls do nothing. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.outer) this.#total.hold(-BRANCH_BYTES);
    for (const size of this.#sizes?.values() ?? []) this.#grow(-size);
  }

  /** Creates a scope with the same variables, for a branch that goes on after its execution has ended. */
  revived(outer: VariableScope | ((bytes: number) => void)): VariableScope {
    const scope = new VariableScope(outer);
    scope.#own = this.#own;
    scope.#sizes = new Map(this.#sizes);
    for (const size of scope.#sizes.values()) scope.#grow(size);
    return scope;
  }

  /**
   * Sets several variables at once. `texts` contains the JSON of each value. A value that was read before is not
   * changed.
   */
  assign(values: JsonObject, texts: ReadonlyMap<string, string>): void {
    const known = (this.#sizes ??= new Map<string, number>());
    for (const [name, { length }] of texts) {
      this.#grow(length - (known.get(name) ?? 0));
      known.set(name, length);
    }
    const next = { ...this.#own };
    for (const [name, value] of Object.entries(values)) setOwn(next, name, value);
    this.#own = next;
  }

  #grow(bytes: number): void {
    this.#total.bytes += bytes;
    this.#total.hold(bytes);
  }
}

/** The memory that is counted for a branch in addition to its variables, in bytes. */
const BRANCH_BYTES = 3_000;

/**
 * The largest total size of an execution's variables, in bytes. AWS page "Passing data between states with variables".
 */
const ALL_BYTES = 10 * 1024 * 1024;
