import { fileURLToPath } from 'node:url';
import { startChild } from './child.js';

export const ACTIVITY_ARN = 'arn:aws:states:us-east-1:123456789012:activity:BenchActivity';

/** The state of a stub. */
export interface Counted {
  readonly accepted: number;
  readonly polls: number;
  /** The time of the first poll since the pace was last set, on the clock of `at`; NaN before. */
  readonly firstPollAt: number;
  /** Polls that wait for a task. */
  readonly parked: number;
  /** Milliseconds. */
  readonly at: number;
}

/** A stand-in for Step Functions that costs next to nothing, in a process of its own. */
export interface Stub {
  readonly url: string;
  counted(): Promise<Counted>;
  /** Gives so many tasks a second; 0: as many as are asked for, as at first. */
  feed(perSecond: number): Promise<void>;
}

/** Milliseconds on a clock that all processes of the machine share. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6;

/** Starts a stub, uses it, and ends it. @param tls a certificate in PEM; without, it is plain HTTP */
export async function withStub<T>(
  use: (stub: Stub) => Promise<T>,
  tls: { readonly key?: string; readonly cert?: string } = {},
): Promise<T> {
  const file = fileURLToPath(new URL('stub-process.js', import.meta.url));
  const child = await startChild(file, tls);
  try {
    return await use({
      url: child.first as string,
      counted: async () => (await child.ask('counted')) as Counted,
      feed: async (perSecond) => void (await child.ask('feed', perSecond)),
    });
  } finally {
    await child.stop();
  }
}
