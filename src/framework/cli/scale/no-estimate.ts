/**
 * Thrown if no estimate can be made. The scaler then responds with an error instead of a number, so that an autoscaler
 * leaves the fleet unchanged.
 */
export class NoEstimate extends Error {
  override readonly name: string = 'NoEstimate';
}

/** The numbers that are known while the workers of an activity can't be seen. */
export interface BlindFacts {
  readonly activityArn: string;
  /** The number of tasks that were started and have not ended. */
  readonly running: number;
  /**
   * The number of workers that are needed for the waiting tasks, besides those at the addresses that don't answer. More
   * may be needed, never fewer.
   */
  readonly least: number;
  /** True if tasks wait for which no worker is known. */
  readonly isMissing: boolean;
}

/**
 * Thrown if tasks run by CloudWatch's numbers, but no worker of their activity can be seen. Any number of workers could
 * then be too small. Nevertheless a worker has to be started if tasks wait, since there may be none.
 */
export class Blind extends NoEstimate {
  override readonly name = 'Blind';
  readonly facts: BlindFacts;

  constructor(message: string, facts: BlindFacts) {
    super(message);
    this.facts = facts;
  }
}
