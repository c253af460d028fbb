import { expect, test } from '@jest/globals';
import { createLog, type Logger } from 'stepwright';
import { remoteLog, writeLine } from '../../../src/framework/worker/pool/log-line.js';

/** Returns a line as a worker writes it. */
function written(log: (logger: Logger) => void, through: (logger: Logger) => Logger): unknown {
  const lines: string[] = [];
  const logger = createLog({ level: 'debug', destination: { write: (line) => void lines.push(line) } });
  log(through(logger));
  return lines.map((line) => ({ ...(JSON.parse(line) as object), time: undefined }));
}

class Listed extends Error {
  override readonly name = 'Named';
}

const error = Object.assign(new RangeError('odd', { cause: new Error('deep') }), { code: 7 });
const listed = new Listed('odd');
const several = new AggregateError([error, listed]);

test.each<[string, (log: Logger) => void]>([
  ['a message', (log) => log.info('said')],
  ['fields', (log) => log.debug({ a: 1, when: new Date(0) }, 'said')],
  ['an error as a field', (log) => log.warn({ err: error }, 'said')],
  ['an error with a name and fields of its own', (log) => log.warn({ err: listed }, 'said')],
  ['several errors in one', (log) => log.warn({ err: several }, 'said')],
  ['an error by itself', (log) => log.error(error, 'said')],
  [
    'data that looks like an error sent by a thread',
    (log) => log.warn({ err: error, a: { '$stepwright:error': null }, b: { type: 'X', own: null } }, 'said'),
  ],
  ['an error under the fields of a child', (log) => log.child({ a: 1 }).error(error, 'said')],
])('%s is written from a thread as on the main thread', (_, log) => {
  const remote = (logger: Logger): Logger => remoteLog((line) => writeLine(logger, structuredClone(line)));
  const lines = written(log, (logger) => logger);
  expect(lines).toMatchObject([{ msg: 'said' }]);
  expect(written(log, remote)).toEqual(lines);
});
