import { setTimeout as nap } from 'node:timers/promises';
import { afterAll, describe, expect, test } from '@jest/globals';
import { startLocalService } from 'stepwright/local';
import { killPrograms, startProgram } from '../../support/crash/program.js';
import type { End, Streams } from '../../support/crash/streams.js';
import { faultPlan } from '../../support/faults.js';
import { AS_IT_SHOULD, MAIN, type Phase, startWorker, stopped } from './worker.js';

afterAll(killPrograms);

const FINE: Streams = ['fine', 'fine', 'fine'];
const all = (end: End): Streams => [end, end, end];
const ENDS = ['closed', 'full', 'gone', 'stopped'] as const;
const PHASES: readonly Phase[] = ['booting', 'working', 'draining'];
const IN_A_PROCESS = ['--handler', 'Endings.work.run=process'];

const ROWS: readonly [Phase, Streams, (readonly string[])?][] = [
  ...PHASES.flatMap((phase) => ENDS.map((end): [Phase, Streams] => [phase, all(end)])),
  ['looking activities up', all('stopped')],
  ['working', ['fine', 'full', 'fine']],
  ['working', ['fine', 'gone', 'fine']],
  ['working', ['fine', 'stopped', 'fine']],
  ['working', ['fine', 'fine', 'gone']],
  ['working', ['fine', 'fine', 'stopped']],
  ['working', ['fine', 'gone', 'gone'], IN_A_PROCESS],
  ['working', ['fine', 'stopped', 'stopped'], IN_A_PROCESS],
  ['draining', ['fine', 'stopped', 'fine'], IN_A_PROCESS],
];

describe('a worker whose streams are broken works on, and ends when it is told to', () => {
  test.each(ROWS)('%s, with %j', async (phase, streams, flags = []) => {
    expect(await stopped(phase, streams, flags)).toMatchObject(AS_IT_SHOULD[phase]);
  });
});

describe('an end is seen', () => {
  test.each([
    [7, 7],
    [0, 1],
  ])('process.exit(%i) in a handler says what was running, and the exit code is %i', async (asked, code) => {
    const worker = await startWorker('working', FINE);
    try {
      await worker.execute({ hold: true });
      await worker.beats(1);
      await worker.execute({ exit: asked });
      const ending = await worker.program.ended;
      expect(ending.code).toBe(code);
      expect(ending.stderr).toBe(
        `The process ends (${asked}) with 2 task(s) in flight, left to their timeouts: Endings.work (2)\n`,
      );
    } finally {
      await worker.close();
    }
  });

  test('a second signal says what it left', async () => {
    const { stdout, stderr, ...end } = await stopped('draining', FINE);
    expect(end).toEqual(AS_IT_SHOULD.draining);
    expect(stderr).toMatch(/\(143\) with 1 task\(s\) in flight.*: Endings\.work \(1\)\n$/);
    expect(stdout).toMatch(/"stopped at once; /);
  });

  test('an end that was asked for says nothing on stderr, and its last line is in the log', async () => {
    const { stdout, stderr, ...end } = await stopped('working', FINE);
    expect(end).toEqual(AS_IT_SHOULD.working);
    expect(stderr).toBe('x\n');
    expect(stdout).toMatch(/"worker is stopped"[^\n]*\n$/);
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s before anything runs is a line, and 0',
    async (name) => {
      const worker = await startWorker('booting', FINE);
      const { program } = worker;
      try {
        await program.until(() => program.said().includes('booting'));
        program.signal(name);
        expect(await program.ended).toMatchObject({
          code: 0,
          stderr: `${name} came before anything ran: stopped, and no task was taken\n`,
        });
      } finally {
        await worker.close();
      }
    },
  );

  test('a command that does not run until it is stopped ends with the code of the signal', async () => {
    const faults = faultPlan();
    faults.always('StartExecution', { kind: 'black-hole' });
    const service = await startLocalService({ port: 0, fault: faults.hook });
    const definition = JSON.stringify({ StartAt: 'S', States: { S: { Type: 'Succeed' } } });
    service.seedMachine({ name: 'M', definition });
    const execute = startProgram(MAIN, { args: ['execute', 'M', '--endpoint', service.url] });
    while (faults.count('StartExecution') === 0) await nap(10);
    execute.signal('SIGINT');
    expect((await execute.ended).code).toBe(130);
    await service.close();
  });

  test.each(ENDS)('a start that fails ends with 1 where stderr is %s', async (end) => {
    const streams: Streams = ['fine', 'fine', end];
    expect((await startProgram(MAIN, { args: ['start', '--port', 'abc'], streams }).ended).code).toBe(1);
  });
});
