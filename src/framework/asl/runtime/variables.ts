import type { Variables } from '../expression.js';
import { setOwn, type Json, type JsonObject } from '../values/json.js';

/**
 * The variables of one branch. A branch can also read the variables of the branches around it, but can set only its
 * own. They no longer exist when the branch ends. AWS page "Passing data between states with variables".
 */
export class VariableScope implements Variables {
  #own = NO_VARIABLES;
  /** The characters of each variable's JSON. */
  #sizes: Map<string, number> | undefined;
  #ended = false;
  /** The characters of all variables of the execution. All scopes of the execution share this object. */
  readonly #total: { chars: number };

  /** @param outer the scope of the branch around this one. @default none, for the outermost scope */
  constructor(readonly outer?: VariableScope) {
    this.#total = outer ? outer.#total : { chars: 0 };
  }

  get(name: string): Json | undefined {
    return Object.hasOwn(this.#own, name) ? this.#own[name] : this.outer?.get(name);
  }

  all(): JsonObject {
    return { ...this.outer?.all(), ...this.#own };
  }

  /**
   * Returns true if the execution's variables stay within ALL_CHARS when these variables are set. The keys of `texts`
   * are the variables' names, the values their JSON.
   */
  hasRoom(texts: ReadonlyMap<string, string>): boolean {
    let { chars } = this.#total;
    for (const [name, text] of texts) chars += text.length - (this.#sizes?.get(name) ?? 0);
    return chars <= ALL_CHARS;
  }

  /** Stops counting the variables of this branch. Further calls do nothing. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const chars of this.#sizes?.values() ?? []) this.#total.chars -= chars;
  }

  /** Creates a scope with the same variables, for a branch that goes on after its execution has ended. */
  revived(outer?: VariableScope): VariableScope {
    const scope = new VariableScope(outer);
    scope.#own = this.#own;
    scope.#sizes = new Map(this.#sizes);
    for (const chars of scope.#sizes.values()) scope.#total.chars += chars;
    return scope;
  }

  /**
   * Sets several variables at once. `texts` contains the JSON of each value. A value that was read before is not
   * changed.
   */
  assign(values: JsonObject, texts: ReadonlyMap<string, string>): void {
    const known = (this.#sizes ??= new Map<string, number>());
    for (const [name, text] of texts) {
      this.#total.chars += text.length - (known.get(name) ?? 0);
      known.set(name, text.length);
    }
    const next = { ...this.#own };
    for (const [name, value] of Object.entries(values)) setOwn(next, name, value);
    this.#own = next;
  }
}

const NO_VARIABLES: JsonObject = Object.freeze({});

/**
 * The largest total size of an execution's variables, in bytes. AWS page "Passing data between states with variables".
 */
const ALL_CHARS = 10 * 1024 * 1024;
