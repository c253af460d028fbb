import type { getDefaultResultOrder } from 'node:dns';
import type { FromHealthServer, ToHealthServer } from '../health/thread-health-server.js';
import type { ReportAnswer } from '../../aws/port.js';
import type { Identity, Recipes } from '../../aws/lean/recipe.js';
import type { HeartbeatLoad } from '../heartbeat/heartbeat-load.js';

/** What the thread is started with. */
export interface ThreadOptions {
  /** How addresses are chosen: what options of Node or the app have said on the main thread. */
  readonly addresses: {
    readonly order: ReturnType<typeof getDefaultResultOrder>;
    readonly autoSelectFamily: boolean;
  };
  /** One number, which the main loop counts up in each of its turns that {@link TURN_MS} brings. */
  readonly turns: SharedArrayBuffer;
  /** Of the {@link Ledger} of leases. */
  readonly ledger: SharedArrayBuffer;
  /** Beats a second, at most. */
  readonly rate: number;
  /** How long a blocked main loop is believed; false: for ever. */
  readonly stallAfterMs: number | false;
}

/** How often the main loop shows that it turns, and how often the thread looks. */
export const TURN_MS = 250;

/** An error as text. */
export interface ErrorText {
  readonly name: string;
  readonly message: string;
}

/** What the main thread tells. Instants are epoch milliseconds on `systemClock`, which is one in both threads. */
export type ToThread =
  /** Where the calls of a region go. */
  | { readonly kind: 'region'; readonly region: string; readonly recipes: Recipes }
  | { readonly kind: 'identity'; readonly identity: Identity }
  /** There is something in the ledger that can't wait until it is read next. */
  | { readonly kind: 'read' }
  /** A lease that the ledger has no room for. */
  | {
      readonly kind: 'track';
      readonly id: number;
      readonly region: string;
      readonly token: string;
      readonly everyMs: number;
      readonly leasedAt: number;
    }
  | { readonly kind: 'now'; readonly id: number }
  /** Of leases that the ledger has, or had, no room for. */
  | { readonly kind: 'release'; readonly ids: readonly number[] }
  /** The answer to a beat that the thread could not get taken itself. */
  | { readonly kind: 'instead'; readonly beat: number; readonly answer: TextAnswer }
  | ToHealthServer;

/** What the thread tells. */
export type FromThread =
  /** What came of beats, those of one turn together. */
  | {
      readonly kind: 'news';
      /** When beats were last taken, by the ids of their tasks. */
      readonly taken: readonly (readonly [id: number, at: number])[];
      /** Those whose asking is answered. */
      readonly asked: readonly number[];
      /** How late each beat left. */
      readonly lateMs: readonly number[];
      readonly failed: readonly ErrorText[];
    }
  | { readonly kind: 'gone'; readonly id: number; readonly error: ErrorText }
  | { readonly kind: 'stretch'; readonly stretched: boolean; readonly load: HeartbeatLoad }
  /** A beat was refused for something that the main thread may mend: it is to try. */
  | { readonly kind: 'refused'; readonly beat: number; readonly region: string; readonly token: string }
  | { readonly kind: 'turned'; readonly blockedMs: number; readonly gaveUp: boolean }
  | FromHealthServer;

/** An answer whose error is text. */
export type TextAnswer =
  | { readonly kind: 'ok' }
  | { readonly kind: 'gone' | 'refused'; readonly error: ErrorText }
  | (Omit<Extract<ReportAnswer, { kind: 'retry' }>, 'error'> & { readonly error: ErrorText });

/** An error of the service or the network crosses by its name and message: its class would be lost. */
export const toText = ({ name, message }: Error): ErrorText => ({ name, message });

export const toError = ({ name, message }: ErrorText): Error => Object.assign(new Error(message), { name });

export const answerToText = (answer: ReportAnswer): TextAnswer =>
  answer.kind === 'ok' ? answer : { ...answer, error: toText(answer.error) };

export const textToAnswer = (answer: TextAnswer): ReportAnswer =>
  answer.kind === 'ok' ? answer : { ...answer, error: toError(answer.error) };
