/** What a Distributed Map orders: a map run, which runs child executions. */

import type { Json } from '../values/json.js';
import { StateFailure } from './state-failure.js';

/** The input of a child execution, and the number of items in it. */
export interface ChildInput {
  readonly value: Json;
  readonly items: number;
}

/** The end of a child execution, as far as the results of a Map show it. */
export interface ChildEnd {
  readonly succeeded: boolean;
  /** JSON text; undefined unless it has succeeded. */
  readonly output: string | undefined;
  /** Returns the JSON of the execution with its metadata. */
  describe(): string;
}

/** Takes the results of a map run's child executions, and makes the result of the state from them. */
export interface MapResults {
  /** May return a promise, which resolves when there is room for further results. */
  add(index: number, end: ChildEnd): Promise<void> | undefined;
  /**
   * Called when the map run has ended. After a redrive, results are added again, and it is called again.
   * @param mapRunArn the ARN of the map run
   * @throws StateFailure if the results can't be written
   */
  end(mapRunArn: string): Promise<void> | undefined;
  /** Returns the result of the state after `end`, once; undefined if it is too large. */
  take(): Json | undefined;
}

/** The settings of a map run that UpdateMapRun can change. */
export interface MapRunLimits {
  /** The most child executions that run at the same time; Infinity if there is no limit. */
  readonly maxConcurrency: number;
  /** The most items that may fail; undefined if only the percentage counts. */
  readonly toleratedCount: number | undefined;
  /** The most items that may fail, in percent of all; undefined if only the count counts. */
  readonly toleratedPercentage: number | undefined;
}

/** A map run to start. */
export interface MapRunOrder {
  /** The name of the Map state. */
  readonly state: string;
  /** The states of the child executions. */
  readonly processor: Processor;
  /** The field Label; undefined if the state has none. */
  readonly label: string | undefined;
  readonly limits: MapRunLimits;
  /** The number of all items; undefined if it is known only when all have been read. */
  readonly length: number | undefined;
  /** The number of all child executions; undefined if it is known only when all items have been read. */
  readonly children: number | undefined;
  /** Yields the inputs of all child executions. Called again after a redrive. `signal` aborts when the run ends. */
  open(signal: AbortSignal): AsyncIterable<ChildInput>;
  readonly results: MapResults;
  /**
   * Called when the run ends.
   * @param failure undefined if it has succeeded; otherwise a StateFailure, or what `open` or `results` has thrown
   */
  onEnd(failure: unknown): void;
}

/** The field ItemProcessor of a Distributed Map. */
export interface Processor {
  /** The definition of a machine with the states of the child executions. */
  readonly definition: string;
  readonly isExpress: boolean;
}

/** A map run, as its Map state sees it. */
export interface StartedMapRun {
  readonly arn: string;
  readonly status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED';
  /** The number of times that it was redriven. */
  readonly redriveCount: number;
  readonly results: MapResults;
  /** Ends the run and its child executions from outside. Does nothing if it has ended. */
  abort(): void;
  /** Goes on after a failure or an abort: child executions that have succeeded aren't run again. */
  redrive(onEnd: MapRunOrder['onEnd']): void;
}

/** Returns the failure of a Map in which too many items have failed. The text was recorded from the live service. */
export const exceeded = (): StateFailure =>
  new StateFailure(
    'States.ExceedToleratedFailureThreshold',
    'The specified tolerated failure threshold was exceeded',
  );
