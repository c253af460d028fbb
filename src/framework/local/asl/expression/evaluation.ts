/** The values that a JSONata expression can read by name: `states`, and the variables. */
export type Bindings = Readonly<Record<string, unknown>>;

/** An evaluation to run in a thread. `now` is the execution's time, in epoch milliseconds. */
export interface EvaluationJob {
  readonly source: string;
  readonly bindings: Bindings;
  readonly now: number;
}

/** The outcome of an evaluation. */
export type Evaluated =
  /** The JSON of the result; undefined if the expression returns nothing. */
  | { readonly kind: 'value'; readonly text: string | undefined }
  /** The result is a function, or contains one. */
  | { readonly kind: 'unsupported' }
  /** The expression threw an error or, if `limit` is set, exceeded that limit. */
  | { readonly kind: 'failed'; readonly reason: string; readonly limit?: 'time' | 'size' };
