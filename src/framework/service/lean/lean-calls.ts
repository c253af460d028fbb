import { wallTime } from '../../clock.js';
import { unlessAborted } from '../../wait.js';
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
import { signedHeaders } from './sign.js';

export interface LeanSettings {
  readonly recipes: Recipes;
  /** What the next call is signed with; a promise where it must be asked for first. */
  readonly identity: () => Identity | Promise<Identity>;
}

/** A signature is refused for its time from five minutes on; whoever is that wrong is wrong by more than this. */
const SKEW_MS = 60_000;

/**
 * The four calls of the loop without the SDK: of each, only the body, the date and the signature are made anew. Polls,
 * reports and heartbeats have connections of their own.
 *
 * It needs nothing but plain data and a function that knows the credentials, so that a thread can have one as well:
 *
 *     const calls = new LeanCalls({ recipes: workerData.recipes, identity: () => latestFromMainThread });
 *     const end = await calls.send('SendTaskHeartbeat', { taskToken }, { signal, onSent: () => {} });
 *
 * What an end means is for `answer.ts`. A call whose end says `clockCorrected` may be made again at once.
 */
export class LeanCalls {
  readonly #recipes: Recipes;
  readonly #identity: LeanSettings['identity'];
  readonly #connections: Readonly<Record<HotOperation, Connections>>;
  #clockOffsetMs: number;

  constructor({ recipes, identity }: LeanSettings) {
    this.#recipes = recipes;
    this.#identity = identity;
    this.#clockOffsetMs = recipes.clockOffsetMs;
    this.#connections = connectionsOf(recipes);
  }

  /** Makes one call. Never rejects. */
  async send(operation: HotOperation, input: object, call: CallInProgress): Promise<CallEnd> {
    const recipe = this.#recipes.operations[operation];
    const body = JSON.stringify(input);
    let identity = this.#identity();
    if (identity instanceof Promise) {
      const asked = await settled(identity, call.signal);
      if ('failure' in asked) return asked;
      identity = asked.output;
    }
    if (call.signal.aborted) return notSent(call.signal.reason as Error, false);
    const offsetMs = this.#clockOffsetMs;
    const headers = signedHeaders(recipe, body, identity, wallTime() + offsetMs);
    const request = { path: recipe.path, headers, body };
    const { end, date } = await exchange(this.#connections[operation], request, call);
    return 'failure' in end ? { failure: this.#withClock(end.failure, date, offsetMs) } : end;
  }

  /** Ends all calls that are open, too. */
  close(): void {
    for (const each of new Set(Object.values(this.#connections))) each.close();
  }

  /** Learns from a signature that was refused for its time. @param offsetMs what it was signed with */
  #withClock(failure: WireFailure, date: string | undefined, offsetMs: number): WireFailure {
    if (!this.#recipes.correctsClock || date === undefined || !mayBeSkewed(failure.type)) return failure;
    const trueOffsetMs = Date.parse(date) - wallTime();
    // Not by as much as the answer took: then it is the key that is wrong. NaN for what is no date.
    if (!(Math.abs(trueOffsetMs - offsetMs) > SKEW_MS)) return failure;
    this.#clockOffsetMs = trueOffsetMs;
    return { ...failure, clockCorrected: true };
  }
}

function connectionsOf({ operations }: Recipes): Record<HotOperation, Connections> {
  const connect = connector();
  const of = ({ origin }: Recipe): Connections => new Connections(origin, connect);
  const reports = of(operations.SendTaskSuccess);
  return {
    GetActivityTask: of(operations.GetActivityTask),
    SendTaskSuccess: reports,
    SendTaskFailure: reports,
    SendTaskHeartbeat: of(operations.SendTaskHeartbeat),
  };
}

/** The identity once it is known; or why there is none, or none yet when the signal aborts. */
function settled(identity: Promise<Identity>, signal: AbortSignal): Promise<CallEnd<Identity>> {
  return unlessAborted(signal, identity).then(
    (output) => ({ output }),
    (error: unknown) => notSent(error as Error, !signal.aborted),
  );
}

const notSent = (error: Error, setup: boolean): { readonly failure: WireFailure } => ({
  failure: { error, type: undefined, status: undefined, sent: false, setup },
});
