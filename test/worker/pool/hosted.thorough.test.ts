import { execFile } from 'node:child_process';
import { setTimeout as nap } from 'node:timers/promises';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { describe, expect, test } from '@jest/globals';
import { type Config, createWorker, StartError } from 'stepwright';
import { compiled } from '../../support/hosted.js';
import { useWorld, type WorkerWorld } from '../../support/world.js';
import config from './fixtures/hosted.config.js';

const execute = promisify(execFile);
const module = compiled('test/worker/pool/fixtures/hosted.config.ts');
const arnOf = (name: string): string => `arn:aws:states:us-east-1:123456789012:activity:${name}`;
/** Each costs the half of a second to start. */
const POOL = { threads: 1, processes: 1 };
const TWO = { threads: 2, processes: 2 };

const world = useWorld();

interface Result {
  readonly status?: string;
  readonly error?: string;
  readonly cause: Record<string, unknown>;
  readonly output: unknown;
}

const json = (text: string | undefined): never => JSON.parse(text ?? 'null') as never;

async function resultOf(execution: string): Promise<Result> {
  const { status, error, cause, output } = await world.describe(execution);
  return { status, error, cause: json(cause), output: json(output) };
}

/** Runs one execution to its end, on a clock that stands still. */
async function ran(w: WorkerWorld, machine: string, input: unknown): Promise<Result> {
  const before = w.told.length;
  const execution = await world.execute(machine, input);
  const over = (): boolean =>
    w.told.slice(before).some(({ event }) => event === 'task:succeeded' || event === 'task:failed');
  // A heartbeat that is asked for leaves within some milliseconds of the clock. The core is for the process or thread.
  while (!over()) await Promise.all([world.clock.advance(1), nap(1)]);
  await world.clock.settle();
  return resultOf(execution);
}

/** A worker that polls for both handlers. */
async function started(more: Config, of = module, random = 0): Promise<WorkerWorld> {
  for (const name of ['Ordinary', 'Wrong']) world.service.seedActivity(arnOf(name));
  const w = await world.worker({ ...config, pool: POOL, ...more }, { module: of, random });
  await world.clock.advance(50);
  return w;
}

