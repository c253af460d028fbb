export interface EvaluationOptions {
  /** The field whose expression failed; undefined where no field can be named. */
  readonly location?: string;
  /**
   * True where the EvaluationFailed event points to the state's entry instead of the event before the entry. @default
   * false
   */
  readonly afterEntry?: boolean;
  /**
   * The documented error name by which a Retry or Catch may match the failure, although its error is States.Runtime.
   */
  readonly documented?: string;
}

/**
 * Thrown by an expression that fails. The state that evaluates the expression turns it into a StateFailure that names
 * the state.
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
 * Makes the failure of an expression that ends the execution, such as a path that leads nowhere. Seen in executions of
 * the live service: the error is States.Runtime, yet a Catch can name the error as the documentation does
 * (`documented`).
 */
export function runtimeFailure(reason: string, documented?: string): EvaluationFailure {
  return new EvaluationFailure('States.Runtime', reason, documented === undefined ? {} : { documented });
}
