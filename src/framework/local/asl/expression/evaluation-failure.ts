export interface EvaluationOptions {
  /** The field that failed; undefined where none can be named. */
  readonly location?: string;
  /** True where the EvaluationFailed event points to the state's entry instead of the event before it. @default false */
  readonly afterEntry?: boolean;
  /** The name by which a Retry or Catch may still match a States.Runtime. */
  readonly documented?: string;
}

/** Thrown by an expression. Its state turns it into a StateFailure that names the state. */
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
 * the live service: the error is States.Runtime, and the name that the documentation gives it can be caught.
 */
export function runtimeFailure(reason: string, documented?: string): EvaluationFailure {
  return new EvaluationFailure('States.Runtime', reason, documented === undefined ? {} : { documented });
}
