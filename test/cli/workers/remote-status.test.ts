import { expect, test } from '@jest/globals';
import { remoteStatus } from '../../../src/framework/cli/workers/remote-status.js';
import { handler, statusOf } from './stand-ins.js';

const read = (change: object, name = 'worker'): unknown =>
  remoteStatus(JSON.parse(statusOf(name, change)), '127.0.0.1:8080');
const changed = (change: object): object => ({ handlers: [handler(change)] });

test.each<[object, string]>([
  [{ name: '' }, 'name is "" (string), expected a name'],
  [{ tasksInFlight: -1 }, 'tasksInFlight is -1 (number), expected a count'],
  [{ counts: { received: 0.5 } }, 'counts is {"received":0.5} (object), expected an object of counts'],
  [{ handlers: [7] }, 'handlers[0] is 7 (number), expected an object'],
  [{ drain: 'soon' }, 'drain is "soon" (string), expected an object'],
  [changed({ name: '' }), 'handlers[0].name is "" (string), expected a name'],
  [changed({ running: 1.5 }), 'handlers[0].running is 1.5 (number), expected a count'],
  [changed({ concurrency: -8 }), 'handlers[0].concurrency is -8 (number), expected a count'],
  [changed({ paused: null }), 'handlers[0].paused is null, expected an object'],
  [changed({ polls: [] }), 'handlers[0].polls is [] (array), expected an object'],
])('a status with %j is not believed, by the field that is wrong', (change, why) => {
  expect(read(change)).toBe(`its status is not believed: ${why}`);
});

test('a status that is no object is not believed', () => {
  const status = JSON.parse('[]') as unknown;
  expect(remoteStatus(status, '127.0.0.1:8080')).toBe(
    'its status is not believed: it is [] (array), expected an object',
  );
});

test('long texts of a status are cut, and what lies too deep in it is left out', () => {
  const [long, shown] = ['x'.repeat(5_000), `${'x'.repeat(400)}…`];
  const trouble = { kind: long, since: 5 };
  const change = {
    ...changed({ activityArn: long, polls: { state: 'waiting', trouble } }),
    reasons: [long, 'short'],
    more: JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`) as unknown,
  };
  const status: unknown = { ...(JSON.parse(statusOf(long)) as object), ...change };
  expect(remoteStatus(status, '127.0.0.1:8080')).toMatchObject({
    name: shown,
    address: '127.0.0.1:8080',
    reasons: [shown, 'short'],
    handlers: [
      { name: 'Orders.charge', activityArn: shown, polls: { state: 'waiting', trouble: { kind: shown } } },
    ],
  });
});
