import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as nap } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import {
  Activity,
  CommandFailed,
  type CommandOptions,
  Handle,
  runCommand,
  type TaskContext,
} from 'stepwright';
import { createTaskContext, createTestBed } from 'stepwright/testing';
import { Program } from '../../../src/framework/worker/pool/commands/program.js';
import { ProcessHost } from '../../../src/framework/worker/pool/process.js';
import { keepLog, type LogEntry } from '../../../src/framework/testing/bed/running-task.js';
import { silentLog } from '../../../src/framework/base/log/log.js';

interface Ran {
  readonly result: Promise<unknown>;
  readonly logs: LogEntry[];
  readonly progress: unknown[];
  readonly abort: (reason: Error) => void;
}

/** Runs a script of the shell for a task. */
function shell(script: string, options: CommandOptions = {}, rawInput = '{"a":"ü"}'): Ran {
  const logs: LogEntry[] = [];
  const progress: unknown[] = [];
  const aborter = new AbortController();
  const task = createTaskContext({
    rawInput,
    signal: aborter.signal,
    log: keepLog(logs, silentLog),
    progress: (...said) => void progress.push(said),
  });
  const result = runCommand(task, 'sh', ['-c', script, 'sh'], options);
  return { result, logs, progress, abort: (reason) => aborter.abort(reason) };
}

const failed = (ran: Ran): Promise<unknown> => ran.result.catch((error: unknown) => error);
const said = (ran: Ran, stream: string): string[] =>
  ran.logs.filter(({ fields }) => fields['stream'] === stream).map(({ message }) => message);

/** True while a process of the group runs. A zombie does not run. */
function groupLives(group: number): boolean {
  const list = execFileSync('ps', ['-A', '-o', 'pgid=,stat='], { encoding: 'utf8' });
  return list.split('\n').some((line) => new RegExp(`^ *${group} [^Z]`).test(line));
}

/** The process group of a script that prints it first: `echo $$`. */
async function groupOf(ran: Ran): Promise<number> {
  while (said(ran, 'stdout').length === 0) await nap(5);
  return Number(said(ran, 'stdout')[0]);
}

async function untilEnded(group: number): Promise<void> {
  while (groupLives(group)) await nap(5);
}

const STUBBORN = `trap '' TERM; echo $$; sh -c "trap '' TERM; while :; do sleep 1; done" & while :; do sleep 1; done`;

describe('the input comes in, and the result out', () => {
  test.each<[string, string, CommandOptions, unknown]>([
    ['on standard input', 'cat', {}, { a: 'ü' }],
    ['in a file', 'cat "$STEPWRIGHT_INPUT_FILE"', { inputAs: 'file' }, { a: 'ü' }],
    ['as an argument', 'echo "$1"', { inputAs: 'args' }, { a: 'ü' }],
    ['as arguments', 'echo "[\\"$1\\",\\"$2\\"]"', { inputAs: 'args', input: ['x y', 'z'] }, ['x y', 'z']],
    ['in a variable', 'echo "$STEPWRIGHT_INPUT"', { inputAs: 'env' }, { a: 'ü' }],
    ['not at all', 'cat; echo "$#"', { inputAs: 'none' }, 0],
    ['another one', 'cat', { input: { own: [1, null] } }, { own: [1, null] }],
    ['and it is not read', 'echo 1', { input: 'x'.repeat(200_000) }, 1],
    ['its last line is JSON', 'echo start; echo 1; echo "{\\"b\\":2}"; echo', {}, { b: 2 }],
    ['it is JSON over several lines', 'printf "{\\n  \\"b\\": [\\n    4\\n  ]\\n}\\n"', {}, { b: [4] }],
    [
      'it is JSON over more lines than are logged',
      'printf "["; seq -s , 1 500 | tr , "\\n" | sed "s/$/,/"; echo "0]"',
      {},
      [...Array(500).keys()].map((n) => n + 1).concat(0),
    ],
    ['no line is null', ':', {}, null],
    ['a line without its end', 'printf 7', {}, 7],
    ['from a file', 'echo noise; echo "[1]" > "$STEPWRIGHT_OUTPUT_FILE"', { outputFrom: 'file' }, [1]],
    ['none is wanted', 'echo 5', { outputFrom: 'none' }, null],
    [
      'variables and the directory',
      'echo "[\\"$X\\",\\"$PWD\\"]"',
      { env: { X: 'y' }, cwd: '/' },
      ['y', '/'],
    ],
  ])('%s', async (_, script, options, output) => {
    expect(await shell(script, options).result).toEqual(output);
  });
});

