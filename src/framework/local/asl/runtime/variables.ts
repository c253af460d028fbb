import type { Variables } from '../expression/state-data.js';
import { setOwn, type Json, type JsonObject } from '../values/json.js';

/**
 * The variables of one branch. A branch or an iteration reads those around it, and sets its own, which end with
 * it, as the AWS page "Passing data between states with variables" has it.
 */
export class VariableScope implements Variables {
  #own: JsonObject = {};
  #sizes: Map<string, number> | undefined;
  /** How many bytes the variables of the whole execution have, and who is told. */
  readonly #total: { bytes: number; readonly hold: (bytes: number) => void };
  readonly outer: VariableScope | undefined;

  /** @param outer the scope that it lies in; for the outermost one, who is told how many bytes come or go */
  constructor(outer: VariableScope | ((bytes: number) => void)) {
    this.outer = outer instanceof VariableScope ? outer : undefined;
    this.#total = outer instanceof VariableScope ? outer.#total : { bytes: 0, hold: outer };
  }

  get(name: string): Json | undefined {
    return Object.hasOwn(this.#own, name) ? this.#own[name] : this.outer?.get(name);
  }

  all(): JsonObject {
    return { ...this.outer?.all(), ...this.#own };
  }

  /** Whether values with this JSON, by their names, still have room in the execution. */
  hasRoom(texts: ReadonlyMap<string, string>): boolean {
    let bytes = this.#total.bytes;
    for (const [name, text] of texts) bytes += text.length - (this.#sizes?.get(name) ?? 0);
    return bytes <= ALL_BYTES;
  }

  /** Its variables end with it. */
  end(): void {
    for (const size of this.#sizes?.values() ?? []) this.#grow(-size);
    this.#sizes = undefined;
  }

  /** Sets all at once. The values before stay as they were for whoever still holds them. */
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

/** The most that all variables of an execution may have. AWS page "Passing data between states with variables". */
const ALL_BYTES = 10 * 1024 * 1024;
