import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { createTestMachine, type TestMachine, type TestMachineOptions } from 'stepwright/testing';
import { ApprovalActivity } from '../src/activities/approval.activity.js';
import { PaymentActivity } from '../src/activities/payment.activity.js';
import { RiskActivity } from '../src/activities/risk.activity.js';
import { StockActivity } from '../src/activities/stock.activity.js';
import { GATEWAY, type Gateway, TestGateway } from '../src/gateway.js';
import { Warehouse } from '../src/warehouse.js';

const order = (name: string): object => JSON.parse(readFileSync(`orders/${name}.json`, 'utf8')) as object;

/** What stands around the machine; the rest of it is real. */
interface World {
  readonly warehouse?: Warehouse;
  readonly gateway?: Gateway;
  readonly faults?: TestMachineOptions['faults'];
}

function openMachine({
  warehouse = new Warehouse(),
  gateway = new TestGateway(),
  faults,
}: World = {}): Promise<TestMachine> {
  return createTestMachine('state-machines/PlaceOrder.asl.json', {
    activities: [StockActivity, RiskActivity, ApprovalActivity, PaymentActivity],
    mocks: [
      [Warehouse, warehouse],
      [GATEWAY, gateway],
    ],
    ...(faults && { faults }),
  });
}

test('a small order is placed without anybody being asked', async () => {
  const machine = await openMachine();
  const { status, output, path } = await machine.execute(order('small'));
  expect({ status, output }).toEqual({
    status: 'succeeded',
    output: {
      order: 'o-1',
      total: 2100,
      receipt: 'receipt-o-1',
      reservations: [
        { sku: 'tea', count: 2 },
        { sku: 'cup', count: 1 },
      ],
    },
  });
  expect(path).not.toContain('Approve');
});

test('a large order of a new customer is placed once a person has approved it', async () => {
  const machine = await openMachine();
  const execution = await machine.start(order('large'));
  await (await execution.task('Approve')).succeed({ decision: 'approved' });
  expect(await execution.result()).toMatchObject({ status: 'succeeded' });
});

test('a large order that a person refuses is not placed, and its goods are back', async () => {
  const warehouse = new Warehouse();
  const machine = await openMachine({ warehouse });
  const before = warehouse.leftOf('samovar');
  const execution = await machine.start(order('large'));
  await (await execution.task('Approve')).succeed({ decision: 'refused' });
  expect(await execution.result()).toMatchObject({ status: 'failed', error: 'Refused' });
  expect(warehouse.leftOf('samovar')).toBe(before);
});

test.each([
  ['paid by a card that is declined', 'declined', 'PaymentDeclined', 'tea'],
  ['of more than there is', 'too-many', 'OutOfStock', 'tea'],
])('an order %s is not placed, and its goods are back', async (_, name, error, sku) => {
  const warehouse = new Warehouse();
  const machine = await openMachine({ warehouse });
  const before = warehouse.leftOf(sku);
  const { status, path, ...result } = await machine.execute(order(name));
  expect({ status, error: 'error' in result && result.error }).toEqual({ status: 'failed', error });
  expect(path.slice(-2)).toEqual(['Release', 'Not placed']);
  expect(warehouse.leftOf(sku)).toBe(before);
});

test('goods that were kept for an order with a mistake in it are back', async () => {
  const warehouse = new Warehouse();
  const machine = await openMachine({ warehouse });
  const items = [{ sku: 'cup', count: 15 }];
  const { status, path, ...result } = await machine.execute({ ...order('small'), items });
  expect({ status, error: 'error' in result && result.error }).toEqual({
    status: 'failed',
    error: 'Stepwright.InvalidInput',
  });
  expect(path.slice(-2)).toEqual(['Release', 'Not placed']);
  expect(warehouse.leftOf('cup')).toBe(20);
});

test('two lines of one SKU, and an order without an id, are refused', async () => {
  const tea = { sku: 'tea', count: 1, price: 900 };
  for (const wrong of [{ items: [tea, tea] }, { id: undefined }]) {
    const machine = await openMachine();
    const result = await machine.execute({ ...order('small'), ...wrong });
    expect(result).toMatchObject({ status: 'failed', error: 'Stepwright.InvalidInput' });
  }
});

test('a worker that is lost while it charges costs a minute, and no second payment', async () => {
  const keys: string[] = [];
  const gateway = {
    charge: async (key: string) => {
      keys.push(key);
      return { receipt: `receipt-${key}` };
    },
  };
  const faults = { 'PaymentActivity.charge': ['worker-dies'] } as const;
  const machine = await openMachine({ gateway, faults });
  const { status, attempts } = await machine.execute(order('small'));
  expect({ status, charges: attempts['Charge'] }).toEqual({ status: 'succeeded', charges: 2 });
  expect(new Set(keys)).toEqual(new Set(['o-1']));
});
