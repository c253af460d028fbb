import type { PollTrouble } from '../../aws/activity-port.js';

/** The handler that an event is about. */
export interface PollRef {
  /** `Class.method`. */
  readonly handler: string;
  readonly activityArn: string;
}

/** The events of a handler's poller. */
export interface PollEvents {
  /**
   * A poll has ended. `answer` says whether it returned a task, returned none, or failed; if it failed, `trouble` says
   * why.
   */
  'poll:ended': PollRef & {
    readonly answer: 'task' | 'empty' | 'failed';
    readonly trouble?: PollTrouble;
    readonly openMs: number;
  };
  /** Polls of a handler have started to fail. Emitted once for each kind of trouble until all trouble is over. */
  'poll:failed': PollRef & { readonly trouble: PollTrouble; readonly error: Error };
  /** The trouble is over: for 30 s no poll has failed, or a poll was answered after none had been. */
  'poll:recovered': PollRef & { readonly afterMs: number; readonly failures: number };
  /** A poll ended without an answer. If the service had leased a task to that poll, the task's token is lost. */
  'poll:token-possibly-lost': PollRef & { readonly error: Error };
}

/** Emits an event. Never throws. */
export type EmitPoll = <K extends keyof PollEvents>(event: K, payload: PollEvents[K]) => void;