test('lines become lines of the log, and those of progress become progress', async () => {
  const ran = shell(
    `echo one; echo two >&2; echo '{"progress": 0.4, "message": "epoch 2/5"}'; echo '{"progress":1}'; echo '"done"'`,
  );
  expect(await ran.result).toBe('done');
  expect(ran.progress).toEqual([
    [0.4, 'epoch 2/5'],
    [1, undefined],
  ]);
  expect(said(ran, 'stdout')).toEqual(['one', '"done"']);
  expect(said(ran, 'stderr')).toEqual(['two']);
});

describe('a program that fails', () => {
  /** The report to the service. */
  async function told(script: string, options: CommandOptions = {}) {
    @Activity('command')
    class Command {
      @Handle({ input: 'any' }) run(_: unknown, task: TaskContext): Promise<unknown> {
        return runCommand(task, 'sh', ['-c', script], options);
      }
    }
    const result = await (await createTestBed(Command)).run(null);
    return result.status === 'failed'
      ? { error: result.error, cause: JSON.parse(result.cause) as unknown }
      : result;
  }

  test.each<[string, string, CommandOptions, string, object, string | RegExp]>([
    [
      'an exit code',
      'echo odd >&2; echo worse >&2; exit 3',
      {},
      'Stepwright.CommandFailed',
      { exitCode: 3, stderr: 'odd\nworse' },
      'sh ended with exit code 3: worse',
    ],
    [
      'an exit code with a name',
      'echo bad >&2; exit 3',
      { errors: { 3: 'BadInput' } },
      'BadInput',
      { exitCode: 3, stderr: 'bad' },
      'sh ended with exit code 3: bad',
    ],
    [
      'a name of its own',
      `echo '{"error":"BadRow","cause":"row 7"}'; exit 1`,
      {},
      'BadRow',
      { exitCode: 1 },
      'row 7',
    ],
    [
      'a signal',
      'kill -s SEGV $$',
      {},
      'Stepwright.CommandFailed',
      { signal: 'SIGSEGV' },
      'sh was ended by SIGSEGV',
    ],
    [
      'a time limit',
      'sleep 100',
      { timeout: '100ms' },
      'Stepwright.CommandFailed',
      { signal: 'SIGTERM' },
      'sh did not end within 100ms: it was ended',
    ],
    [
      'a limit on what it prints',
      'yes',
      { outputLimit: 1_000_000 },
      'Stepwright.CommandFailed',
      { signal: 'SIGTERM' },
      'sh printed more than 1000000 bytes: it was ended',
    ],
  ])('%s', async (_, script, options, error, data, errorMessage) => {
    expect(await told(script, options)).toMatchObject({ error, cause: { errorMessage, data } });
  });

  test.each<[string, string, CommandOptions, string, string]>([
    [
      'no JSON',
      'echo hello',
      {},
      'Stepwright.InvalidOutput',
      'expected standard output, or its last line, to be JSON; got the last line "hello": print the result as JSON, on the last line or alone',
    ],
    [
      'an output file that is not there',
      ':',
      { outputFrom: 'file' },
      'Stepwright.InvalidOutput',
      'the program wrote nothing to STEPWRIGHT_OUTPUT_FILE',
    ],
    [
      '100 MB without an end of a line',
      'head -c 100000000 /dev/zero | tr "\\0" x',
      {},
      'Stepwright.OutputTooLarge',
      'the program printed a line of more than 262144 bytes',
    ],
  ])('%s', async (_, script, options, error, errorMessage) => {
    const before = process.memoryUsage().rss;
    expect(await told(script, options)).toMatchObject({ error, cause: { errorMessage } });
    expect(process.memoryUsage().rss - before).toBeLessThan(80e6);
  });
});

test('a program that is not there, or a directory that is not, is said', async () => {
  const error: unknown = await runCommand(createTaskContext(), 'no-such-program').catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(CommandFailed);
  expect(error).toMatchObject({
    exitCode: null,
    message: expect.stringMatching(/no-such-program could not be started: .*ENOENT.*Is it installed/),
  });
  expect(await failed(shell(':', { cwd: '/no/such/folder' }))).toMatchObject({
    message: expect.stringContaining('in /no/such/folder'),
  });
});

test.each<[string, CommandOptions]>([
  ['too long for an argument', { inputAs: 'args', input: 'x'.repeat(3e6) }],
  ['too long for a variable', { inputAs: 'env', input: 'x'.repeat(3e6) }],
  ['with a character that no argument has', { inputAs: 'args', input: ['a\0b'] }],
])('an input that is %s is said, with what takes it', async (_, options) => {
  const error = await failed(shell('cat', options));
  expect(error).toBeInstanceOf(CommandFailed);
  expect(error).toMatchObject({
    exitCode: null,
    message: expect.stringMatching(/^sh could not be started: .* goes in by inputAs: 'stdin' or 'file'\.$/s),
  });
});

