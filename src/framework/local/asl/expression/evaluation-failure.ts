export interface EvaluationOptions {
  /** The field that failed, where there is one to name. */
  readonly location?: string;
  /** Whether the EvaluationFailed event points to the state's entry, not to what was before. @default false */
  readonly afterEntry?: boolean;
  /** Under which name a Retry or Catch may match a States.Runtime all the same. */
  readonly documented?: string;
}

/** Thrown by an expression. The state that it stands in makes a StateFailure of it that says where. */
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
 * An expression that ends the execution, such as a path that leads nowhere. Seen in executions of the live
 * service: the error is States.Runtime. The name that the documentation has for it can be caught.
 */
export function runtimeFailure(reason: string, documented?: string): EvaluationFailure {
  return new EvaluationFailure('States.Runtime', reason, documented === undefined ? {} : { documented });
}
