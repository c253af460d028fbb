import { execFile, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { killAll, type Run, stepwright } from '../support/cli.js';

const HELLO = 'src/activities/hello-world.activity.ts';
const GREETING = 'src/activities/greeting.activity.ts';
const ACCOUNT = 'us-east-1:123456789012';

const TEMPLATE = `Resources:
  Stack:
    Type: AWS::Serverless::StateMachine
    Properties:
      Definition: { StartAt: A, States: { A: { Type: Pass, Result: !Sub 'from \${AWS::Region}', End: true } } }
`;

const SNS = 'arn:aws:states:::sns:publish';
/** A mock that answers only when it hears that nobody waits any more. */
const MOCKS = `mocks: {
    '${SNS}': (_, { signal }) =>
      new Promise((answer) =>
        signal.addEventListener('abort', () => {
          console.log('the mock is cut');
          answer(1);
        }),
      ),
  },`;
const CUT = { StartAt: 'X', States: { X: { Type: 'Task', Resource: SNS, TimeoutSeconds: 1, End: true } } };

let dir: string;
let run: Run;
let url: string;

const path = (file: string): string => join(dir, file);
const edit = (file: string, from: string | RegExp, to: string): void =>
  writeFileSync(path(file), readFileSync(path(file), 'utf8').replace(from, to));

/** Makes a project as `new` writes it, with the packages of this repository. */
function makeProject(): void {
  dir = mkdtempSync(join(tmpdir(), 'stepwright-dev-'));
  cpSync('templates/project', dir, { recursive: true });
  mkdirSync(path('node_modules'));
  const packages = [
    'reflect-metadata',
    'tsyringe',
    'class-validator',
    'class-transformer',
    'typescript',
    '@types',
  ];
  for (const name of packages) symlinkSync(resolve('node_modules', name), path(`node_modules/${name}`));
  symlinkSync(resolve('.'), path('node_modules/stepwright'));
  writeFileSync(path('template.yaml'), TEMPLATE);
  writeFileSync(path('state-machines/Cut.asl.json'), JSON.stringify(CUT));
  edit('nest-style.config.ts', 'defineConfig({', `defineConfig({\n  ${MOCKS}`);
  // Its slow tasks end when the test writes a file.
  edit(
    HELLO,
    "task.log.info('greeting');",
    "task.log.info('greeting');\n    while (input.who === 'slow' && !existsSync('go')) await setTimeout(10);",
  );
  edit(
    HELLO,
    /^/,
    "import { existsSync } from 'node:fs';\nimport { setTimeout } from 'node:timers/promises';\n",
  );
}

async function ask(operation: string, body: object): Promise<Record<string, string>> {
  const headers = { 'x-amz-target': `AWSStepFunctions.${operation}` };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  return (await answer.json()) as Record<string, string>;
}

/** Starts an execution. @returns its output, or its status where that is not SUCCEEDED */
function execute(machine: string, input: object): Promise<unknown> {
  const stateMachineArn = `arn:aws:states:${ACCOUNT}:stateMachine:${machine}`;
  const started = ask('StartExecution', { stateMachineArn, input: JSON.stringify(input) });
  return started.then(async ({ executionArn }) => {
    for (;;) {
      const { status, output } = await ask('DescribeExecution', { executionArn });
      if (status !== 'RUNNING') return status === 'SUCCEEDED' ? JSON.parse(output ?? '') : status;
      await new Promise((wait) => setTimeout(wait, 20));
    }
  });
}

/** Counts the lines of the log that match a pattern. */
const count = (pattern: RegExp): number =>
  run
    .stdout()
    .split('\n')
    .filter((line) => pattern.test(line)).length;

/** Makes a change, and waits for another line that matches the pattern. */
async function afterwards(pattern: RegExp, change: () => void): Promise<void> {
  const before = count(pattern);
  change();
  await run.saw(new RegExp(`(?:[\\s\\S]*?(?:${pattern.source})[^\\n]*\\n){${before + 1}}`));
}

beforeAll(async () => {
  makeProject();
  run = stepwright(['dev', '--port', '0', '--template', 'template.yaml'], {}, dir);
  [, url = ''] = await run.saw(/Endpoint: (http:\/\/127\.0\.0\.1:\d+) /);
  await run.saw(/Watching for changes/);
});
afterAll(() => {
  killAll();
  rmSync(dir, { recursive: true });
});

const RESTARTED = /restarted in \d+ ms/;

// All of these tests share one `dev`: each goes on with the project that the test before has left.
describe('dev', () => {
  test('a task that runs ends under the old code, while the next one already runs the new', async () => {
    const old = execute('HelloWorld', { who: 'slow' });
    await run.saw(/"msg":"greeting"/);
    await afterwards(RESTARTED, () => edit('src/activities/greeter.ts', 'Hello', 'Welcome'));
    expect(await execute('HelloWorld', { who: 'you' })).toEqual({ message: 'Welcome you!' });
    writeFileSync(path('go'), '');
    expect(await old).toEqual({ message: 'Hello slow!' });
    await run.saw(/worker is stopped/);
  });

  test('a mock hears in its own process that its task has timed out', async () => {
    expect(await execute('Cut', {})).toBe('FAILED');
    await run.saw(/the mock is cut/);
  });

  test('a syntax error is shown with its place, and the old code goes on', async () => {
    await afterwards(/it does not compile: the old code keeps running/, () =>
      edit('src/activities/greeter.ts', 'return', 'retrun ='),
    );
    expect(run.stderr()).toMatch(/src\/activities\/greeter\.ts\(\d+,\d+\): error TS/);
    expect(await execute('HelloWorld', { who: 'you' })).toEqual({ message: 'Welcome you!' });
  });

  test('mended, with a file renamed, and with a new activity and its machine', async () => {
    await afterwards(RESTARTED, () => {
      edit('src/activities/greeter.ts', /retrun =.*/, 'return `Mended ${who}`;');
      renameSync(path(HELLO), path(GREETING));
      cpSync('templates/activity', dir, { recursive: true, filter: (file) => !file.includes('test/') });
    });
    expect(run.stdout()).toContain(
      'removed dist/src/activities/hello-world.activity.js: its source src/activities/hello-world.activity.ts was deleted',
    );
    expect(await execute('HelloWorld', { who: 'you' })).toEqual({ message: 'Mended you' });
    expect(run.stdout()).toContain(`Activity: arn:aws:states:${ACCOUNT}:activity:RefundOrder -> `);
    expect(run.stdout()).not.toContain('no handler takes the tasks');
    expect(await execute('RefundOrder', { id: '7' })).toEqual({ id: '7' });
  });

  test('a changed machine runs with its next execution, and no worker starts for it', async () => {
    const restarts = count(RESTARTED);
    await afterwards(/Machine: RefundOrder is changed/, () =>
      edit('state-machines/RefundOrder.asl.json', '"Type": "Task"', '"OutputPath": "$.id",\n"Type": "Task"'),
    );
    expect(await execute('RefundOrder', { id: '7' })).toEqual('7');
    await afterwards(/RefundOrder\.asl\.json:\d+:\d+: /, () =>
      edit('state-machines/RefundOrder.asl.json', '"StartAt": "RefundOrder"', '"StartAt": "Nowhere"'),
    );
    expect(await execute('RefundOrder', { id: '7' })).toEqual('7');
    expect(count(RESTARTED)).toBe(restarts);
    edit('state-machines/RefundOrder.asl.json', 'Nowhere', 'RefundOrder');
  });

  test('a changed template is read again, and one that can not be read leaves its machine as it was', async () => {
    expect(await execute('Stack', {})).toEqual('from us-east-1');
    await afterwards(/Machine: Stack is changed/, () => edit('template.yaml', 'from', 'now from'));
    expect(await execute('Stack', {})).toEqual('now from us-east-1');
    await afterwards(/template\.yaml:\d+:\d+: /, () => edit('template.yaml', "!Sub '", "!Sub '${Nobody}"));
    expect(await execute('Stack', {})).toEqual('now from us-east-1');
    expect(run.stdout()).not.toContain('Stack was removed');
  });

  test('code whose import never ends does not keep the code that mends it from running', async () => {
    const loop = "console.log('it loops');\nfor (;;);\n";
    edit('src/activities/greeter.ts', /^/, loop);
    await run.saw(/it loops/);
    await afterwards(/Machine: Stack is changed/, () =>
      edit('template.yaml', '${Nobody}now from', 'still from'),
    );
    expect(await execute('Stack', {})).toEqual('still from us-east-1');
    await afterwards(RESTARTED, () => edit('src/activities/greeter.ts', loop, ''));
    expect(await execute('HelloWorld', { who: 'you' })).toEqual({ message: 'Mended you' });
  });

  test('one SIGTERM ends all of it', async () => {
    run.child.kill('SIGTERM');
    expect(await run.ended).toEqual({ code: 0, signal: null });
    // A machine with a mistake leaves the one before in place.
    expect(run.stdout()).not.toContain('no state machine here names');
    expect(count(/worker is running/)).toBe(4);
    expect(count(/worker is stopped/)).toBe(4);
  });
});

test('a worker that is blocked does not outlive a `dev` that was killed', async () => {
  const loop = 'console.log(`process ${process.pid} loops`);\nfor (;;);\n';
  edit('src/activities/greeter.ts', /^/, loop);
  const killed = stepwright(['dev', '--port', '0'], {}, dir);
  const [, pid] = await killed.saw(/process (\d+) loops/);
  // A zombie has exited, and its parent has not read its code yet.
  const isAlive = (): boolean =>
    /^[^Z]/.test(spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout);
  expect(isAlive()).toBe(true);
  killed.child.kill('SIGKILL');
  while (isAlive()) await new Promise((next) => setTimeout(next, 10));
  edit('src/activities/greeter.ts', loop, '');
  spawnSync(process.execPath, [resolve('node_modules/typescript/bin/tsc')], { cwd: dir });
});

test('a start names what is compiled from an older source, and from one that is gone', async () => {
  const later = Date.now() / 1000 + 60;
  utimesSync(path(GREETING), later, later);
  cpSync(path('dist/src/activities/greeting.activity.js'), path('dist/src/activities/old.activity.js'));
  // Without any other problem, outdated files are warnings in the log.
  rmSync(path('src/activities/refund-order.activity.ts'));
  const args = ['start', '--port', '0', '--activities', '["./src/activities/*.activity.js", "!**/old*"]'];
  const start = stepwright(args, {}, dir);
  await start.saw(/Waiting for a task/);
  const stale = 'greeting.activity.js: its source src/activities/greeting.activity.ts is newer';
  expect(start.stdout()).toContain(stale);
  expect(start.stdout()).toContain(
    'refund-order.activity.js: its source src/activities/refund-order.activity.ts was deleted',
  );
  // An outdated file can be the cause of two classes on one activity.
  const failing = stepwright(['start', '--port', '0'], {}, dir);
  expect(await failing.ended).toEqual({ code: 1, signal: null });
  expect(failing.stderr()).toContain('HANDLER_DUPLICATE');
  expect(failing.stderr()).toContain(
    'old.activity.js: its source src/activities/old.activity.ts was deleted',
  );
});

test("two checks of a worker's machines that overlap are both answered", async () => {
  const file = resolve('dist/src/framework/cli/dev/worker-process.js');
  const script = `
    import { WorkerProcess } from ${JSON.stringify(file)};
    const worker = new WorkerProcess();
    const flags = { texts: { endpoint: 'http://127.0.0.1:1' }, handlers: [] };
    await worker.run({ flags, log: { logLevel: 'silent' }, onPlanned: async () => undefined });
    const machine = { name: 'M', file: 'm.asl.json', text: '{}', definition: '{}' };
    const found = await Promise.all([worker.check([machine]), worker.check([machine])]);
    console.log(JSON.stringify(found.map(([first]) => first.code)));
    worker.kill();`;
  const args = ['--input-type=module', '-e', script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 });
  expect(stdout).toBe('["MACHINE_INVALID","MACHINE_INVALID"]\n');
});