test('a flood of lines costs neither memory nor the log', async () => {
  const ran = shell('yes "some line of it" | head -n 300000; echo 5');
  expect(await ran.result).toBe(5);
  expect(said(ran, 'stdout').length).toBeLessThan(1_500);
  const lost = ran.logs
    .filter(({ message }) => message.includes('faster than'))
    .map(({ fields }) => Number(fields['lines']));
  expect(lost.reduce((sum, lines) => sum + lines, 0) + said(ran, 'stdout').length).toBe(300_001);
});

test('memory is limited where the system can', async () => {
  expect(await shell('ulimit -v', { memoryMb: 512, inputAs: 'none' }).result).toBe(524_288);
});

describe('nothing is left running', () => {
  test('of a group that ignores SIGTERM, after the signal aborts', async () => {
    const ran = shell(STUBBORN, { killAfter: '200ms' });
    const group = await groupOf(ran);
    const gone = new Error('gone');
    ran.abort(gone);
    expect(await failed(ran)).toBe(gone);
    await untilEnded(group);
  });

  test('of a program that minds SIGTERM, whose child does not', async () => {
    const ran = shell(`echo $$; sh -c "trap '' TERM; while :; do sleep 1; done" & wait`, {
      killAfter: '200ms',
    });
    const group = await groupOf(ran);
    const gone = new Error('gone');
    ran.abort(gone);
    expect(await failed(ran)).toBe(gone);
    await untilEnded(group);
  });

  test('of a program that has exited, and left a process that holds its pipes', async () => {
    const ran = shell(`sleep 1000 & echo $$; echo 7`, { killAfter: '200ms' });
    const began = performance.now();
    const group = await groupOf(ran);
    expect(await ran.result).toBe(7);
    expect(performance.now() - began).toBeLessThan(5_000);
    await untilEnded(group);
  });

  test('and one that closes its pipes and lives on is waited for', async () => {
    const ran = shell(`echo 7; exec >&- 2>&- <&-; sleep 0.3; exit 9`);
    expect(await failed(ran)).toMatchObject({ exitCode: 9 });
  });

  test('and a group that has ended is not signalled any more: its number may be another’s by then', async () => {
    const options = { args: [], cwd: undefined, env: process.env, stdin: undefined, memoryMb: undefined };
    const program = new Program({ ...options, file: 'true', killAfterMs: 1, onOutput: () => {} });
    const host = new ProcessHost();
    host.kill();
    await Promise.all([program.exited, host.exited]);
    const kill = jest.spyOn(process, 'kill');
    try {
      program.stop();
      host.kill();
      expect(kill).not.toHaveBeenCalled();
    } finally {
      kill.mockRestore();
    }
  });

  test('when the process that started it is killed', async () => {
    const script = `
      import { runCommand } from '${new URL('../../../dist/src/framework/index.js', import.meta.url).href}';
      const log = { info: (_, line) => console.log(line) };
      const task = { rawInput: '1', signal: new AbortController().signal, log, progress() {} };
      await runCommand(task, 'sh', ['-c', process.argv[1]]);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, STUBBORN], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const group = Number(String(line));
    expect(groupLives(group)).toBe(true);
    child.kill('SIGKILL');
    await untilEnded(group);
  });
});

test.each<[object, string]>([
  [{ killAfter: '5s' }, 'expected killAfter to be a duration with its unit'],
  [{ killAfter: 3 }, 'got 3 (number)'],
  [{ inputAs: 'pipe' }, "expected inputAs to be 'stdin' or 'file'"],
  [{ errors: { 300: 'X' } }, 'error names by exit code'],
  [{ errors: { 3: '' } }, 'error names by exit code'],
  [{ memoryMb: 0.5 }, 'a whole number from 1 up'],
  [{ outputLimit: '5' }, 'a whole number from 1 up'],
  [{ retries: 2 }, "no option 'retries'; it has input, inputAs"],
])('a wrong option is refused: %j', async (options, message) => {
  expect(await failed(shell(':', options))).toMatchObject({
    name: 'TypeError',
    message: expect.stringContaining(message),
  });
});

describe('in a folder', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'stepwright-test-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('a script with a first line that names its interpreter', async () => {
    const file = join(folder, 'job');
    writeFileSync(file, '#!/bin/sh\ncat\n');
    chmodSync(file, 0o755);
    expect(await runCommand(createTaskContext({ rawInput: '[1]' }), './job', [], { cwd: folder })).toEqual([
      1,
    ]);
  });
});
