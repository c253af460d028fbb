export interface EvaluationOptions {
  /** The field whose expression failed; undefined if no field can be named. */
  readonly location?: string;
  /**
   * True if the history's EvaluationFailed event points to the event of the state's entry; false if it points to the
   * event before the entry. @default false
   */
  readonly afterEntry?: boolean;
  /**
   * The error name that AWS documents for this failure. A Retry or Catch may match the failure by this name, although
   * its error is States.Runtime.
   */
  readonly documented?: string;
}

/**
 * Thrown when an expression fails. The state that evaluates the expression turns it into a StateFailure that names the
 * state.
 */
export class EvaluationFailure extends Error {
  override readonly name = 'EvaluationFailure';

  constructor(
    readonly error: string,
    readonly reason: string,
    readonly options: EvaluationOptions = {},
  ) {
    super(`${error}: ${reason}`);
  }
}

/**
 * Makes the failure of an expression that ends the execution, such as a path that leads to nothing. Seen in executions
 * of the live service: the error is States.Runtime, but a Catch can match it by the name in the documentation
 * (`documented`).
 */
export function runtimeFailure(reason: string, documented?: string): EvaluationFailure {
  return new EvaluationFailure('States.Runtime', reason, documented === undefined ? {} : { documented });
}
