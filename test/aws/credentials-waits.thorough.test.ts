import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Config } from 'stepwright';
import type { PollAnswer } from '../../src/framework/aws/activity-port.js';
import type { Abortable } from '../../src/framework/base/abort.js';
import { systemClock } from '../../src/framework/base/time/clock.js';
import { withResolvers } from '../../src/framework/base/time/wait.js';
import { HandClock } from '../../src/framework/testing/harness/hand-clock.js';
import { portOf, workerOn } from '../support/port.js';
import { holding } from '../support/work.js';
import { ARN, createWorld, type World } from '../support/world.js';
import { type Door, openDoor } from './credentials-door.js';

type Provider = Extract<
  NonNullable<NonNullable<Config['sdk']>['credentials']>,
  (...args: never[]) => unknown
>;

const secretOf = (key: string): string => `secret-of-${key}`;
const pair = (key: string) => ({ accessKeyId: key, secretAccessKey: secretOf(key) });

describe.each(['lean', 'sdk'] as const)(
  'by the path %s, a call that waits for other credentials',
  (calls) => {
    let world: World;
    let door: Door;
    /** Answers the asks that hang. */
    let answer: () => void;
    let asked: number;

    beforeEach(async () => {
      world = await createWorld();
      door = await openDoor(world.service.url, () => systemClock.now());
      for (const key of ['OLD', 'NEW']) door.secrets.set(key, secretOf(key));
      asked = 0;
    });
    afterEach(async () => {
      answer();
      await world.close();
      await door.close();
    });

    const sent = (operation: string): number =>
      door.calls.filter((call) => call.operation === operation).length;

    async function working() {
      const answered = withResolvers<void>();
      answer = () => answered.resolve();
      const provider: Provider = async (options) => {
        if (!options?.['forceRefresh']) return pair('OLD');
        asked++;
        await answered.promise;
        return pair('NEW');
      };
      const machine = world.machine(ARN, { HeartbeatSeconds: 600 });
      const { type, held } = holding({ heartbeat: '20s' });
      const w = await world.worker({
        endpoint: door.url,
        activities: [type],
        calls,
        region: 'us-east-1',
        sdk: { credentials: provider },
      });
      await world.clock.settle(() => sent('GetActivityTask') === 1);
      return { w, machine, held };
    }

    test('is no poll any more once the worker stops', async () => {
      const { w } = await working();
      door.revoked.set('OLD', 'ExpiredTokenException');
      // The poll that is open ends after a minute, and the next is refused.
      await world.clock.advance(59_000);
      for (let n = 0; n < 30 && sent('GetActivityTask') < 2; n++) await world.clock.advance(100);
      await world.clock.settle(() => asked === 1);
      const stopped = w.worker.stop();
      answer();
      await stopped;
      expect(sent('GetActivityTask')).toBe(2);
      expect(w.of('poll:failed')).toEqual([]);
    });

    test('is no report any more once its task is gone', async () => {
      const { w, machine, held } = await working();
      const execution = await world.execute(machine);
      await world.clock.settle(() => held.length === 1);
      door.denied.add('SendTaskSuccess');
      held[0]?.succeed(1);
      await world.clock.settle(() => asked === 1);
      await world.client.send(new StopExecutionCommand({ executionArn: execution }));
      void held[0]?.task.heartbeat().catch(() => {});
      await world.clock.settle(() => sent('SendTaskHeartbeat') === 1);
      await world.clock.settle();
      door.denied.clear();
      answer();
      await world.clock.settle(() => w.of('task:gone').length === 1);
      expect(sent('SendTaskSuccess')).toBe(1);
    });
  },
);

test('a poll that is repeated with other credentials is held for as long as any other', async () => {
  const clock = new HandClock();
  const openMs: number[] = [];
  const polled = portOf(async (_arn, _worker, signal, onSent, { onAgain } = {}) => {
    if (openMs.push(Number.NaN) > 1) return aborted(signal);
    // It waits for credentials, is refused late, waits for others, and is held.
    for (const ms of [10_000, 50_000]) {
      await clock.sleep(ms, signal);
      onSent();
    }
    await clock.sleep(60_000, signal);
    onAgain?.();
    await clock.sleep(5_000, signal);
    onSent();
    const since = clock.now();
    await aborted(signal);
    openMs[0] = clock.now() - since;
    return UNREACHABLE;
  });
  const worker = workerOn(polled, { clock });
  await clock.advance(220_000);
  expect(openMs[0]).toBe(75_000);
  const stopped = worker.stop();
  await clock.advance(80_000);
  await stopped;
});

const UNREACHABLE: PollAnswer = {
  ...({ kind: 'failed', trouble: 'unreachable', mayHaveLostToken: true } as const),
  error: new Error('no answer'),
};

const aborted = async (signal: Abortable): Promise<PollAnswer> => {
  await new Promise<void>((resolve) => signal.addEventListener('abort', resolve));
  return UNREACHABLE;
};
