import type { Heartbeat } from '../../../src/framework/worker/heartbeat/heartbeats.js';
import type { LateHeartbeats } from '../../../src/framework/declare/worker-events.js';
import { HeartbeatScheduler } from '../../../src/framework/worker/heartbeat/heartbeat-scheduler.js';
import type { ActivityPort, ReportAnswer } from '../../../src/framework/aws/activity-port.js';
import { HandClock } from '../../../src/framework/testing/harness/hand-clock.js';

/** What the service does with a beat. */
export interface Reply {
  /** `never`: it hangs until the worker gives it up. */
  readonly answer: ReportAnswer | 'never';
  /** @default 0 */
  readonly afterMs?: number;
}

/** All instants in milliseconds from the start. */
export interface Sent {
  readonly token: string;
  readonly at: number;
  /** When the service took it. */
  takenAt?: number;
}

export interface BeatsWorld {
  readonly clock: HandClock;
  readonly sent: Sent[];
  readonly lates: LateHeartbeats[];
  /** Those without an answer yet, and the most there were at one time. */
  readonly inFlight: { now: number; most: number };
  /** How many were given up by the worker. */
  readonly givenUp: () => number;
  reply: (token: string, nth: number) => Reply;
  /** @param leasedMsAgo how long before now the lease began. @default 0 */
  track(token: string, everyMs: number, onGone?: () => void, leasedMsAgo?: number): Heartbeat;
  /** Many with names of their own: `prefix0`, `prefix1` … */
  crowd(prefix: string, many: number, everyMs: number): Heartbeat[];
  now(): number;
  /** When each beat of the tokens that begin so left. */
  beatsOf(prefix: string): number[];
  /**
   * The longest that the service was without a beat of a token whose name begins so, from its lease or from a beat
   * that it took, to the next that it took or to now.
   */
  longestSilence(prefix?: string): number;
  /** The most that left within a span of this length, wherever it begins. */
  mostWithin(ms: number): number;
}

export const OK: ReportAnswer = { kind: 'ok' };
export const GONE: ReportAnswer = { kind: 'gone', error: new Error('Task Timed Out') };
export const LOST: ReportAnswer = {
  kind: 'retry',
  pace: 'fast',
  mayHaveArrived: false,
  error: new Error('ECONNRESET'),
};
export const REFUSED: ReportAnswer = { ...LOST, pace: 'slow', error: new Error('access is denied') };
export const THROTTLED: ReportAnswer = { ...LOST, pace: 'throttled', error: new Error('Rate exceeded') };

export const seeded = (seed: number) => (): number => {
  seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
  return seed / 2 ** 31;
};

export function beatsWorld({ rate = 250, random = (): number => 0 } = {}): BeatsWorld {
  const clock = new HandClock();
  const began = clock.now();
  const now = (): number => clock.now() - began;
  const sent: Sent[] = [];
  const counts = new Map<string, number>();
  const leases = new Map<string, { at: number; releasedAt?: number }>();
  const lates: LateHeartbeats[] = [];
  const inFlight = { now: 0, most: 0 };
  let givenUp = 0;
  const scheduler = new HeartbeatScheduler({
    clock,
    random,
    rate,
    onLate: (late) => void lates.push(late),
    onAnswer: () => {},
  });

  const heartbeat = async (token: string, signal: AbortSignal): Promise<ReportAnswer> => {
    const nth = (counts.get(token) ?? 0) + 1;
    counts.set(token, nth);
    const beat: Sent = { token, at: now() };
    sent.push(beat);
    inFlight.now++;
    inFlight.most = Math.max(inFlight.most, inFlight.now);
    const { answer, afterMs = 0 } = made.reply(token, nth);
    const inTime = await waited(clock, answer === 'never' ? Number.POSITIVE_INFINITY : afterMs, signal);
    inFlight.now--;
    if (answer === 'never' || !inTime) {
      givenUp++;
      return LOST;
    }
    if (answer.kind === 'ok') beat.takenAt = now();
    return answer;
  };
  const unused = (): never => {
    throw new Error('only heartbeats are expected');
  };
  const port: ActivityPort = { poll: unused, report: unused, heartbeat };

  const made: BeatsWorld = {
    clock,
    sent,
    lates,
    inFlight,
    now,
    reply: () => ({ answer: OK }),
    givenUp: () => givenUp,
    track: (token, everyMs, onGone = () => {}, leasedMsAgo = 0) => {
      const lease: { at: number; releasedAt?: number } = { at: now() - leasedMsAgo };
      leases.set(token, lease);
      const beat = scheduler.track({ port, token, everyMs, leasedAt: clock.now() - leasedMsAgo, onGone });
      return {
        get lastAt() {
          return beat.lastAt;
        },
        now: () => beat.now(),
        release: () => {
          lease.releasedAt ??= now();
          beat.release();
        },
      };
    },
    crowd: (prefix, many, everyMs) =>
      Array.from({ length: many }, (_, i) => made.track(`${prefix}${i}`, everyMs)),
    beatsOf: (prefix) => sent.filter(({ token }) => token.startsWith(prefix)).map(({ at }) => at),
    longestSilence: (prefix = '') => {
      const last = new Map([...leases].map(([token, { at }]) => [token, at]));
      let longest = 0;
      const until = (token: string, at: number): void => {
        if (token.startsWith(prefix)) longest = Math.max(longest, at - (last.get(token) ?? at));
        last.set(token, at);
      };
      const taken = sent.flatMap(({ token, takenAt }) => (takenAt === undefined ? [] : [{ token, takenAt }]));
      for (const { token, takenAt } of taken.sort((a, b) => a.takenAt - b.takenAt)) until(token, takenAt);
      for (const [token, { releasedAt }] of leases) until(token, releasedAt ?? now());
      return longest;
    },
    mostWithin: (ms) => {
      let first = 0;
      return sent.reduce((most, { at }, i) => {
        while (at - (sent[first]?.at ?? at) > ms) first++;
        return Math.max(most, i - first + 1);
      }, 0);
    },
  };
  return made;
}

/** @returns whether the time passed before the signal aborted. */
function waited(clock: HandClock, ms: number, signal: AbortSignal): Promise<boolean> {
  if (ms === 0) return Promise.resolve(true);
  return new Promise((resolve) => {
    // As from a socket, which is read after the timers that are due.
    const arrive = (): void => void setImmediate(() => resolve(true));
    const cancel = Number.isFinite(ms) ? clock.after(ms, arrive) : (): void => {};
    signal.addEventListener('abort', () => {
      cancel();
      resolve(false);
    });
  });
}
