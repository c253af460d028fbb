import { afterAll, expect, test } from '@jest/globals';
import { killPrograms } from '../../support/crash/program.js';
import { AS_IT_SHOULD, stopped } from './worker.js';

afterAll(killPrograms);

test('a worker of whose streams nobody takes anything works on, and ends when it is told to', async () => {
  expect(await stopped('working', ['stopped', 'stopped', 'stopped'])).toMatchObject(AS_IT_SHOULD.working);
});
