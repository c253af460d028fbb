import type { getDefaultResultOrder } from 'node:dns';
import type { FromHealthServer, ToHealthServer } from '../health/thread-health-server.js';
import type { Identity, Recipes } from '../../aws/lean/recipe.js';
import type { HeartbeatLoad } from '../heartbeat/heartbeat-load.js';

/** The data that the heartbeat thread starts with. */
export interface ThreadOptions {
  /** The order of addresses that Node's options or the app have set on the main thread. */
  readonly addresses: {
    readonly order: ReturnType<typeof getDefaultResultOrder>;
    readonly autoSelectFamily: boolean;
  };
  /** One number, which the main thread increases every {@link TURN_MS}, so that the heartbeat thread sees it turn. */
  readonly turns: SharedArrayBuffer;
  /** The memory of the `LeaseLedger`, which both threads share. */
  readonly ledger: SharedArrayBuffer;
  /** The most heartbeats a second. */
  readonly rate: number;
  /** The milliseconds of a block after which the main thread is taken for stuck; false: never. */
  readonly stallAfterMs: number | false;
}

/**
 * The milliseconds between two turns that the main thread shows, and between two looks of the heartbeat thread at them.
 */
export const TURN_MS = 250;

/** An error as text: its class would be lost between threads. */
export interface ErrorText {
  readonly name: string;
  readonly message: string;
}

/**
 * The messages of the main thread to the heartbeat thread. Instants are epoch milliseconds on `systemClock`, which both
 * threads read.
 */
export type ToThread =
  /** A region whose heartbeats the thread is to send, and the recipes of its requests. */
  | { readonly kind: 'region'; readonly region: string; readonly recipes: Recipes }
  /** Credentials to sign with, and their number, from 1. */
  | { readonly kind: 'identity'; readonly identity: Identity; readonly number: number }
  /** The ledger has an entry that can't wait for the thread's next look. */
  | { readonly kind: 'read-ledger' }
  /** A lease that the ledger can't take. */
  | {
      readonly kind: 'track';
      readonly id: number;
      readonly region: string;
      readonly token: string;
      readonly everyMs: number;
      readonly leasedAt: number;
    }
  | { readonly kind: 'send-now'; readonly id: number }
  /** Ends leases whose beginning or end the ledger could not take. */
  | { readonly kind: 'release'; readonly ids: readonly number[] }
  | ToHealthServer;

/** The messages of the heartbeat thread to the main thread. */
export type FromThread =
  /** The results of all heartbeats of one turn. */
  | {
      readonly kind: 'results';
      /** The ids of leases with an accepted heartbeat, each with the instant at which the heartbeat was sent. */
      readonly accepted: readonly (readonly [id: number, at: number])[];
      /** The ids of leases whose requested heartbeat is answered. */
      readonly answered: readonly number[];
      /** The milliseconds by which each heartbeat was sent late. */
      readonly lateMs: readonly number[];
      readonly failed: readonly ErrorText[];
    }
  | { readonly kind: 'gone'; readonly id: number; readonly error: ErrorText }
  | { readonly kind: 'load'; readonly stretched: boolean; readonly load: HeartbeatLoad }
  /** The service refused heartbeats that were signed with the credentials of this number: others may help. */
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
