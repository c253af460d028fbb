import { HISTORY_LIMIT } from './history.js';
import type { Machine } from './machines/machine.js';

const DAY_MS = 24 * 3600 * 1000;
/** The time after its end in which an execution can be redriven. API reference of Step Functions, RedriveExecution. */
const PERIOD_MS = 14 * DAY_MS;
/** The longest time from the start of an execution to its end. AWS page "Step Functions service quotas". */
const LONGEST_MS = 365 * DAY_MS;
/** The client tokens that are remembered, and for how long. API reference of Step Functions, RedriveExecution. */
const TOKENS = 10;
const TOKEN_MS = 15 * 60 * 1000;

/** The redrives of one execution. Times are epoch milliseconds. */
export class Redrives {
  count = 0;
  /** The time of the latest redrive; undefined if there was none. */
  at: number | undefined;
  /** The times of the redrives to which client tokens belong. The latest comes first. */
  #tokens: readonly (readonly [token: string, at: number])[] = [];

  add(at: number): this {
    this.count++;
    this.at = at;
    return this;
  }

  /** Returns the time of the redrive that was requested with this client token, if the token is still valid. */
  atOf(token: string | undefined, now: number): number | undefined {
    return this.#tokens.find(([known, at]) => known === token && now - at <= TOKEN_MS)?.[1];
  }

  remember(token: string, at: number): void {
    this.#tokens = [[token, at] as const, ...this.#tokens].slice(0, TOKENS);
  }
}

/** The facts about an execution that decide whether it can be redriven. Times are epoch milliseconds. */
interface RedriveFacts {
  readonly machine: Pick<Machine, 'lifecycle'>;
  readonly status: string;
  readonly startedAt: number;
  /** Undefined while the execution runs. */
  readonly end: { readonly at: number } | undefined;
  readonly history: { readonly length: number };
  readonly startedBy: { readonly origin?: object };
}

/**
 * Returns the reason why an execution can't be redriven; undefined if it can. API reference of Step Functions,
 * DescribeExecution. As recorded from the live service, the texts have no full stop.
 */
export function notRedrivable(
  { machine, status, end, startedAt, history, startedBy }: RedriveFacts,
  now: number,
): string | undefined {
  if (startedBy.origin) return 'Execution is a copy of one that ran elsewhere';
  if (machine.lifecycle.deleting) return 'State machine is in DELETING status';
  if (!end || status === 'SUCCEEDED') return `Execution is ${status} and cannot be redriven`;
  if (history.length >= HISTORY_LIMIT - 1) return 'Execution history event limit exceeded';
  if (now - startedAt > LONGEST_MS) return 'Execution has exceeded the max execution time';
  return now - end.at > PERIOD_MS ? 'Execution redrivable period exceeded' : undefined;
}
