import type { EvaluationFailure } from '../expression.js';
import type { Json, JsonObject } from '../values/json.js';
import type { StartedMapRun } from './map-run.js';
import type { StateKind } from '../kinds.js';
import { DATA_LIMIT } from './state-failure.js';

/** The facts about its current state that a branch keeps. */
export interface EnteredState {
  readonly name: string;
  /** The types of the history events for entering and leaving the state. */
  readonly enteredEvent: string;
  readonly exitedEvent: string;
  /** Only a state that can have Retry has RetryCount in its context object. Recorded from the live service. */
  readonly kind: StateKind;
}

/**
 * The branches of a Parallel, or the iterations of a Map, as far as they have come in the current attempt. If the
 * execution is redriven, the attempt goes on from here.
 */
export interface BranchProgress<B> {
  /** The outputs of the branches that have succeeded, by index; null for the others. */
  readonly results: readonly Json[];
  /** The indexes of the branches that have succeeded. */
  readonly succeeded: ReadonlySet<number>;
  /** The branches that have begun but not succeeded, by index. */
  readonly begun: ReadonlyMap<number, B>;
}

/** Returns a time as the context object has it. */
export const isoTime = (ms: number): string => new Date(ms).toISOString();

/** What a branch (`B`) knows of the state in which it is, from its StateEntered event on. */
export class StateVisit<B> {
  /** True when the state's work has succeeded in the current attempt. A later failure is then one of Assign or Output. */
  succeeded = false;
  /** The id of the `succeeded` event of {@link StateEvents}; undefined if this type of state has none. */
  succeededId: number | undefined;
  /**
   * The `previousEventId` of the next EvaluationFailed event, once an attempt has failed. Measured at the live service:
   * it is the EvaluationFailed event of the attempt before or, in a Catch, the event that the state's failure points to.
   */
  failedFrom: number | undefined;

  /** The `previousEventId` of the `succeeded` event. @default the branch's last event */
  succeededFrom: number | undefined;
  /** The map run of a Distributed Map in the current attempt; undefined until it is started. */
  mapRun: StartedMapRun | undefined;
  /** The map run that had not succeeded when the execution ended. The first attempt after a redrive goes on with it. */
  earlierRun: StartedMapRun | undefined;

  /** The number of retries so far. */
  retryCount = 0;
  /** The task token that the context object contains as `$$.Task.Token`; undefined if it contains none. */
  taskToken: string | undefined;
  /** The error because of which the state has failed; undefined if it hasn't. */
  error: string | undefined;
  /** The branches of a Parallel or a Map that run, by their index; undefined for another state. */
  children: ReadonlyMap<number, B> | undefined;
  /** The progress of a Parallel or a Map. It is kept when the state fails. */
  progress: BranchProgress<B> | undefined;
  /**
   * The progress that a Parallel or a Map had made when the execution ended. The first attempt after a redrive goes on
   * from it. Undefined in any other attempt.
   */
  earlier: BranchProgress<B> | undefined;

  constructor(
    readonly state: EnteredState,
    readonly enteredId: number,
    private readonly enteredAt: number,
    /** The `previousEventId` of the state's StateEntered event. */
    private readonly enteredFrom: number,
  ) {}

  /**
   * Returns the visit after a redrive: in the same state, whose work hasn't succeeded. If a Parallel or a Map failed
   * because its own data is too large, all its branches run again (AWS page "Restarting state machine executions with
   * redrive").
   */
  resumed(): StateVisit<B> {
    const visit = new StateVisit<B>(this.state, this.enteredId, this.enteredAt, this.enteredFrom);
    visit.failedFrom = this.failedFrom;
    if (this.mapRun && this.mapRun.status !== 'SUCCEEDED') visit.earlierRun = this.mapRun;
    const isOwn = this.progress?.begun.size === 0;
    if (!isOwn || this.error !== DATA_LIMIT) visit.earlier = this.progress;
    return visit;
  }

  /** Returns the cause of a States.Runtime failure: `reason` with the state's name in front, as Step Functions words it. */
  explain(reason: string): string {
    const { enteredId, state } = this;
    return `An error occurred while executing the state '${state.name}' (entered at the event id #${enteredId}). ${reason}`;
  }

  /** Returns the `previousEventId` of the EvaluationFailed event for a failure. */
  previousOf({ options }: EvaluationFailure): number {
    return options.afterEntry === true ? this.enteredId : (this.failedFrom ?? this.enteredFrom);
  }

  /** Returns the object `State` of the context object. @param name the state's name in it */
  context(name: string): JsonObject {
    return {
      Name: name,
      EnteredTime: isoTime(this.enteredAt),
      ...(this.state.kind.recovers === true && { RetryCount: this.retryCount }),
    };
  }
}
