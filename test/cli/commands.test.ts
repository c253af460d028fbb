import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { endpointOf, execute, HELLO, killAll, type Run, started, stepwright } from '../support/cli.js';

let worker: Run;
let url: string;
let dir: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'stepwright-commands-'));
  ({ run: worker, url } = await started());
});
afterAll(() => {
  killAll();
  rmSync(dir, { recursive: true });
});

describe('one run of each command', () => {
  test('execute gives the output as one line of JSON on stdout, and 0', async () => {
    const run = execute(url, 'HelloWorld', '{"who":"hoge"}');
    expect(await run.ended).toEqual({ code: 0, signal: null });
    expect(run.stdout()).toBe('{"message":"Hello hoge!"}\n');
    expect(run.stderr()).toMatch(/^RUNNING arn:.*\nSUCCEEDED\n$/);
  });

  test('execute of a task that fails gives 1, and the error and the cause on stderr', async () => {
    const run = execute(url, 'HelloWorld', '{}');
    expect(await run.ended).toEqual({ code: 1, signal: null });
    expect(run.stdout()).toBe('');
    expect(run.stderr()).toMatch(/\nFAILED\nerror: Stepwright\.InvalidInput\ncause: \{.*"who".*\}\n$/);
  });

  test('local serves without a config, and SIGTERM ends it with 0', async () => {
    const run = stepwright(['local', '--port', '0'], {}, dir);
    await endpointOf(run);
    run.child.kill('SIGTERM');
    expect(await run.ended).toEqual({ code: 0, signal: null });
  });

  test('types writes a file that --check finds up to date', async () => {
    const out = join(dir, 'machines.ts');
    expect(await stepwright(['types', '--out', out]).ended).toEqual({ code: 0, signal: null });
    expect(readFileSync(out, 'utf8')).toContain('HelloWorld');
    expect(await stepwright(['types', '--out', out, '--check']).ended).toEqual({ code: 0, signal: null });
  });

  test.each<[command: string, args: string[], code: number, shows: RegExp]>([
    ['check', [], 0, /^$/],
    ['schema', [HELLO], 0, /"who"/],
    ['config', [], 0, /concurrency/],
    ['test-state', ['state-machines/HelloWorld.asl.json', '--input', '{}'], 1, /by --state/],
    ['start', ['--concurrency', '0'], 1, /--concurrency: expected a whole number from 1 to 100000, got 0/],
    ['start', ['--config', 'nope.ts'], 1, /nope\.ts: there is no such file/],
    ['strat', [], 1, /Did you mean start\?/],
  ])('%s %j', async (command, args, code, shows) => {
    const run = stepwright([command, ...args]);
    expect(await run.ended).toEqual({ code, signal: null });
    expect(run.stdout() + run.stderr()).toMatch(shows);
  });
});

test('SIGTERM lets the worker drain, and ends it with 0', async () => {
  worker.child.kill('SIGTERM');
  expect(await worker.ended).toEqual({ code: 0, signal: null });
  expect(worker.stdout()).toContain('worker is stopped');
});