/** Waits for what a thread or process does. It takes its time on a busy machine. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await Promise.all([world.clock.settle(), nap(5)]);
}

const said = (w: WorkerWorld, message: string) => w.log.filter(({ msg }) => msg === message);
const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe.each(['thread', 'process'] as const)("run: '%s'", (run) => {
  const start = (more: Config = {}): Promise<WorkerWorld> => started({ run, ...more });

  test('the same class with its setup, interceptors, DTO and context, away from the main thread', async () => {
    const w = await start({ workerName: 'me' });
    const machine = world.machine(arnOf('Ordinary'));
    const { output } = await ran(w, machine, { item: 'tea' });
    expect(output).toMatchObject({
      handler: 'Ordinary.run',
      activityArn: arnOf('Ordinary'),
      workerName: 'me',
      rawInput: '{"item":"tea"}',
      order: 'one TEA',
      current: true,
      marked: true,
      setups: 1,
      called: 1,
      receivedAt: expect.stringMatching(/^2026-01-01T00:00:/),
    });
    const { where } = output as { where: string | number };
    expect(String(where).startsWith(`${process.pid}/`)).toBe(run === 'thread');
    expect(where).not.toBe(process.pid);
    expect((await ran(w, machine, { item: 'milk' })).output).toMatchObject({ where, setups: 1, called: 2 });
    expect((await ran(w, machine, { item: 7 })).error).toBe('Stepwright.InvalidInput');
    expect(w.of('task:progress')[0]).toMatchObject({ fraction: 0.5, message: 'half' });
    expect(said(w, 'said')[0]).toMatchObject({
      level: 'warn',
      handler: 'Ordinary.run',
      task: expect.any(String),
      big: '7',
      order: { item: 'tea' },
      err: { message: 'odd', stack: expect.stringContaining('RangeError: odd') },
    });
    expect(said(w, 'before')).toHaveLength(2);
  });

  test('whatever becomes of a task there is one report, and costs no other', async () => {
    const w = await start({ pool: TWO });
    const machine = world.machine(arnOf('Wrong'));
    expect(await ran(w, machine, 'declined')).toMatchObject({
      error: 'Declined',
      cause: { data: { code: 7 } },
    });
    expect(await ran(w, machine, 'forgotten')).toMatchObject({ status: 'SUCCEEDED', output: 'done' });
    expect(w.log.filter(({ msg }) => String(msg).includes('was not handled'))).toMatchObject([
      { level: 'error', handler: 'Wrong.run', err: { message: 'forgotten' } },
    ]);
    const patient = await world.execute(machine, 'drains');
    await until(() => said(w, 'waiting').length === 1);
    expect(await ran(w, machine, 'exit')).toMatchObject({
      error: 'Stepwright.HandlerCrashed',
      cause: { errorMessage: expect.stringContaining('exit code 7'), data: { exitCode: 7 } },
    });
    const uncaught = await ran(w, machine, 'uncaught');
    expect(uncaught.error).toBe('Stepwright.HandlerCrashed');
    expect(JSON.stringify(uncaught.cause)).toMatch(/nobody catches this/);
    expect(uncaught.cause).toMatchObject({
      data: { exitCode: 1, stderr: expect.stringMatching(/^last words/) },
    });
    expect(w.worker.status().handlers.find(({ name }) => name === 'Wrong.run')).toMatchObject({ running: 1 });
    void w.worker.stop();
    await until(() => w.of('task:succeeded').length === 2);
    expect(await resultOf(patient)).toMatchObject({ status: 'SUCCEEDED', output: 'drained' });
  });

  test('what does not end within 5 s of its signal is ended, and its slot is free', async () => {
    const w = await start({ heartbeat: '10s', pool: TWO });
    const machine = world.machine(arnOf('Wrong'));
    const wrongs = run === 'thread' ? ['loop', 'deaf'] : ['loop', 'grandchild'];
    const executions = await Promise.all(wrongs.map((wrong) => world.execute(machine, wrong)));
    const polite = await world.execute(machine, 'polite');
    await until(() => said(w, 'looping').length + said(w, 'spawned').length === 2);
    const status = () => w.worker.status().handlers.find(({ name }) => name === 'Wrong.run');
    for (const executionArn of executions)
      await world.client.send(new StopExecutionCommand({ executionArn }));
    await world.clock.advance(11_000);
    expect(w.of('task:gone')).toHaveLength(2);
    expect(status()).toMatchObject({ running: 2, polls: { open: 0 } });
    await world.clock.advance(5_000);
    // Both slots are free, so that the third task, which waited, was taken.
    await until(() => said(w, 'waiting').length === 1);
    expect(w.log.filter(({ msg }) => /did not end within 5 s of its signal/.test(String(msg)))).toHaveLength(
      2,
    );
    await until(() => said(w, 'spawned').every(({ pid }) => !alive(Number(pid))));
    await world.client.send(new StopExecutionCommand({ executionArn: polite }));
    await world.clock.advance(11_000);
    await until(() => status()?.running === 0);
    expect(w.log.filter(({ msg }) => /did not end within 5 s/.test(String(msg)))).toHaveLength(2);
  });
});

test.each(['process', 'thread'] as const)(
  'a deadline and a stop end an endless loop in a %s, too, each with its own report',
  async (run) => {
    const w = await started({ run, grace: '10s', handlers: { 'Wrong.run': { timeout: '30s' } } });
    const machine = world.machine(arnOf('Wrong'));
    const late = await world.execute(machine, 'loop');
    await until(() => said(w, 'looping').length === 1);
    await world.clock.advance(30_000);
    expect(await resultOf(late)).toMatchObject({ error: 'Stepwright.DeadlineExceeded' });
    expect(w.worker.status().tasks).toHaveLength(1);
    await world.clock.advance(5_000);
    expect(w.worker.status().tasks).toEqual([]);
    const stopped = await world.execute(machine, 'loop');
    await until(() => said(w, 'looping').length === 2);
    const stop = w.worker.stop();
    world.service.endPolls();
    await world.clock.advance(15_000);
    expect(await resultOf(stopped)).toMatchObject({ error: 'Stepwright.WorkerShutdown' });
    await stop;
    // Two loops would go on for ever. Of threads the process is this one.
    const pids = said(w, 'looping').map(({ pid }) => Number(pid));
    if (run === 'process') await until(() => !pids.some(alive));
  },
);

const HELD = [
  ['process', 150],
  ['thread', 90],
] as const;
test.each(HELD)('a %s is replaced after so many tasks, or when it holds so much', async (run, memoryMb) => {
  const w = await started({ run, pool: { ...POOL, recycleAfter: 3, memoryMb } });
  const machine = world.machine(arnOf('Wrong'));
  const wheres: unknown[] = [];
  for (const what of ['where', 'where', 'where', 'hoard', 'where'])
    wheres.push((await ran(w, machine, what)).output);
  expect(wheres.map((where) => wheres.indexOf(where))).toEqual([0, 0, 0, 3, 4]);
});

test('a thread whose heap is full is one report, and the next task is run', async () => {
  // Threads that start from now on have so many megabytes.
  setFlagsFromString('--max-old-space-size=60');
  try {
    const w = await started({ run: 'thread' });
    const machine = world.machine(arnOf('Wrong'));
    expect(await ran(w, machine, 'fill')).toMatchObject({
      error: 'Stepwright.HandlerCrashed',
      cause: { errorMessage: expect.stringContaining('reaching memory limit: JS heap out of memory') },
    });
    expect((await ran(w, machine, 'where')).status).toBe('SUCCEEDED');
  } finally {
    setFlagsFromString('--max-old-space-size=0');
  }
});

test('a process that crashes, or is killed, is one report', async () => {
  const w = await started({ run: 'process' });
  const machine = world.machine(arnOf('Wrong'));
  expect(await ran(w, machine, 'segfault')).toMatchObject({
    error: 'Stepwright.HandlerCrashed',
    cause: { data: { signal: 'SIGSEGV' } },
  });
  expect(await ran(w, machine, 'killed')).toMatchObject({
    cause: { errorMessage: expect.stringContaining('memory runs out'), data: { signal: 'SIGKILL' } },
  });
});

test('where none can be started each task fails with the reason, and they do not fail as fast as they come', async () => {
  const broken = compiled('test/worker/pool/fixtures/broken.config.ts');
  // With 0 the wait after a failed start would be over at once.
  const w = await started({ run: 'thread', pool: { threads: 1 } }, broken, 0.5);
  const machine = world.machine(arnOf('Ordinary'));
  expect(await ran(w, machine, {})).toMatchObject({
    error: 'Stepwright.HandlerCrashed',
    cause: { errorMessage: expect.stringMatching(/could not be started: .*no handler Ordinary.run/s) },
  });
  await world.execute(machine, {});
  expect(w.worker.status().counts.received).toBe(1);
  await world.clock.advance(2_000);
  await until(() => w.worker.status().counts.failed === 2);
  expect(w.worker.status().counts.received).toBe(2);
});

test.each(['thread', 'process'])(
  'a worker in the code of `node --eval` has handlers in a %s',
  async (run) => {
    const code = `
    import { createWorker } from 'stepwright';
    import { startLocalService } from 'stepwright/local';
    const { default: config } = await import('${module}');
    const local = await startLocalService({ port: 0 });
    for (const name of ['Ordinary', 'Wrong']) local.seedActivity('${arnOf('')}' + name);
    const states = { A: { Type: 'Task', Resource: '${arnOf('Ordinary')}', End: true } };
    const definition = JSON.stringify({ StartAt: 'A', States: states });
    const stateMachineArn = local.seedMachine({ name: 'M', definition });
    const ask = async (operation, body) => {
      const headers = { 'x-amz-target': 'AWSStepFunctions.' + operation };
      return (await fetch(local.url, { method: 'POST', headers, body: JSON.stringify(body) })).json();
    };
    const { executionArn } = await ask('StartExecution', { stateMachineArn, input: '{"item":"tea"}' });
    const options = { ...config, run: '${run}', endpoint: local.url, region: 'us-east-1' };
    const worker = await createWorker(options, { module: '${module}' });
    worker.on('task:settled', () => worker.stop());
    await worker.run();
    const { status, output } = await ask('DescribeExecution', { executionArn });
    await local.close();
    console.log(status, output);`;
    const { stdout } = await execute(process.execPath, ['--input-type=module', '--eval', code]);
    // Lines of the log may follow, since they are gathered for a moment.
    expect(stdout).toMatch(/^SUCCEEDED .*TEA/m);
  },
);

async function problemsOf(more: Config, options: { module?: string } = {}) {
  const failed: unknown = await createWorker({ ...config, ...more }, options).catch(
    (error: unknown) => error,
  );
  return failed instanceof StartError ? failed.problems : [];
}

test('at the start a module is asked for, and a thread or process for what a handler declares', async () => {
  const needed = await problemsOf({ run: 'thread' });
  expect(needed).toMatchObject([
    { code: 'MODULE_MISSING', where: 'Ordinary.run' },
    { code: 'MODULE_MISSING', where: 'Wrong.run' },
  ]);
  expect(await problemsOf({ run: 'process' }, { module: './config.js' })).toMatchObject([
    { what: expect.stringContaining('no URL') },
    {},
  ]);
  const evaluated = 'file:///srv/[eval1]';
  expect(await problemsOf({ run: 'thread' }, { module: evaluated })).toMatchObject([
    { what: expect.stringContaining(`the module ${evaluated}, and there is no such file`) },
    {},
  ]);
  const handlers = { 'Wrong.run': { run: 'thread', concurrency: 3 } } as const;
  expect(await problemsOf({ handlers, pool: TWO }, { module })).toMatchObject([
    {
      code: 'POOL_TOO_SMALL',
      where: 'Wrong.run',
      what: "handlers['Wrong.run'] asks for a concurrency of 3, and its pool has 2 threads",
      fix: 'set pool.threads to 3, or concurrency to 2 at most',
    },
  ]);
});

test('what is said of all handlers is cut to the size of a pool, and that is told once', async () => {
  const w = await started({ run: 'thread', concurrency: 50, pool: TWO });
  expect(w.worker.status().handlers.map(({ concurrency }) => concurrency)).toEqual([2, 2]);
  expect(w.log.filter(({ msg }) => String(msg).includes('its pool has 2 slots'))).toHaveLength(2);
});
