import { describe, expect, test } from '@jest/globals';
import { Activity, ActivityFailure, ErrorName, Handle, type Interceptor } from 'stepwright';
import { createTestBed, HandClock } from 'stepwright/testing';
import type { Constructor } from '../../../src/framework/declare/class.js';
import { Retry } from '../../../src/framework/worker/handler/interceptors/retry.js';
import { CLOCK, RANDOM } from '../../../src/framework/worker/container/registrations.js';

@ErrorName('PaymentDeclined')
class Declined extends Error {}

async function bedWith(interceptor: Constructor<Interceptor>, handle: () => unknown) {
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
  return { clock, bed: await createTestBed(Work, { mocks }) };
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
