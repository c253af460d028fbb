import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../../src/framework/base/time/clock.js';
import type { Fault, FaultError, FaultHook } from '../../src/framework/local/index.js';
import { stream } from '../simulate/random.js';
import { bucket } from '../support/port.js';
import type { PlanHook } from './wire.js';

/** The faults of a service, as text that can be sent to its process. */
export type Plan =
  /** A fifth of a worker's calls, every kind there is. */
  | {
      readonly kind: 'soak';
      readonly seed: number;
      /** The only key that is good; then calls must be signed in time as well. @default signatures are not looked at */
      readonly accessKey?: string;
    }
  /** A share (0 to 1) of a worker's calls meets one of these, each as likely as the others. */
  | {
      readonly kind: 'share';
      readonly faults: readonly FaultName[];
      readonly share: number;
      readonly seed: number;
    }
  /** Polls take a token from a bucket that holds one second's; the others are throttled. */
  | { readonly kind: 'bucket'; readonly perSecond: number };

const BY_NAME = {
  'reset before': { kind: 'reset-before' },
  'reset in the middle': { kind: 'reset-during' },
  'reset after': { kind: 'reset-after' },
  '500': { kind: 'status', status: 500 },
  throttled: { kind: 'error', error: 'ThrottlingException' },
  'answer lost': { kind: 'answer-lost' },
  'torn body': { kind: 'torn-body' },
  refused: { kind: 'error', error: 'AccessDeniedException' },
} as const satisfies Record<string, Fault>;

/** A kind of fault, by the name that tables show. */
export type FaultName = keyof typeof BY_NAME;

/** The operations of a worker. Other calls, such as those that start executions, meet no faults. */
export const WORKER_CALLS: readonly string[] = [
  'GetActivityTask',
  'SendTaskSuccess',
  'SendTaskFailure',
  'SendTaskHeartbeat',
];

/** Returns the hook that does what a plan says. */
export function hookOf(plan: Plan, clock: Clock): PlanHook {
  if (plan.kind === 'soak') return soakPlan(plan, clock);
  return plan.kind === 'share' ? sharePlan(plan) : bucketPlan(plan.perSecond, clock);
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

const FAULT_SHARE = 0.2;

/**
 * A fifth of a worker's calls fails, as the seed alone decides: the n-th call of an operation meets the same fault in
 * every run. A poll's closed connection is an option of the service itself.
 */
export function faultPlan(seed: number): FaultHook {
  return ({ operation, index }) => {
    const faults = FAULTS[operation];
    const random = stream(seed, `${operation} ${index}`);
    return faults && random() < FAULT_SHARE ? faults[Math.floor(random() * faults.length)] : undefined;
  };
}

/** A call that is refused for its signature meets no other fault. */
function soakPlan({ seed, accessKey }: Extract<Plan, { kind: 'soak' }>, clock: Clock): PlanHook {
  const faults = faultPlan(seed);
  if (accessKey === undefined) return faults;
  return (call) => {
    const isWorkers = WORKER_CALLS.includes(call.operation);
    return (isWorkers && refuse(call.headers ?? {}, accessKey, clock.now())) || faults(call);
  };
}

const BLOCK = 100;

/**
 * Makes exactly the share of each hundred calls of an operation fail, at places that the seed chooses, so that chance
 * favours no worker.
 */
function sharePlan({ faults, share, seed }: Extract<Plan, { kind: 'share' }>): FaultHook {
  const chosen = new Map<string, ReadonlyMap<number, Fault | undefined>>();
  const choose = (key: string): ReadonlyMap<number, Fault | undefined> => {
    const random = stream(seed, key);
    const ranks = Array.from({ length: BLOCK }, (_, place) => ({ place, by: random() }));
    const first = ranks.toSorted((a, b) => a.by - b.by).slice(0, Math.round(share * BLOCK));
    return new Map(
      first.map(({ place }) => {
        const name = faults[Math.floor(random() * faults.length)];
        return [place, name && BY_NAME[name]];
      }),
    );
  };
  return ({ operation, index }) => {
    if (!WORKER_CALLS.includes(operation)) return undefined;
    const key = `${operation} ${Math.floor(index / BLOCK)}`;
    const places = chosen.get(key) ?? choose(key);
    chosen.set(key, places);
    return places.get(index % BLOCK);
  };
}

function bucketPlan(perSecond: number, clock: Clock): FaultHook {
  const isRefused = bucket(clock, perSecond);
  return ({ operation }) => (operation === 'GetActivityTask' && isRefused() ? BY_NAME.throttled : undefined);
}

/** AWS's own limit for Signature Version 4, to either side. */
const SKEW_MS = 5 * 60_000;

/** The error of a call that was signed with a wrong key. */
export const WRONG_KEY = 'UnrecognizedClientException' satisfies FaultError;
/** The error of a call that was signed at a wrong time. */
export const WRONG_TIME = 'InvalidSignatureException' satisfies FaultError;

/**
 * Returns the error by which AWS refuses a call before the service sees it, for any other key, and for a time that is not
 * `now`. Secrets are not checked.
 */
export function refuse(
  { authorization = '', 'x-amz-date': date = '' }: IncomingHttpHeaders,
  accessKey: string,
  now: number,
): Fault | undefined {
  if (!authorization.includes(`Credential=${accessKey}/`)) return { kind: 'error', error: WRONG_KEY };
  const isOnTime = Math.abs(readDate(String(date)) - now) <= SKEW_MS;
  return isOnTime ? undefined : { kind: 'error', error: WRONG_TIME };
}

/** `20260101T000000Z` */
const readDate = (text: string): number =>
  Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
