import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { answerOf, ask, dismiss } from '../child.js';

export interface StubSettings {
  /** In PEM; without, it is plain HTTP. */
  readonly key?: string;
  readonly cert?: string;
  /** The delay of every call. @default 0 */
  readonly delayMs?: number;
  /** Records that make each input longer, by about 100 bytes each. @default none */
  readonly records?: number;
  /** After so many tasks, polls wait. @default no limit */
  readonly tasks?: number;
  /** The time that each task sleeps. @default 0 */
  readonly sleepMs?: number;
}

/** The state of the stub. */
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

/** Since it was last told at which pace to give tasks: the 50th and the 99th percentile, in milliseconds. */
export interface Answered {
  /** The time from the task's arrival to its handler. */
  readonly toHandler: [p50: number, p99: number];
  /** The time from there to the accepted report. */
  readonly toAccepted: [p50: number, p99: number];
  readonly tasks: number;
}

/** A stand-in for Step Functions that costs next to nothing, in a process of its own. */
export interface Stub {
  readonly url: string;
  readonly pid: number;
  counted(): Promise<Counted>;
  /** Gives so many tasks a second, each of which sleeps so long; 0: as many as are asked for, as at first. */
  feed(perSecond: number, sleepMs?: number): Promise<void>;
  answered(): Promise<Answered>;
  /** While it is held, polls wait. */
  hold(held: boolean): Promise<void>;
  stop(): Promise<void>;
}

export async function startStub(settings: StubSettings = {}): Promise<Stub> {
  const file = fileURLToPath(new URL('stub-process.js', import.meta.url));
  const child = fork(file, [JSON.stringify(settings)], { stdio: 'inherit' });
  const { url } = (await answerOf(child)) as { url: string };
  return {
    url,
    pid: child.pid ?? -1,
    counted: async () => (await ask(child, 'counted')) as Counted,
    feed: async (perSecond, sleepMs) => void (await ask(child, 'feed', { perSecond, sleepMs })),
    answered: async () => (await ask(child, 'answered')) as Answered,
    hold: async (held) => void (await ask(child, 'hold', { held })),
    stop: () => dismiss(child),
  };
}
