import type { PollTrouble } from '../../aws/port.js';

/** The handler that an event is about. */
export interface PollRef {
  /** `Class.method`. */
  readonly handler: string;
  readonly activityArn: string;
}

/** The events of a handler's poller. */
export interface PollEvents {
  /** A poll ended: it brought a task, it brought none, or it failed of `trouble`. */
  'poll:ended': PollRef & {
    readonly answer: 'task' | 'empty' | 'failed';
    readonly trouble?: PollTrouble;
    readonly openMs: number;
  };
  /** A handler's polls began to fail. Each kind of trouble is emitted once, until all of it is over. */
  'poll:failed': PollRef & { readonly trouble: PollTrouble; readonly error: Error };
  /** None has failed for 30 s; or, where nothing got through any more, a poll was answered. */
  'poll:recovered': PollRef & { readonly afterMs: number; readonly failures: number };
  /** A poll ended without an answer: if the service had leased a task to it, that token is lost. */
  'poll:token-possibly-lost': PollRef & { readonly error: Error };
}

/** Emits an event. Never throws. */
export type EmitPoll = <K extends keyof PollEvents>(event: K, payload: PollEvents[K]) => void;
