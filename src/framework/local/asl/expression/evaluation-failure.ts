export interface EvaluationOptions {
  /**
   * The field of the state whose expression failed, such as `Arguments/a[0]`. Undefined if the failure belongs to no
   * field.
   */
  readonly location?: string;
  /**
   * The `previousEventId` of the EvaluationFailed event in the history. True: it is the id of the state's StateEntered
   * event. False: it is the id of the event before that one.
   * @default false
   */
  readonly afterEntry?: boolean;
  /**
   * The error name that AWS documents for this failure. The live service reports the error as States.Runtime instead,
   * but lets a Retry or Catch match it by the documented name.
   */
  readonly documented?: string;
}

/**
 * Thrown when an expression of a state fails. The caller turns it into a StateFailure, which also contains the name of
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
 * Creates the error for an expression that fails with States.Runtime, such as a path that leads to no value. A Catch
 * can only match this failure by `documented`, the error name in AWS's documentation. Seen in executions of the live
 * service.
 */
export function runtimeFailure(reason: string, documented?: string): EvaluationFailure {
  return new EvaluationFailure('States.Runtime', reason, documented === undefined ? {} : { documented });
}
