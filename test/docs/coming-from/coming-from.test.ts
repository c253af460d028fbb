import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { createTestBed, createTestMachine } from 'stepwright/testing';
import { page } from '../markdown.js';
import { GranulesActivity } from './granules.activity.js';
import { Livy } from './livy.js';
import { SparkActivity } from './spark.activity.js';

const cleanUp: (() => void)[] = [];
afterEach(() => {
  for (const undo of cleanUp.splice(0)) undo();
});

test.each(['granules', 'spark'])('the page shows the class that runs here: %s', (name) => {
  const source = readFileSync(`test/docs/coming-from/${name}.activity.ts`, 'utf8');
  expect(page('docs/coming-from.md').fences.map(({ code }) => code)).toContain(source);
});

/** Puts a program of this name first in the PATH. */
function program(name: string, script: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'stepwright-'));
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, name), 0o755);
  const before = process.env['PATH'] ?? '';
  process.env['PATH'] = `${folder}${delimiter}${before}`;
  cleanUp.push(() => {
    process.env['PATH'] = before;
    rmSync(folder, { recursive: true });
  });
}

test('a granule goes to the program and comes back; what the program says on stderr is in the cause', async () => {
  program(
    'python3',
    `case $(cat "$STEPWRIGHT_INPUT_FILE") in
      *broken*) echo "Traceback" >&2; echo "ValueError: no such granule" >&2; exit 1 ;;
      *) echo '{"granules":["a.hdf"]}' >"$STEPWRIGHT_OUTPUT_FILE" ;;
    esac`,
  );
  await using bed = await createTestBed(GranulesActivity);
  expect(await bed.run({ urls: ['s3://bucket/a'] })).toEqual({
    status: 'succeeded',
    output: { granules: ['a.hdf'] },
  });
  const failed = await bed.run({ urls: ['broken'] });
  expect(failed).toMatchObject({ status: 'failed', error: 'Stepwright.CommandFailed' });
  expect(failed).toHaveProperty('cause', expect.stringContaining('ValueError: no such granule'));
});

/** A Livy whose batch has these states, one a look. */
function livy(states: readonly string[]) {
  const left = [...states];
  const removed: number[] = [];
  return {
    removed,
    create: () => Promise.resolve(7),
    state: () => Promise.resolve(left.shift() ?? 'running'),
    log: () => Promise.resolve(['OutOfMemoryError']),
    remove: (id: number) => Promise.resolve(void removed.push(id)),
  };
}

test('a Spark job runs for a minute, and its state has a name for its failure', async () => {
  const running = Array<string>(12).fill('running');
  await using well = await createTestBed(SparkActivity, { mocks: [[Livy, livy([...running, 'success'])]] });
  expect(await well.run({ file: 'job.jar' })).toEqual({ status: 'succeeded', output: { batchId: 7 } });
  await using dead = await createTestBed(SparkActivity, { mocks: [[Livy, livy(['starting', 'dead'])]] });
  const failed = await dead.run({ file: 'job.jar' });
  expect(failed).toMatchObject({ status: 'failed', error: 'SparkJobFailed' });
  expect(failed).toHaveProperty('cause', expect.stringContaining('"data":{"log":["OutOfMemoryError"]}'));
});

test('a Spark job whose execution is stopped is removed, and nothing is reported', async () => {
  const endless = livy([]);
  await using machine = await createTestMachine(
    {
      StartAt: 'Run',
      States: {
        Run: {
          Type: 'Task',
          Resource: 'arn:aws:states:us-east-1:123456789012:activity:Spark',
          HeartbeatSeconds: 60,
          End: true,
        },
      },
    },
    { activities: [SparkActivity], mocks: [[Livy, endless]] },
  );
  const execution = await machine.start({ file: 'job.jar' });
  await execution.advance('5m');
  await execution.stop();
  await execution.advance('1m');
  expect(endless.removed).toEqual([7]);
});
