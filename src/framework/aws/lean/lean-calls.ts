import type { Abortable } from '../../base/abort.js';
import { wallTime } from '../../base/time/clock.js';
import { unlessAborted } from '../../base/time/wait.js';
import {
  type CallEnd,
  type CallInProgress,
  type HotOperation,
  type CallFailure,
  mayBeSkewed,
} from '../call.js';
import { Connections, connector, type OpenConnection } from './connections.js';
import type { CallRequest } from '../call-request.js';
import { exchange } from './exchange.js';
import type { Identity, Recipe, Recipes } from './recipe.js';
import { Signer } from './signer.js';

export interface LeanSettings {
  readonly recipes: Recipes;
  /** Returns the credentials that the next call is signed with; a promise where a provider must be asked first. */
  readonly identity: () => Identity | Promise<Identity>;
  /** Makes the connections that calls are sent on. @default over TCP and TLS */
  readonly open?: OpenConnection;
}

/**
 * The least error of this machine's clock that is corrected. The service refuses a signature's time from five minutes
 * on, so that a smaller error was not the reason.
 */
const SKEW_MS = 60_000;
/**
 * The largest error of this machine's clock that is corrected: no clock is wrong by more than a century, and a date
 * beyond the year 9999 could not be signed with.
 */
const ANY_CLOCK_MS = 100 * 365 * 86_400_000;

/**
 * The four calls of a worker's loop, made without the SDK: only the body, the date and the signature of each call are
 * made anew. Polls, reports and heartbeats have connections of their own.
 *
 * Made of plain data and a function that returns the credentials, so that a thread can have its own:
 *
 *     const calls = new LeanCalls({ recipes: workerData.recipes, identity: () => latestFromMainThread });
 *     const request = new CallRequest('SendTaskHeartbeat', { taskToken });
 *     calls.begin(request, { signal, onSent: () => {} }, (end) => …);
 *
 * `classify-failure.ts` decides what a failure means. A call that ended with `clockCorrected` may be repeated at once.
 */
export class LeanCalls {
  readonly #recipes: Recipes;
  readonly #identity: LeanSettings['identity'];
  readonly #ways: Readonly<Record<HotOperation, Way>>;
  #clockOffsetMs: number;

  constructor({ recipes, identity, open = connector() }: LeanSettings) {
    this.#recipes = recipes;
    this.#identity = identity;
    this.#clockOffsetMs = recipes.clockOffsetMs;
    this.#ways = waysOf(recipes, open);
  }

  /** Begins one call. Never throws. @param done called once, with the call's end */
  begin(request: CallRequest, call: CallInProgress, done: (end: CallEnd) => void): void {
    const identity = this.#identity();
    if (identity instanceof Promise) void this.#ask(identity, { request, call, done });
    else this.#exchange(identity, { request, call, done });
  }

  async #ask(identity: Promise<Identity>, begun: Begun): Promise<void> {
    const asked = await settled(identity, begun.call.signal);
    if ('failure' in asked) begun.done(asked);
    else this.#exchange(asked.output, begun);
  }

  #exchange(identity: Identity, { request, call, done }: Begun): void {
    if (call.signal.aborted) return done(notSent(call.signal.reason as Error, false));
    const { signer, path, connections } = this.#ways[request.operation];
    const { bytes, sha256 } = request.body();
    const offsetMs = this.#clockOffsetMs;
    const headers = signer.headers(sha256, identity, wallTime() + offsetMs);
    exchange(connections, { path, headers, body: bytes }, call, (end, date) =>
      done('failure' in end ? { failure: this.#withClock(end.failure, date, offsetMs) } : end),
    );
  }

  /** Closes all connections, which also ends the open calls. */
  close(): void {
    for (const { connections } of Object.values(this.#ways)) connections.close();
  }

  /**
   * Corrects the clock by the answer's `date`, where a signature was refused for its time.
   * @param offsetMs the clock's offset that the request was signed with
   */
  #withClock(failure: CallFailure, date: string | undefined, offsetMs: number): CallFailure {
    if (!this.#recipes.correctsClock || date === undefined || !mayBeSkewed(failure.type)) return failure;
    const trueOffsetMs = Date.parse(date) - wallTime();
    // A difference no larger than the answer's delay means a wrong key. NaN where the header is not a date.
    if (!(Math.abs(trueOffsetMs - offsetMs) > SKEW_MS) || Math.abs(trueOffsetMs) > ANY_CLOCK_MS)
      return failure;
    this.#clockOffsetMs = trueOffsetMs;
    return { ...failure, clockCorrected: true };
  }
}

/** The arguments of a call that has begun. */
interface Begun {
  readonly request: CallRequest;
  readonly call: CallInProgress;
  readonly done: (end: CallEnd) => void;
}

/** The signer, path and connections of one operation. */
interface Way {
  readonly signer: Signer;
  readonly path: string;
  readonly connections: Connections;
}

function waysOf({ operations }: Recipes, open: OpenConnection): Record<HotOperation, Way> {
  const to = ({ origin }: Recipe): Connections => new Connections(origin, open);
  const reports = to(operations.SendTaskSuccess);
  const way = (recipe: Recipe, connections: Connections): Way => ({
    signer: new Signer(recipe),
    path: recipe.path,
    connections,
  });
  return {
    GetActivityTask: way(operations.GetActivityTask, to(operations.GetActivityTask)),
    SendTaskSuccess: way(operations.SendTaskSuccess, reports),
    SendTaskFailure: way(operations.SendTaskFailure, reports),
    SendTaskHeartbeat: way(operations.SendTaskHeartbeat, to(operations.SendTaskHeartbeat)),
  };
}

/** Resolves to the credentials; to a failure where the provider has none, or has none yet when the signal aborts. */
function settled(identity: Promise<Identity>, signal: Abortable): Promise<CallEnd<Identity>> {
  return unlessAborted(signal, identity).then(
    (output) => ({ output }),
    (error: unknown) => notSent(error as Error, !signal.aborted),
  );
}

const notSent = (error: Error, setup: boolean): { readonly failure: CallFailure } => ({
  failure: { error, type: undefined, status: undefined, sent: false, setup },
});
