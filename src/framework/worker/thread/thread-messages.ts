import type { getDefaultResultOrder } from 'node:dns';
import type { FromHealthServer, ToHealthServer } from '../health/thread-health-server.js';
import type { ReportAnswer } from '../../aws/port.js';
import type { Identity, Recipes } from '../../aws/lean/recipe.js';
import type { HeartbeatLoad } from '../heartbeat/heartbeat-load.js';

/** The thread's start data. */
export interface ThreadOptions {
  /** The order of addresses that Node's options or the app set on the main thread. */
  readonly addresses: {
    readonly order: ReturnType<typeof getDefaultResultOrder>;
    readonly autoSelectFamily: boolean;
  };
  /** One number, which the main thread increases every {@link TURN_MS}. */
  readonly turns: SharedArrayBuffer;
  /** The memory of the `LeaseLedger`. */
  readonly ledger: SharedArrayBuffer;
  /** The most heartbeats a second. */
  readonly rate: number;
  /** A main thread that is blocked for longer is taken for stuck; false: never. */
  readonly stallAfterMs: number | false;
}

/** The time between two turns that the main thread shows, and between two looks of the thread. */
export const TURN_MS = 250;

/** An error as text, since its class would be lost between threads. */
export interface ErrorText {
  readonly name: string;
  readonly message: string;
}

/** Messages to the thread. Instants are epoch milliseconds on `systemClock`, which both threads read. */
export type ToThread =
  /** A region and its requests. */
  | { readonly kind: 'region'; readonly region: string; readonly recipes: Recipes }
  | { readonly kind: 'identity'; readonly identity: Identity }
  /** The ledger has an entry that can not wait for the next look. */
  | { readonly kind: 'read-ledger' }
  /** A lease that the ledger has no room for. */
  | {
      readonly kind: 'track';
      readonly id: number;
      readonly region: string;
      readonly token: string;
      readonly everyMs: number;
      readonly leasedAt: number;
    }
  | { readonly kind: 'send-now'; readonly id: number }
  /** Ends leases for which the ledger has, or had, no room. */
  | { readonly kind: 'release'; readonly ids: readonly number[] }
  /** The answer to a heartbeat that the main thread retried. */
  | { readonly kind: 'retried'; readonly beat: number; readonly answer: TextAnswer }
  | ToHealthServer;

/** Messages to the main thread. */
export type FromThread =
  /** Results of heartbeats, those of one turn together. */
  | {
      readonly kind: 'results';
      /** The ids of tasks, each with the instant at which its last accepted heartbeat was sent. */
      readonly accepted: readonly (readonly [id: number, at: number])[];
      /** Tasks whose requested heartbeat is answered. */
      readonly answered: readonly number[];
      /** How late each heartbeat was sent, in milliseconds. */
      readonly lateMs: readonly number[];
      readonly failed: readonly ErrorText[];
    }
  | { readonly kind: 'gone'; readonly id: number; readonly error: ErrorText }
  | { readonly kind: 'load'; readonly stretched: boolean; readonly load: HeartbeatLoad }
  /** A heartbeat failed for a reason that the main thread may remove, such as old credentials: it retries. */
  | { readonly kind: 'retry'; readonly beat: number; readonly region: string; readonly token: string }
  | { readonly kind: 'unblocked'; readonly blockedMs: number; readonly gaveUp: boolean }
  | FromHealthServer;

/** An answer whose error is text. */
export type TextAnswer =
  | { readonly kind: 'ok' }
  | { readonly kind: 'gone' | 'refused'; readonly error: ErrorText }
  | (Omit<Extract<ReportAnswer, { kind: 'retry' }>, 'error'> & { readonly error: ErrorText });

export const toText = ({ name, message }: Error): ErrorText => ({ name, message });

export const toError = ({ name, message }: ErrorText): Error => Object.assign(new Error(message), { name });

export const answerToText = (answer: ReportAnswer): TextAnswer =>
  answer.kind === 'ok' ? answer : { ...answer, error: toText(answer.error) };

export const textToAnswer = (answer: TextAnswer): ReportAnswer =>
  answer.kind === 'ok' ? answer : { ...answer, error: toError(answer.error) };
