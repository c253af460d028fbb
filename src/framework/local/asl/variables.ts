import { setOwn, type Json, type JsonObject } from './json.js';
import type { Variables } from './view.js';

/**
 * The variables of one thread. A branch or an iteration reads those around it, and sets its own, which end with
 * it, as the AWS page "Passing data between states with variables" has it.
 */
export class VariableScope implements Variables {
  #own: JsonObject = {};

  constructor(readonly outer?: VariableScope) {}

  get(name: string): Json | undefined {
    return Object.hasOwn(this.#own, name) ? this.#own[name] : this.outer?.get(name);
  }

  all(): JsonObject {
    return { ...this.outer?.all(), ...this.#own };
  }

  /** Sets all at once. The values before stay as they were for whoever still holds them. */
  assign(values: JsonObject): void {
    const next = { ...this.#own };
    for (const [name, value] of Object.entries(values)) setOwn(next, name, value);
    this.#own = next;
  }
}
