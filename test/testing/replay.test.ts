import { expect, test } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { IsInt } from 'class-validator';
import { Activity, ActivityFailure, Handle } from 'stepwright';
import { createTestBed } from 'stepwright/testing';

class Order {
  @IsInt() count!: number;
}
@Activity('arn:aws:states:eu-west-1:123456789012:activity:Price')
class Prices {
  @Handle() price({ count }: Order): { price: number } {
    if (count === 0) throw new ActivityFailure('NothingOrdered', 'no');
    return { price: count * 10 };
  }
}

const FILE = fileURLToPath(new URL('../fixtures/histories/orders.json', import.meta.url));

test('every recorded input is run again, and what differs is told', async () => {
  const bed = await createTestBed(Prices);
  const { tasks, differences, unhandled } = await bed.replay(FILE);
  expect(tasks.map(({ eventId, handler, input }) => [eventId, handler, input])).toEqual([
    [8, 'Prices.price', '{"count":2}'],
    [11, 'Prices.price', '{"count":3}'],
    [14, 'Prices.price', '{"count":0}'],
  ]);
  expect(differences).toEqual([
    {
      handler: 'Prices.price',
      eventId: 11,
      input: '{"count":3}',
      recorded: { status: 'succeeded', output: { price: 25 } },
      now: { status: 'succeeded', output: { price: 30 } },
    },
  ]);
  expect(unhandled).toEqual(['arn:aws:states:eu-west-1:999999999999:activity:Ship']);
});

test.each([
  [{} as { events: [] }, /the history has no list of events/],
  ['nowhere.json', /nowhere.json can't be read as JSON/],
])('what is no history is refused: %j', async (source, message) => {
  const bed = await createTestBed(Prices);
  await expect(bed.replay(source)).rejects.toThrow(message);
});
