import type { Abortable } from '../../base/abort.js';
import { wallTime } from '../../base/time/clock.js';
import { unlessAborted } from '../../base/time/wait.js';
import {
  type CallEnd,
  type CallInProgress,
  type HotOperation,
  mayBeSkewed,
  type WireFailure,
} from '../wire.js';
import { Connections, connector } from './connections.js';
import { exchange } from './exchange.js';
import type { Identity, Recipe, Recipes } from './recipe.js';
import { Signer } from './signer.js';

export interface LeanSettings {
  readonly recipes: Recipes;
  /** What the next call is signed with; a promise where it must be asked for first. */
  readonly identity: () => Identity | Promise<Identity>;
}

/** A signature is refused for its time from five minutes on; whoever is that wrong is wrong by more than this. */
const SKEW_MS = 60_000;
/** No clock is wrong by more than a century; a date beyond the year 9999 could not even be signed with. */
const ANY_CLOCK_MS = 100 * 365 * 86_400_000;

/**
 * The four calls of the loop without the SDK: of each, only the body, the date and the signature are made anew. Polls,
 * reports and heartbeats have connections of their own.
 *
 * It needs nothing but plain data and a function that knows the credentials, so that a thread can have one as well:
 *
 *     const calls = new LeanCalls({ recipes: workerData.recipes, identity: () => latestFromMainThread });
 *     calls.begin('SendTaskHeartbeat', { taskToken }, { signal, onSent: () => {} }, (end) => …);
 *
 * What an end means is for `answer.ts`. A call whose end says `clockCorrected` may be made again at once.
 */
export class LeanCalls {
  readonly #recipes: Recipes;
  readonly #identity: LeanSettings['identity'];
  readonly #ways: Readonly<Record<HotOperation, Way>>;
  #clockOffsetMs: number;

  constructor({ recipes, identity }: LeanSettings) {
    this.#recipes = recipes;
    this.#identity = identity;
    this.#clockOffsetMs = recipes.clockOffsetMs;
    this.#ways = waysOf(recipes);
  }

  /** Makes one call. Never throws. @param done called once, with what it came to */
  begin(operation: HotOperation, input: object, call: CallInProgress, done: (end: CallEnd) => void): void {
    const identity = this.#identity();
    if (identity instanceof Promise) void this.#ask(identity, { operation, input, call, done });
    else this.#exchange(identity, { operation, input, call, done });
  }

  async #ask(identity: Promise<Identity>, begun: Begun): Promise<void> {
    const asked = await settled(identity, begun.call.signal);
    if ('failure' in asked) begun.done(asked);
    else this.#exchange(asked.output, begun);
  }

  #exchange(identity: Identity, { operation, input, call, done }: Begun): void {
    if (call.signal.aborted) return done(notSent(call.signal.reason as Error, false));
    const { signer, path, connections } = this.#ways[operation];
    const body = JSON.stringify(input);
    const offsetMs = this.#clockOffsetMs;
    const headers = signer.headers(body, identity, wallTime() + offsetMs);
    exchange(connections, { path, headers, body }, call, (end, date) =>
      done('failure' in end ? { failure: this.#withClock(end.failure, date, offsetMs) } : end),
    );
  }

  /** Ends all calls that are open, too. */
  close(): void {
    for (const { connections } of Object.values(this.#ways)) connections.close();
  }

  /** Learns from a signature that was refused for its time. @param offsetMs what it was signed with */
  #withClock(failure: WireFailure, date: string | undefined, offsetMs: number): WireFailure {
    if (!this.#recipes.correctsClock || date === undefined || !mayBeSkewed(failure.type)) return failure;
    const trueOffsetMs = Date.parse(date) - wallTime();
    // Not by as much as the answer took: then it is the key that is wrong. NaN for what is no date.
    if (!(Math.abs(trueOffsetMs - offsetMs) > SKEW_MS) || Math.abs(trueOffsetMs) > ANY_CLOCK_MS)
      return failure;
    this.#clockOffsetMs = trueOffsetMs;
    return { ...failure, clockCorrected: true };
  }
}

/** A call under way. */
interface Begun {
  readonly operation: HotOperation;
  readonly input: object;
  readonly call: CallInProgress;
  readonly done: (end: CallEnd) => void;
}

/** How the requests of one operation go. */
interface Way {
  readonly signer: Signer;
  readonly path: string;
  readonly connections: Connections;
}

function waysOf({ operations }: Recipes): Record<HotOperation, Way> {
  const connect = connector();
  const to = ({ origin }: Recipe): Connections => new Connections(origin, connect);
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

/** The identity once it is known; or why there is none, or none yet when the signal aborts. */
function settled(identity: Promise<Identity>, signal: Abortable): Promise<CallEnd<Identity>> {
  return unlessAborted(signal, identity).then(
    (output) => ({ output }),
    (error: unknown) => notSent(error as Error, !signal.aborted),
  );
}

const notSent = (error: Error, setup: boolean): { readonly failure: WireFailure } => ({
  failure: { error, type: undefined, status: undefined, sent: false, setup },
});
