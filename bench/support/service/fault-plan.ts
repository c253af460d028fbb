import type { Clock } from '../../../src/framework/base/time/clock.js';
import type { Fault, FaultHook } from '../../../src/framework/local/index.js';
import type { PlanHook } from '../measure/wire.js';
import { roll } from '../random.js';
import { refuse } from './signature.js';

/** The faults of a service, as text that can be sent to its process. */
export type Plan =
  /** The soak's: `FAULT_SHARE` of a worker's calls, every kind there is. */
  | {
      readonly kind: 'soak';
      readonly seed: number;
      /** The only key that is good; then calls must be signed in time as well. @default signatures are not looked at */
      readonly accessKey?: string;
    }
  /** A share (0 to 1) of a worker's calls meets one of these, each as likely as the others. */
  | {
      readonly kind: 'share';
      readonly troubles: readonly Trouble[];
      readonly share: number;
      readonly seed: number;
      /** @default all four of a worker */
      readonly operations?: readonly string[];
    }
  /** Polls take a token from a bucket that holds one second's, and is empty at first; the others are throttled. */
  | { readonly kind: 'bucket'; readonly perSecond: number }
  /** Every call travels for half of this, and its answer for the other half, in milliseconds. */
  | { readonly kind: 'distance'; readonly ms: number };

/** One kind of trouble, by the name that tables show. */
export type Trouble = keyof typeof TROUBLES;

export const TROUBLES = {
  'reset before': { kind: 'reset-before' },
  'reset in the middle': { kind: 'reset-during' },
  'reset after': { kind: 'reset-after' },
  '500': { kind: 'status', status: 500 },
  throttled: { kind: 'error', error: 'ThrottlingException' },
  'answer lost': { kind: 'answer-lost' },
  'torn body': { kind: 'torn-body' },
  refused: { kind: 'error', error: 'AccessDeniedException' },
} as const satisfies Record<string, Fault>;

/** The operations of a worker. A benchmark's own calls meet no faults. */
export const WORKER_CALLS = [
  'GetActivityTask',
  'SendTaskSuccess',
  'SendTaskFailure',
  'SendTaskHeartbeat',
] as const;

/** The hook that does what a plan says. */
export function hookOf(plan: Plan, clock: Clock): PlanHook {
  if (plan.kind === 'soak') return soakPlan(plan, clock);
  if (plan.kind === 'share') return sharePlan(plan);
  return plan.kind === 'bucket' ? bucketPlan(plan.perSecond, clock) : distancePlan(plan.ms, clock);
}

/** Everything that can go wrong with a call of a worker, each as likely as the others. */
const ANY_CALL: readonly Fault[] = [
  { kind: 'reset-before' },
  { kind: 'answer-lost' },
  { kind: 'reset-during' },
  { kind: 'reset-after' },
  { kind: 'torn-body' },
  { kind: 'status', status: 500 },
  { kind: 'status', status: 503 },
  { kind: 'error', error: 'ThrottlingException' },
  { kind: 'error', error: 'ExpiredTokenException' },
  { kind: 'black-hole', closeAfterMs: 3_000 },
  { kind: 'delay', ms: 10_000 },
];

const FAULTS: Readonly<Record<string, readonly Fault[]>> = {
  GetActivityTask: [...ANY_CALL, { kind: 'error', error: 'ActivityWorkerLimitExceeded' }],
  SendTaskSuccess: [...ANY_CALL, { kind: 'error', error: 'KmsThrottlingException' }],
  SendTaskFailure: ANY_CALL,
  SendTaskHeartbeat: ANY_CALL,
};

/** A fifth of all calls, unless said otherwise. */
export const FAULT_SHARE = 0.2;

/**
 * A plan of faults that depends on the seed alone: the n-th call of an operation meets the same fault in every run.
 * Only a worker's calls are touched; a poll's closed connection is the service's own option.
 */
export function faultPlan(seed: number, share: number = FAULT_SHARE): FaultHook {
  return ({ operation, index }) => {
    const faults = FAULTS[operation];
    if (!faults || roll(seed, operation, index) >= share) return undefined;
    return faults[Math.floor(roll(seed, operation, index, 'kind') * faults.length)];
  };
}

/** A call that is refused for its signature meets no other fault. */
function soakPlan({ seed, accessKey }: Extract<Plan, { kind: 'soak' }>, clock: Clock): PlanHook {
  const faults = faultPlan(seed);
  if (accessKey === undefined) return faults;
  const calls: readonly string[] = WORKER_CALLS;
  return (call) => {
    const refusal = calls.includes(call.operation) && refuse(call.headers ?? {}, accessKey, clock.now());
    return refusal || faults(call);
  };
}

const BLOCK = 100;

/**
 * Makes exactly the share of each hundred calls of an operation fail, at places that the seed chooses, so that chance
 * favours no candidate.
 */
function sharePlan({
  troubles,
  share,
  seed,
  operations = WORKER_CALLS,
}: Extract<Plan, { kind: 'share' }>): FaultHook {
  const chosen = new Map<string, ReadonlySet<number>>();
  const places = (operation: string, block: number): ReadonlySet<number> => {
    const key = `${operation} ${block}`;
    const known = chosen.get(key);
    if (known) return known;
    const rank = Array.from({ length: BLOCK }, (_, place) => ({ place, by: roll(seed, key, place) }));
    const first = rank.toSorted((a, b) => a.by - b.by).slice(0, Math.round(share * BLOCK));
    const set = new Set(first.map(({ place }) => place));
    chosen.set(key, set);
    return set;
  };
  return ({ operation, index }) => {
    if (!operations.includes(operation)) return undefined;
    if (!places(operation, Math.floor(index / BLOCK)).has(index % BLOCK)) return undefined;
    const trouble = troubles[Math.floor(roll(seed, operation, index, 'kind') * troubles.length)];
    return trouble && TROUBLES[trouble];
  };
}

function bucketPlan(perSecond: number, clock: Clock): FaultHook {
  const bucket = new TokenBucket(perSecond, perSecond, clock.now());
  return ({ operation }) => {
    if (operation !== 'GetActivityTask' || bucket.take(clock.now())) return undefined;
    return TROUBLES.throttled;
  };
}

function distancePlan(ms: number, clock: Clock): FaultHook {
  const calls: readonly string[] = WORKER_CALLS;
  return async ({ operation }) => {
    if (!calls.includes(operation) || ms === 0) return undefined;
    await clock.sleep(ms / 2);
    return { kind: 'delay', ms: ms / 2 };
  };
}

/** Refills evenly up to what it holds. A refused call takes no token. */
export class TokenBucket {
  #tokens: number;
  #at: number;

  /** @param tokens what is in it at first. @default nothing */
  constructor(
    private readonly perSecond: number,
    private readonly holds: number,
    now: number,
    tokens: number = 0,
  ) {
    this.#tokens = tokens;
    this.#at = now;
  }

  take(now: number): boolean {
    this.#tokens = Math.min(this.holds, this.#tokens + ((now - this.#at) / 1000) * this.perSecond);
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
