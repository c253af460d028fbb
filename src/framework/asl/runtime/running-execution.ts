import type { Clock } from '../../base/time/clock.js';
import type { Evaluator } from '../expression.js';
import type { Json } from '../values/json.js';
import type { MapRunOrder, StartedMapRun } from './map-run.js';
import type { CallingExecution, Resource, Resources, TokenTasks } from './resource.js';
import type { Scope } from './scope.js';
import type { StateTest } from './state-test.js';

/** The objects of the service that the states of all executions use. */
export interface StateServices {
  readonly clock: Clock;
  readonly random: () => number;
  readonly activities: Resource;
  /** The mocks, unless the execution has those of a test case. */
  readonly resources: Resources;
  readonly evaluator: Evaluator;
  readonly tasks: TokenTasks;
  /** The buckets from which a Distributed Map reads, and to which it writes. */
  readonly buckets: ObjectStore;
}

/** The properties and methods of an execution that its states use. */
export interface RunningExecution extends CallingExecution {
  readonly services: StateServices;
  readonly resources: Resources;
  /**
   * Returns true while the execution is running. If its timeout has expired but the timer hasn't fired yet, ends the
   * execution first.
   */
  isLive(): boolean;
  /** Called when a state is done and another one follows. If the machine was deleted, ends the execution. */
  onTransition(): void;
  /** Starts a map run. Undefined if one state is tested by itself. */
  startMapRun?(order: MapRunOrder): StartedMapRun;
  /** Set if one state is tested by itself; undefined in an execution. */
  readonly stateTest?: StateTest;
  /** Cancels everything that the execution waits for when the execution ends. */
  readonly scope: Scope;
  /**
   * Adds an event to the history.
   * @param previous the `previousEventId` of the new event
   * @param at the time of the event, in epoch milliseconds. @default now
   * @returns the id of the new event
   */
  record(type: string, previous: number, details?: object, at?: number): number;
  /**
   * Called when a state that has failed is left by its Catch, which the history doesn't say.
   * @param exitedId the id of its StateExited event
   * @param errorOutput what the Catch has received
   */
  onCaught?(exitedId: number, errorOutput: Json): void;
}

/** An object in a bucket, as a listing has it. */
export interface StoredObject {
  readonly key: string;
  readonly size: number;
  /** The quotes around it are part of it. */
  readonly etag: string;
  /** Epoch milliseconds. */
  readonly modifiedAt: number;
  readonly storageClass: string;
}

/**
 * Amazon S3, or what stands for it. Every method fails with an Error whose message says why, as the cause of a state's
 * failure.
 */
export interface ObjectStore {
  /** Yields the bytes of an object until it ends or the signal aborts. */
  read(bucket: string, key: string, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Yields the objects whose keys begin with `prefix`, in the order of their keys. */
  list(bucket: string, prefix: string, signal: AbortSignal): AsyncIterable<readonly StoredObject[]>;
  /** Stores the contents of a file as an object. */
  write(bucket: string, key: string, file: string): Promise<void>;
}
