import { isoTime } from '../../asl/runtime/state-visit.js';

/** A child execution, as far as its map run knows it. Times are epoch milliseconds. */
export interface Child {
  readonly arn: string;
  readonly name: string;
  readonly status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  readonly input: string;
  readonly startedAt: number;
  readonly machine: { readonly arn: string };
  readonly redrives: { readonly count: number };
  readonly end: ChildEnd | undefined;
  stop(error: string | undefined, cause: string | undefined): void;
  /** Calls a function once, after the execution has ended. Never calls it before this method has returned. */
  whenEnded(listener: () => void): void;
}

interface ChildEnd {
  readonly at: number;
  readonly output?: string;
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
}

/**
 * Returns the JSON of a child execution with its metadata. AWS page "ResultWriter (Map)" shows it; its fields are those
 * that were recorded for a nested execution.
 */
export function describeChild(child: Child): string {
  const { arn, machine, name, input, status, startedAt, redrives, end } = child;
  return JSON.stringify({
    ...(end?.cause !== undefined && { Cause: end.cause }),
    ...(end?.error !== undefined && { Error: end.error }),
    ExecutionArn: arn,
    Input: input,
    InputDetails: { Included: true },
    Name: name,
    ...(end?.output !== undefined && { Output: end.output, OutputDetails: { Included: true } }),
    RedriveCount: redrives.count,
    ...(status === 'SUCCEEDED'
      ? {
          RedriveStatus: 'NOT_REDRIVABLE',
          RedriveStatusReason: `Execution is ${status} and cannot be redriven`,
        }
      : { RedriveStatus: 'REDRIVABLE_BY_MAP_RUN' }),
    StartDate: isoTime(startedAt),
    StateMachineArn: machine.arn,
    Status: status,
    ...(end && { StopDate: isoTime(end.at) }),
  });
}
