import { expect, test } from '@jest/globals';
import { IsInt, IsString, Min } from 'class-validator';
import { inject, injectable } from 'tsyringe';
import { Activity, ActivityFailure, CLOCK, Handle, type Clock, type TaskContext } from 'stepwright';
import { createTaskContext, createTestBed, HandClock, matchers } from 'stepwright/testing';

expect.extend(matchers);

class Transfer {
  @IsString() to!: string;
  @IsInt() @Min(1) cents!: number;
}

@injectable()
class Bank {
  async transfer(to: string, cents: number): Promise<string> {
    return `real money: ${to} ${cents}`;
  }
}

@injectable()
class Ledger {
  readonly lines: string[] = [];
}

@Activity('transfer', { heartbeat: '10s' })
class Transfers {
  constructor(
    private readonly bank: Bank,
    private readonly ledger: Ledger,
    @inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Handle({ timeout: '5m' })
  async transfer({ to, cents }: Transfer, task: TaskContext): Promise<{ receipt: string }> {
    if (cents > 1_000_000) throw new ActivityFailure('LimitExceeded', 'too much', { limit: 1_000_000 });
    await this.clock.sleep(30_000, task.signal);
    task.signal.throwIfAborted();
    const receipt = await this.bank.transfer(to, cents);
    task.log.info({ receipt }, 'transferred');
    this.ledger.lines.push(receipt);
    return { receipt };
  }
}

test('transfers', async () => {
  const bed = await createTestBed(Transfers, { mocks: [[Bank, { transfer: async () => 'r1' }]] });
  expect(await bed.run({ to: 'me', cents: 5 })).toEqual({ status: 'succeeded', output: { receipt: 'r1' } });
});

test('refuses too much', async () => {
  const bed = await createTestBed(Transfers);
  expect(await bed.run({ to: 'me', cents: 2_000_000 })).toHaveFailedWith('LimitExceeded', {
    data: { limit: 1_000_000 },
  });
});

test('refuses what is no transfer', async () => {
  const bed = await createTestBed(Transfers);
  expect(await bed.runText('{"to":"me","cents":0}')).toHaveFailedWith('Stepwright.InvalidInput', {
    violations: [{ path: 'cents', rule: 'min', message: 'cents must not be less than 1' }],
  });
});

test('a plain object of the class', async () => {
  const ledger = new Ledger();
  const bank = { transfer: async () => 'r1' };
  const transfers = new Transfers(bank, ledger, new HandClock());
  const stopped = createTaskContext({ signal: AbortSignal.abort(new Error('stop')) });
  await expect(transfers.transfer({ to: 'me', cents: 5 }, stopped)).rejects.toThrow('stop');
  expect(ledger.lines).toEqual([]);
});

test('everything mocked', async () => {
  const bed = await createTestBed(Transfers, {
    mocks: [[Bank, { transfer: async () => 'r1' }]],
    useMocker: () => ({ lines: [] }),
  });
  expect(await bed.run({ to: 'me', cents: 5 })).toHaveSucceededWith({ receipt: 'r1' });
});

test('beats while it waits, and stops when it is no longer wanted', async () => {
  const bed = await createTestBed(Transfers);
  const task = await bed.start({ to: 'me', cents: 5 });
  await task.advance('25s');
  expect(task.heartbeats).toBe(2);
  await task.gone();
  expect(await task.outcome).toEqual({ status: 'gone' });
  expect(bed.container.resolve(Ledger).lines).toEqual([]);
});

test('logs the receipt', async () => {
  const bed = await createTestBed(Transfers, { mocks: [[Bank, { transfer: async () => 'r1' }]] });
  const task = await bed.start({ to: 'me', cents: 5 });
  await task.advance('30s');
  expect(task.logs).toMatchObject([{ level: 'info', message: 'transferred', fields: { receipt: 'r1' } }]);
});

test('has a deadline', async () => {
  const bed = await createTestBed(Transfers, { mocks: [[Bank, { transfer: () => new Promise(() => {}) }]] });
  const task = await bed.start({ to: 'me', cents: 5 });
  await task.advance('5m');
  expect(await task.outcome).toHaveFailedWith('Stepwright.DeadlineExceeded');
});

test('ends when the worker stops', async () => {
  const bed = await createTestBed(Transfers);
  const task = await bed.start({ to: 'me', cents: 5 }, { grace: '10s' });
  await task.shutdown();
  await task.advance('10s');
  expect(await task.outcome).toHaveFailedWith('Stepwright.WorkerShutdown');
});
