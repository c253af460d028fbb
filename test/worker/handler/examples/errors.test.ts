import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, test } from '@jest/globals';
import { IsInt, IsString } from 'class-validator';
import { Activity, ActivityFailure, ErrorName, Handle } from 'stepwright';
import { createTestBed } from 'stepwright/testing';

class Charge {
  @IsString() card!: string;
  @IsInt() cents!: number;
}

@ErrorName('PaymentDeclined')
class DeclinedError extends Error {}

@Activity('charge')
class Charges {
  @Handle()
  charge({ card, cents }: Charge): string {
    if (cents > 100_000) {
      throw new ActivityFailure('LimitExceeded', `${cents} cents are too many`, { limit: 100_000 });
    }
    if (card === 'stolen') throw new DeclinedError('the bank said no');
    return 'charged';
  }
}

test('the service is told the names that were given', async () => {
  const bed = await createTestBed(Charges);
  expect(await bed.run({ card: 'mine', cents: 200_000 })).toMatchObject({ error: 'LimitExceeded' });
  expect(await bed.run({ card: 'stolen', cents: 1 })).toMatchObject({ error: 'PaymentDeclined' });
});

class Wrapped extends Charges {
  override charge(input: Charge): string {
    try {
      return super.charge(input);
    } catch (error) {
      throw new Error(`charging ${input.cents} cents`, { cause: error });
    }
  }
}

@Activity('wrapped')
class WrappedCharges extends Wrapped {
  readonly note = 'a name is found along the causes';
}

test('a name is found along the causes', async () => {
  const bed = await createTestBed(WrappedCharges);
  const result = await bed.run({ card: 'stolen', cents: 1 });
  if (result.status !== 'failed') throw new Error('it did not fail');
  expect(result.error).toBe('PaymentDeclined');
  expect(JSON.parse(result.cause)).toMatchObject({
    errorType: 'PaymentDeclined',
    errorMessage: 'charging 1 cents',
    trace: expect.arrayContaining(['Caused by: PaymentDeclined: the bank said no']),
  });
});

@Activity('within')
class WithinCharges extends Charges {
  @Handle()
  override charge(input: Charge): string {
    return new AsyncLocalStorage().run('mine', () => super.charge(input));
  }
}

test("the trace has the handler's frames, and none of Node's own", async () => {
  const bed = await createTestBed(WithinCharges);
  const result = await bed.run({ card: 'stolen', cents: 1 });
  if (result.status !== 'failed') throw new Error('it did not fail');
  const { trace } = JSON.parse(result.cause) as { trace: string[] };
  expect(trace[0]).toContain('Charges.charge');
  expect(trace.filter((frame) => frame.includes('node:'))).toEqual([]);
});
