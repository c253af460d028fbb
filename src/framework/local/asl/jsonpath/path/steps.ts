import type { Json } from '../../values/json.js';
import type { Filter } from './filter.js';

/** One step of a path. `shown` is the step as the error messages of Step Functions show it. */
export type Step =
  | { readonly kind: 'names'; readonly names: readonly string[]; readonly shown: string }
  | { readonly kind: 'indexes'; readonly indexes: readonly number[]; readonly shown: string }
  | { readonly kind: 'slice'; readonly slice: Slice; readonly shown: string }
  | { readonly kind: 'filter'; readonly filter: Filter; readonly shown: string }
  | { readonly kind: 'every'; readonly shown: string }
  /** `..`: the next step is applied to the current value and to every value nested in it. */
  | { readonly kind: 'descent'; readonly shown: string }
  | FunctionStep;

export interface Slice {
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly step: number;
}

/** A function of a path, such as `length()`. */
export interface FunctionStep {
  readonly kind: 'function';
  readonly name: string;
  /** Returns the function's result for a value; undefined if it has none. */
  readonly call: (value: Json) => Json | undefined;
  readonly shown: string;
}

/** Thrown for a part of a path that Step Functions understands, and the local service doesn't. */
export class NotHere extends Error {
  override readonly name = 'NotHere';

  constructor(part: string) {
    super(`the local service does not have ${part}`);
  }
}
