import { wallTime } from '../../base/time/clock.js';
import { unlessAborted } from '../../base/time/wait.js';
import {
  type CallEnd,
  type CallInProgress,
  type HotOperation,
  type CallFailure,
  mayBeSkewed,
  whyNotSent,
  type CallRequest,
} from '../call.js';
import { Connections, connector, type OpenConnection } from './connections.js';
import { Exchange } from './exchange.js';
import type { SigningCredentials, Recipe, Recipes } from './recipe.js';
import { Signer } from './signer.js';

export interface LeanSettings {
  readonly recipes: Recipes;
  readonly credentials: {
    /** Returns the credentials to sign the next call with, or a promise of them if the provider has to be called first. */
    current(): SigningCredentials | Promise<SigningCredentials>;
  };
  /** Makes the connections on which calls are sent. @default connections over TCP and TLS */
  readonly open?: OpenConnection;
}

/**
 * The smallest error of this machine's clock that is corrected. The service refuses a signature only if its time is off
 * by five minutes or more, so a smaller error can't have been the reason.
 */
const SKEW_MS = 60_000;
/**
 * The largest error of this machine's clock that is corrected. No clock is off by more than a century, and with a date
 * after the year 9999 no signature could be made.
 */
const ANY_CLOCK_MS = 100 * 365 * 86_400_000;

/**
 * Makes the four calls of a worker without the SDK. Only the body, the date and the signature are made for each call.
 * Everything else of a request is taken from a recipe: the fixed parts of a request that the SDK built once. Polls,
 * reports and heartbeats have separate connections.
 *
 * It is made from plain data and a function that returns credentials, so that a worker thread can have its own.
 * `failure.ts` decides what a failure means. A call that failed with `clockCorrected` may be repeated at once.
 */
export class LeanCalls {
  readonly #ways: Readonly<Record<HotOperation, Way>>;
  #clockOffsetMs: number;

  constructor(private readonly settings: LeanSettings) {
    const { recipes, open = connector() } = settings;
    this.#clockOffsetMs = recipes.clockOffsetMs;
    this.#ways = waysOf(recipes, open);
  }

  /** Begins one call. Never throws. @param done called once, when the call has ended */
  begin(request: CallRequest, call: CallInProgress, done: (end: CallEnd) => void): void {
    const credentials = this.settings.credentials.current();
    if (!(credentials instanceof Promise)) return this.#exchange(credentials, request, call, done);
    const fail = (error: unknown): void => done(notSent(error as Error, !call.signal.aborted));
    void unlessAborted(call.signal, credentials).then(
      (found) => this.#exchange(found, request, call, done),
      fail,
    );
  }

  #exchange(
    credentials: SigningCredentials,
    request: CallRequest,
    call: CallInProgress,
    done: (end: CallEnd) => void,
  ): void {
    const why = whyNotSent(call);
    if (why) return done(notSent(why, false));
    const { signer, path, connections } = this.#ways[request.operation];
    const { bytes, sha256 } = request.body();
    const offsetMs = this.#clockOffsetMs;
    const headers = signer.headers(sha256, credentials, wallTime() + offsetMs);
    new Exchange(connections, call, (end, date) =>
      done('failure' in end ? { failure: this.#withClock(end.failure, date, offsetMs) } : end),
    ).send({ path, headers, body: bytes });
  }

  /** Closes all connections. Calls in progress on them fail. */
  close(): void {
    for (const { connections } of Object.values(this.#ways)) connections.close();
  }

  /**
   * If the service refused a call because the time in its signature was wrong, corrects the clock by the response's
   * header `date`.
   * @param offsetMs the correction of the clock with which the refused request was signed
   */
  #withClock(failure: CallFailure, date: string | undefined, offsetMs: number): CallFailure {
    if (!this.settings.recipes.correctsClock || date === undefined || !mayBeSkewed(failure.type))
      return failure;
    const trueOffsetMs = Date.parse(date) - wallTime();
    // If the clock is off by no more than an answer takes, the key is wrong. The comparison is false for NaN, if
    // the header isn't a date.
    if (!(Math.abs(trueOffsetMs - offsetMs) > SKEW_MS) || Math.abs(trueOffsetMs) > ANY_CLOCK_MS)
      return failure;
    this.#clockOffsetMs = trueOffsetMs;
    return { ...failure, clockCorrected: true };
  }
}

/** The signer, path and connections for the calls of one operation. */
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

const notSent = (error: Error, setup: boolean): { readonly failure: CallFailure } => ({
  failure: { error, type: undefined, status: undefined, sent: false, setup },
});
