import type { getDefaultResultOrder } from 'node:dns';
import type { FromHealthServer, ToHealthServer } from '../health/thread-health-server.js';
import type { Identity, Recipes } from '../../aws/lean/recipe.js';
import type { HeartbeatLoad } from '../heartbeat/heartbeat-load.js';

/** The data with which the heartbeat thread starts. */
export interface ThreadOptions {
  /** How network addresses are looked up on the main thread, as Node's options or the app have set it. */
  readonly addresses: {
    readonly order: ReturnType<typeof getDefaultResultOrder>;
    readonly autoSelectFamily: boolean;
  };
  /**
   * A number that the main thread increases every {@link TURN_MS}. It shows the heartbeat thread that the main thread's
   * event loop is running.
   */
  readonly turns: SharedArrayBuffer;
  /** The memory of the `LeaseLedger`. Both threads share it. */
  readonly ledger: SharedArrayBuffer;
  /** The most heartbeats per second. */
  readonly rate: number;
  /** If the main thread is blocked for this many milliseconds, it counts as stuck; false: never. */
  readonly stallAfterMs: number | false;
}

/**
 * The interval, in milliseconds, at which the main thread shows that it is running, and at which the heartbeat thread
 * checks that.
 */
export const TURN_MS = 250;

/** An error as plain data, since errors lose their class when they are sent between threads. */
export interface ErrorText {
  readonly name: string;
  readonly message: string;
}

/**
 * The messages that the main thread sends to the heartbeat thread. Times are epoch milliseconds of `systemClock`, which
 * is the same in both threads.
 */
export type ToThread =
  /** A region whose heartbeats the thread has to send, and the recipes (the fixed parts) of its requests. */
  | { readonly kind: 'region'; readonly region: string; readonly recipes: Recipes }
  /** Credentials to sign with, and their number. The first ones have number 1. */
  | { readonly kind: 'identity'; readonly identity: Identity; readonly number: number }
  /** The ledger has an entry that must be read at once. */
  | { readonly kind: 'read-ledger' }
  /** A lease that couldn't be written to the ledger. */
  | {
      readonly kind: 'track';
      readonly id: number;
      readonly region: string;
      readonly token: string;
      readonly everyMs: number;
      readonly leasedAt: number;
    }
  | { readonly kind: 'send-now'; readonly id: number }
  /** Ends leases whose beginning or end couldn't be written to the ledger. */
  | { readonly kind: 'release'; readonly ids: readonly number[] }
  | ToHealthServer;

/** The messages that the heartbeat thread sends to the main thread. */
export type FromThread =
  /** The results of all heartbeats in one turn of the event loop. */
  | {
      readonly kind: 'results';
      /** The ids of leases with an accepted heartbeat, each with the time at which that heartbeat was sent. */
      readonly accepted: readonly (readonly [id: number, at: number])[];
      /** The ids of leases for which a heartbeat was requested that is now answered. */
      readonly answered: readonly number[];
      /** For each heartbeat that was sent, the milliseconds by which it was late. */
      readonly lateMs: readonly number[];
      readonly failed: readonly ErrorText[];
    }
  | { readonly kind: 'gone'; readonly id: number; readonly error: ErrorText }
  | { readonly kind: 'load'; readonly stretched: boolean; readonly load: HeartbeatLoad }
  /**
   * The service refused heartbeats that were signed with the credentials that have this number. Other credentials may
   * help.
   */
  | {
      readonly kind: 'refused';
      readonly number: number;
      readonly type: string | undefined;
      readonly error: ErrorText;
    }
  | { readonly kind: 'unblocked'; readonly blockedMs: number; readonly gaveUp: boolean }
  | FromHealthServer;

export const toText = ({ name, message }: Error): ErrorText => ({ name, message });

export const toError = ({ name, message }: ErrorText): Error => Object.assign(new Error(message), { name });
