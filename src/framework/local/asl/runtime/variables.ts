import type { Variables } from '../expression/state-data.js';
import { setOwn, type Json, type JsonObject } from '../values/json.js';

/**
 * The variables of one branch. A branch can also read the variables of the branches around it. It sets only its own,
 * which are gone when the branch ends. AWS page "Passing data between states with variables".
 */
export class VariableScope implements Variables {
  #own: JsonObject = {};
  #sizes: Map<string, number> | undefined;
  #ended = false;
  /**
   * The bytes of all variables of the execution, which its scopes share. `hold` is called with each change of this
   * number.
   */
  readonly #total: { bytes: number; readonly hold: (bytes: number) => void };
  readonly outer: VariableScope | undefined;

  /**
   * @param outer the scope around this one or, for the outermost scope, the function to call with each change of the
   * bytes
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
   * Returns true if the execution has room for these variables. The keys of `texts` are their names, the values their
   * JSON.
   */
  hasRoom(texts: ReadonlyMap<string, string>): boolean {
    let bytes = this.#total.bytes;
    for (const [name, text] of texts) bytes += text.length - (this.#sizes?.get(name) ?? 0);
    return bytes <= ALL_BYTES;
  }

  /** Releases the bytes of this scope and of its variables. After the first call it does nothing. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.outer) this.#total.hold(-BRANCH_BYTES);
    for (const size of this.#sizes?.values() ?? []) this.#grow(-size);
    this.#sizes = undefined;
  }

  /** Sets several variables at once. `texts` contains the JSON of each. Values that were read earlier don't change. */
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

/** The bytes that a branch takes besides its variables. */
const BRANCH_BYTES = 3_000;

/** The most bytes of all variables of an execution together. AWS page "Passing data between states with variables". */
const ALL_BYTES = 10 * 1024 * 1024;
