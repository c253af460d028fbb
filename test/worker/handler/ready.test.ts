import { describe, expect, test } from '@jest/globals';
import { Activity, ActivityFailure, ErrorName, Handle, type Interceptor } from 'stepwright';
import { createTestBed, HandClock } from 'stepwright/testing';
import type { Constructor } from '../../../src/framework/declare/class.js';
import { Retry } from '../../../src/framework/worker/handler/interceptors/retry.js';
import { Timing } from '../../../src/framework/worker/handler/interceptors/timing.js';
import { CLOCK, RANDOM } from '../../../src/framework/worker/container/registrations.js';
import { silentLog, type Logger } from '../../../src/framework/base/log/log.js';

@ErrorName('PaymentDeclined')
class Declined extends Error {}

async function bedWith(
  interceptor: Constructor<Interceptor>,
  handle: () => unknown,
  log: Logger = silentLog,
) {
  const clock = new HandClock();
  @Activity('work', { interceptors: [interceptor] })
  class Work {
    @Handle() run(): unknown {
      return handle();
    }
  }
  const mocks = [
    [CLOCK, clock],
    [RANDOM, { useValue: () => 1 }],
  ] as const;
  return { clock, bed: await createTestBed(Work, { mocks, log }) };
}

function recording(): { lines: unknown[][]; log: Logger } {
  const lines: unknown[][] = [];
  const line =
    (level: string) =>
    (...args: unknown[]): void =>
      void lines.push([level, ...args]);
  const log: Logger = {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    child: () => log,
  };
  return { lines, log };
}

describe('Retry', () => {
  test('calls the handler again, each wait twice as long', async () => {
    const calls: number[] = [];
    const { bed, clock } = await bedWith(Retry({ attempts: 4, delay: '1s', maxDelay: '3s' }), () => {
      calls.push(clock.now());
      if (calls.length < 4) throw new Error(`attempt ${calls.length}`);
      return 'done';
    });
    const began = clock.now();
    const result = bed.runText('{}');
    await clock.advance(10_000);
    expect(await result).toEqual({ status: 'succeeded', output: 'done' });
    expect(calls.map((at) => at - began)).toEqual([0, 1000, 3000, 6000]);
  });

  test('gives up with the last error', async () => {
    let calls = 0;
    const { bed, clock } = await bedWith(Retry({ attempts: 2 }), () => {
      throw new RangeError(`attempt ${++calls}`);
    });
    const result = bed.runText('{}');
    await clock.advance(10_000);
    expect(await result).toMatchObject({ error: 'RangeError', cause: expect.stringContaining('attempt 2') });
  });

  test.each([
    ['an ActivityFailure', () => new ActivityFailure('OutOfStock', 'm')],
    ['an error with @ErrorName', () => new Declined('m')],
  ])('leaves %s to the state machine', async (_, make) => {
    let calls = 0;
    const { bed } = await bedWith(Retry(), () => {
      calls++;
      throw make();
    });
    expect(await bed.runText('{}')).toMatchObject({ status: 'failed' });
    expect(calls).toBe(1);
  });

  test('`when` decides', async () => {
    let calls = 0;
    const { bed } = await bedWith(Retry({ when: (error) => !(error instanceof RangeError) }), () => {
      calls++;
      throw new RangeError('m');
    });
    expect(await bed.runText('{}')).toMatchObject({ error: 'RangeError' });
    expect(calls).toBe(1);
  });

  test.each([
    [{ attempts: 0 }, 'Retry: expected `attempts` to be a whole number from 1 and up, got 0 (number)'],
    [{ attempts: 1.5 }, 'got 1.5 (number)'],
    [{ delay: '20' }, 'Retry: expected `delay` to be a duration with its unit'],
    [{ maxDelay: 'soon' }, 'got "soon" (string)'],
  ])('refuses %j', (options, message) => {
    expect(() => Retry(options)).toThrow(message);
  });
});

describe('Timing', () => {
  test('logs how long a handler took', async () => {
    const { lines, log } = recording();
    const { bed, clock } = await bedWith(Timing, () => clock.sleep(1500), log);
    const result = bed.runText('{}');
    await clock.advance(1500);
    await result;
    expect(lines).toEqual([['info', { durationMs: 1500 }, 'handled']]);
  });

  test('and that it failed, without a change to the error', async () => {
    const { lines, log } = recording();
    const { bed } = await bedWith(Timing, () => Promise.reject(new RangeError('m')), log);
    expect(await bed.runText('{}')).toMatchObject({ error: 'RangeError' });
    expect(lines).toEqual([['warn', { durationMs: 0 }, 'failed']]);
  });
});
