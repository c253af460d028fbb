import { describe, expect, test } from '@jest/globals';
import { createLog, type Logger } from 'stepwright';
import { show, showError } from '../../src/framework/base/show.js';
import { remoteLog } from '../../src/framework/worker/pool/log-line.js';

test("a user's destination gets lines of JSON, or pretty ones without colours", () => {
  const written: string[] = [];
  const destination = { write: (line: string) => void written.push(line) };
  createLog({ destination }).info({ a: 1 }, 'plain');
  createLog({ destination, pretty: true }).child({ b: 2 }).warn('for a person');
  expect(JSON.parse(written[0] ?? '')).toMatchObject({ level: 'info', a: 1, msg: 'plain' });
  expect(written[1]).toMatch(/^\[\d\d:\d\d:\d\d\] WARN: for a person \{"b":2\}\n$/);
});

test.each([
  [{ fraction: 0.4, message: 'epoch\n2/5' }, '████████░░░░░░░░░░░░  40 % epoch 2/5'],
  [{ fraction: 0 }, '░░░░░░░░░░░░░░░░░░░░   0 %'],
  [{ fraction: 0.999 }, '███████████████████░  99 %'],
  [{ fraction: 1 }, '████████████████████ 100 %'],
  [{ message: 'reading' }, 'reading'],
])('in a terminal progress is a bar: %j', (progress, shown) => {
  const written: string[] = [];
  const log = createLog({ destination: { write: (line) => void written.push(line) }, pretty: true });
  log.info({ handler: 'Train.run', activity: 'arn:x', task: '5e58aabb', progress }, 'task progress');
  expect(written[0]?.slice(9)).toBe(`… Train.run 5e58 ${shown}\n`);
});

test('in a terminal the end of a task is one short line, without its ARN', () => {
  const written: string[] = [];
  const destination = { write: (line: string): void => void written.push(line) };
  const log = createLog({ destination, pretty: true });
  const task = { handler: 'Refunds.refund', activity: 'arn:aws:states:x', task: '5e58aabb', ms: 12 };
  const cause = JSON.stringify({
    errorType: 'Declined',
    errorMessage: 'the card\nis stolen',
    trace: ['at a'],
  });
  log.info(task, 'task succeeded');
  log.warn({ ...task, error: 'Declined', cause }, 'task failed');
  log.warn({ handler: 'Refunds.refund', activity: 'arn:aws:states:x' }, 'polls fail');
  const violations = ['cents must be an integer number', 'card should not be empty'].map((message) => ({
    path: message.slice(0, 5),
    rule: 'isInt',
    message,
  }));
  const errorMessage = 'the input is not a valid Refund: cents must be an integer number (and 1 more)';
  const invalid = JSON.stringify({ errorType: 'Stepwright.InvalidInput', errorMessage, violations });
  log.warn({ ...task, error: 'Stepwright.InvalidInput', cause: invalid }, 'task failed');
  expect(written[3]?.split('\n').slice(0, 3)).toEqual([
    expect.stringMatching(/ 12 ms Stepwright\.InvalidInput the input is not a valid Refund$/),
    '  cents must be an integer number',
    '  card should not be empty',
  ]);
  expect(written[0]).toMatch(/^\d\d:\d\d:\d\d ✓ Refunds\.refund 5e58 12 ms\n$/);
  expect(written[1]).toMatch(/^\d\d:\d\d:\d\d ✗ Refunds\.refund 5e58 12 ms Declined the card is stolen\n$/);
  expect(written[2]).toMatch(/polls fail/);
  expect(written.join('')).not.toContain('arn:');
});

const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const throwing = (key: string): Error =>
  Object.defineProperty(new Error('odd'), key, {
    enumerable: true,
    get: () => {
      throw new Error('not to be read');
    },
  });

describe.each<[string, () => object]>([
  ['a proxy that was revoked', revoked],
  ['an error whose message throws', () => throwing('message')],
  ['an error whose stack throws', () => throwing('stack')],
  ['an error with a getter that throws', () => throwing('more')],
])('a line with %s is written, with the reason in place of its fields', (_, odd) => {
  test.each<[string, (log: Logger) => void]>([
    ['as its error', (log) => log.error({ err: odd() }, 'said')],
    ['in place of its fields', (log) => log.error(odd(), 'said')],
    ['in a child', (log) => log.child({ a: 1 }).warn({ err: odd() }, 'said')],
  ])('%s', (__, write) => {
    const written: string[] = [];
    write(createLog({ destination: { write: (line: string) => void written.push(line) } }));
    expect(written.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({ msg: 'said', fieldsLost: expect.any(String) }),
    ]);
    const remote: string[] = [];
    write(remoteLog(({ message, fields }) => void remote.push(message, fields)));
    expect(remote).toEqual(['said', expect.any(String)]);
  });
});

test('a message about a value that throws when it is read says so', () => {
  expect(show(revoked())).toBe('a value that throws when it is read');
  expect(showError(throwing('message'))).toBe('a value that throws when it is read');
});
