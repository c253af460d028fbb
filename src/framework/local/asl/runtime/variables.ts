import type { Variables } from '../expression/state-data.js';
import type { RunningExecution } from './running-execution.js';
import { jsonBytes, setOwn, type Json, type JsonObject } from '../values/json.js';

/**
 * The variables of one branch. A branch can also read the variables of the branches around it, but can set only its
 * own. They no longer exist when the branch ends. AWS page "Passing data between states with variables".
 */
export class VariableScope implements Variables {
  #own = NO_VARIABLES;
  #sizes: Map<string, Size> | undefined;
  #ended = false;
  /** The characters of all variables of the execution. All scopes of the execution share this object. */
  readonly #total: { chars: number; readonly execution: Holder };
  readonly outer: VariableScope | undefined;

  /**
   * @param outer the scope of the branch around this one. For the outermost scope, the execution, which is told each
   * change of the memory
   */
  constructor(outer: VariableScope | Holder) {
    this.outer = outer instanceof VariableScope ? outer : undefined;
    this.#total = outer instanceof VariableScope ? outer.#total : { chars: 0, execution: outer };
    if (this.outer) this.#total.execution.hold(BRANCH_BYTES);
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
    for (const [name, text] of texts) chars += text.length - (this.#sizes?.get(name)?.chars ?? 0);
    return chars <= ALL_CHARS;
  }

  /** Stops counting the memory of this branch and of its variables. Further calls do nothing. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.outer) this.#total.execution.hold(-BRANCH_BYTES);
    for (const size of this.#sizes?.values() ?? []) this.#grow(-size.chars, -size.bytes);
  }

  /** Creates a scope with the same variables, for a branch that goes on after its execution has ended. */
  revived(outer: VariableScope | Holder): VariableScope {
    const scope = new VariableScope(outer);
    scope.#own = this.#own;
    scope.#sizes = new Map(this.#sizes);
    for (const { chars, bytes } of scope.#sizes.values()) scope.#grow(chars, bytes);
    return scope;
  }

  /**
   * Sets several variables at once. `texts` contains the JSON of each value. A value that was read before is not
   * changed.
   */
  assign(values: JsonObject, texts: ReadonlyMap<string, string>): void {
    const known = (this.#sizes ??= new Map<string, Size>());
    for (const [name, text] of texts) {
      const size = { chars: text.length, bytes: jsonBytes(text) };
      const { chars, bytes } = known.get(name) ?? NOTHING;
      known.set(name, size);
      this.#grow(size.chars - chars, size.bytes - bytes);
    }
    const next = { ...this.#own };
    for (const [name, value] of Object.entries(values)) setOwn(next, name, value);
    this.#own = next;
  }

  #grow(chars: number, bytes: number): void {
    this.#total.chars += chars;
    this.#total.execution.hold(bytes);
  }
}

const NO_VARIABLES: JsonObject = Object.freeze({});

/** Counts the memory of an execution. */
type Holder = Pick<RunningExecution, 'hold'>;

/** The size of a variable: the characters of its JSON, and the bytes of memory that it takes. */
interface Size {
  readonly chars: number;
  readonly bytes: number;
}
const NOTHING: Size = { chars: 0, bytes: 0 };

/** The memory that is counted for a branch in addition to its variables, in bytes. */
const BRANCH_BYTES = 3_000;

/**
 * The largest total size of an execution's variables, in bytes. AWS page "Passing data between states with variables".
 */
const ALL_CHARS = 10 * 1024 * 1024;
