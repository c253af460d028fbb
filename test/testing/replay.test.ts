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

test('every recorded input is run again, and differences are reported', async () => {
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

const scheduled = {
  id: 1,
  type: 'ActivityScheduled',
  activityScheduledEventDetails: {
    resource: 'arn:aws:states:eu-west-1:1:activity:Price',
    input: '{"count":2}',
  },
};
const succeeded = {
  id: 2,
  previousEventId: 1,
  type: 'ActivitySucceeded',
  activitySucceededEventDetails: { output: '{"price":20}' },
};
const withoutInput = { ...scheduled, activityScheduledEventDetails: { resource: 'arn' } };
const withoutOutput = { ...succeeded, activitySucceededEventDetails: {} };
const cutOff = { ...succeeded, activitySucceededEventDetails: { output: '{"price":' } };

test('an input that no worker answered has nothing to compare with, and is left out', async () => {
  const bed = await createTestBed(Prices);
  const lost = { ...scheduled, id: 3, previousEventId: 2 };
  const { tasks } = await bed.replay({ events: [scheduled, succeeded, lost] });
  expect(tasks.map(({ eventId }) => eventId)).toEqual([2]);
});

test.each<[string, unknown, RegExp]>([
  ['no history', {}, /the history has no list of events.* Write one with: aws/],
  ['no file', 'nowhere.json', /nowhere.json can't be read as JSON/],
  ['what is no event', { events: [scheduled, null] }, /the history has no list of events, each with/],
  ['a task without its input', { events: [withoutInput, succeeded] }, /event 2 .* without .*include-exec/],
  ['a task without its output', { events: [scheduled, withoutOutput] }, /event 2 .* without .*include-exec/],
  ['a task that was scheduled before it begins', { events: [succeeded] }, /event 2 .* without/],
  ['half an output', { events: [scheduled, cutOff] }, /event 2 .*no JSON/],
])('is refused, so that no test passes without anything to run: %s', async (_, source, message) => {
  const bed = await createTestBed(Prices);
  await expect(bed.replay(source as string)).rejects.toThrow(message);
});
