/** The values that a JSONata expression reads by name: `states`, and the variables. */
export type Bindings = Readonly<Record<string, unknown>>;

/** An evaluation to be run in a thread. `now` is the execution's time, in epoch milliseconds. */
export interface EvaluationJob {
  readonly source: string;
  readonly bindings: Bindings;
  readonly now: number;
}

/** The outcome of an evaluation. */
export type Evaluated =
  /** The JSON of the result; undefined where the expression returns nothing. */
  | { readonly kind: 'value'; readonly text: string | undefined }
  /** The result is, or holds, a function. */
  | { readonly kind: 'unsupported' }
  /** The expression threw an error, or exceeded the limit that `limit` names. */
  | { readonly kind: 'failed'; readonly reason: string; readonly limit?: 'time' | 'size' };
