/** The values that a JSONata expression can read by name: `states`, and the variables. */
export type Bindings = Readonly<Record<string, unknown>>;

/** An expression to evaluate in a worker thread. `now` is the execution's time in epoch milliseconds. */
export interface EvaluationJob {
  readonly source: string;
  readonly bindings: Bindings;
  readonly now: number;
}

/** The outcome of evaluating a JSONata expression, and the milliseconds of processor time that the evaluation took. */
export type Evaluated = Outcome & { readonly ms?: number };

type Outcome =
  /** The JSON of the result; undefined if the expression returns nothing. */
  | { readonly kind: 'value'; readonly text: string | undefined }
  /** The result can't be written as JSON, because it is a function or contains one. */
  | { readonly kind: 'unsupported' }
  /** The evaluation failed. `limit` is set if the reason is that it took too much time or memory. */
  | { readonly kind: 'failed'; readonly reason: string; readonly limit?: 'time' | 'size' };
