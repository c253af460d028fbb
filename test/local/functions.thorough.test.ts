import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, utimesSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { devNull, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Lambdas } from 'stepwright/local';
import { silentLog } from '../../src/framework/base/log/log.js';
import { eventsOf, outcome, run } from './one-state.js';
import { newClient, openBench } from './service.js';

const HANDLERS = resolve('test/local/fixtures/functions');
const arnOf = (name: string): string => `arn:aws:lambda:us-east-1:123456789012:function:${name}`;
const INVOKE = 'arn:aws:states:::lambda:invoke';

const plain = (name = 'F'): object => ({ Type: 'Task', Resource: arnOf(name), End: true });
const invoke = (parameters: object = {}, FunctionName = 'F'): object => ({
  Type: 'Task',
  Resource: INVOKE,
  Parameters: { FunctionName, ...parameters },
  End: true,
});
const running = (handler: string): { lambdas: Lambdas } => ({ lambdas: { F: `${HANDLERS}.${handler}` } });

describe('a function of the user', () => {
  test.each([
    ['is async', 'echo', { a: 1 }, { a: 1 }],
    ['calls back', 'calledBack', { a: 1 }, { got: { a: 1 } }],
    ['returns nothing, and has nothing more to do', 'nothing', {}, null],
    ['returns text', 'text', {}, 'Hello'],
    ['is a property of an export', 'nested.inner.handler', {}, 'nested'],
  ])('%s', async (_title, handler, input, output) => {
    expect(await outcome(running(handler), plain(), input)).toMatchObject({ status: 'SUCCEEDED', output });
  });

  test('gets the context object of Lambda, and an environment of its own', async () => {
    const lambdas = { F: { handler: `${HANDLERS}.context`, memoryMb: 200, env: { OWN: 'yes' } } };
    const { output } = await outcome({ lambdas }, plain());
    expect(output).toEqual({
      callbackWaitsForEmptyEventLoop: true,
      functionName: 'F',
      functionVersion: '$LATEST',
      invokedFunctionArn: arnOf('F'),
      memoryLimitInMB: '200',
      awsRequestId: expect.stringMatching(/^[\w-]{36}$/),
      logGroupName: '/aws/lambda/F',
      logStreamName: 'local',
      hasTime: true,
      name: 'F',
      own: 'yes',
    });
  });

  describe('reaches AWS only by a profile or keys of its own', () => {
    const folder = mkdtempSync(join(tmpdir(), 'functions-'));
    const file = join(folder, 'credentials');
    writeFileSync(file, '[dev]\naws_access_key_id = DEV\naws_secret_access_key = s\n');
    const shell = {
      AWS_ACCESS_KEY_ID: 'AKIAREAL',
      AWS_SECRET_ACCESS_KEY: 's',
      AWS_SESSION_TOKEN: 't',
      AWS_PROFILE: 'dev',
      AWS_REGION: 'ap-northeast-1',
      AWS_SHARED_CREDENTIALS_FILE: file,
    };
    const before = { ...process.env };
    beforeEach(() => void Object.assign(process.env, shell));
    afterEach(() => {
      for (const name of Object.keys(shell)) delete process.env[name];
      Object.assign(process.env, before);
    });

    test.each([
      ['local', {}],
      ['OWN', { AWS_ACCESS_KEY_ID: 'OWN', AWS_SECRET_ACCESS_KEY: 's' }],
      ['DEV', { AWS_PROFILE: 'dev' }],
    ])('%s', async (accessKeyId, own) => {
      const lambdas = { F: { handler: `${HANDLERS}.account`, env: own } };
      const env = { AWS_ENDPOINT_URL_SQS: 'http://127.0.0.1:1' };
      expect((await outcome({ lambdas, env }, plain())).output).toEqual({
        accessKeyId,
        region: 'us-east-1',
        endpoint: 'http://127.0.0.1:1',
      });
    });

    test('and has no other variable of the shell that leads there', async () => {
      const { output } = await outcome(running('variables'), plain());
      const { AWS_SESSION_TOKEN, AWS_PROFILE, AWS_SHARED_CREDENTIALS_FILE, ...others } =
        output as NodeJS.ProcessEnv;
      expect([AWS_SESSION_TOKEN, AWS_PROFILE, AWS_SHARED_CREDENTIALS_FILE]).toEqual([
        undefined,
        undefined,
        devNull,
      ]);
      expect(others).toMatchObject({
        AWS_DEFAULT_REGION: 'us-east-1',
        AWS_EC2_METADATA_DISABLED: 'true',
        LAMBDA_TASK_ROOT: process.cwd(),
        _HANDLER: 'test/local/fixtures/functions.variables',
      });
    });
  });

  test('is loaded once, and again when its file has changed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'functions-'));
    const file = join(folder, 'fn.mjs');
    copyFileSync(`${HANDLERS}.mjs`, file);
    const bench = await openBench({ lambdas: { F: join(folder, 'fn.counted') } });
    expect((await run(bench, plain())).output).toBe(1);
    expect((await run(bench, plain())).output).toBe(2);
    writeFileSync(file, "export const counted = async () => 'changed';");
    utimesSync(file, new Date(), new Date(Date.now() + 60_000));
    expect((await run(bench, plain())).output).toBe('changed');
  });

  test('is loaded again when what it imports was not there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'functions-'));
    writeFileSync(join(folder, 'fn.mjs'), "export { echo } from './part.mjs';");
    const bench = await openBench({ lambdas: { F: join(folder, 'fn.echo') } });
    expect(await run(bench, plain())).toMatchObject({ cause: expect.stringContaining('part.mjs') });
    writeFileSync(join(folder, 'part.mjs'), 'export const echo = async (event) => event;');
    expect(await run(bench, plain(), 'there')).toMatchObject({ output: 'there' });
  });
});

test('what a function writes is logged line by line, with its name and request', async () => {
  const lines: [object, string][] = [];
  const info = (fields: object, line: string): void => void lines.push([fields, line]);
  const log = { ...silentLog, info } as typeof silentLog;
  await outcome({ ...running('prints'), log }, plain());
  const about = { function: 'F', requestId: expect.stringMatching(/^[\w-]{36}$/) };
  expect(lines).toEqual(expect.arrayContaining(['first', 'second', 'third'].map((line) => [about, line])));
});

test('a function that writes more than is read from the service has to wait, and no line is lost', async () => {
  const lambdas = JSON.stringify({ F: { handler: `${HANDLERS}.floods`, timeout: '3s' } });
  const program = `
    import { startLocalService } from 'stepwright/local';
    const service = await startLocalService({ port: 0, lambdas: ${lambdas} });
    process.stderr.write(service.url);`;
  const apart = spawn(process.execPath, ['--input-type=module', '-e', program]);
  const [url]: unknown[] = await once(apart.stderr, 'data');
  const client = newClient({ url: String(url) });
  const bench = { ...(await openBench()), client };
  const { cause } = await run(bench, plain());
  let text = '';
  apart.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  while (text.length < 100_000) await once(apart.stdout, 'data');
  client.destroy();
  apart.kill();
  await once(apart, 'close');
  expect(cause).toContain('Task timed out');
  const lines = text.split('\n');
  expect(lines.slice(0, -2).every((line, index) => line.startsWith(`${index} `))).toBe(true);
});

test('a process that runs nothing ends after a minute', async () => {
  const bench = await openBench(running('counted'));
  expect((await run(bench, plain())).output).toBe(1);
  await bench.clock.advance(59_000);
  expect((await run(bench, plain())).output).toBe(2);
  await bench.clock.advance(61_000);
  expect((await run(bench, plain())).output).toBe(1);
});

test('functions are loaded again when they are replaced, and one that is gone is called no more', async () => {
  const bench = await openBench(running('counted'));
  expect((await run(bench, plain())).output).toBe(1);
  bench.service.replaceFunctions({ F: `${HANDLERS}.counted`, G: `${HANDLERS}.echo` });
  expect((await run(bench, plain())).output).toBe(1);
  expect((await run(bench, plain())).output).toBe(2);
  bench.service.replaceFunctions({ G: `${HANDLERS}.echo` });
  expect((await run(bench, plain())).cause).toContain("lambdas: { 'F':");
  expect((await run(bench, plain('G'), 3)).output).toBe(3);
});

test('ten invocations of a function run at once, and others wait', async () => {
  const bench = await openBench(running('counted'));
  const ended = await Promise.all(Array.from({ length: 25 }, () => run(bench, plain())));
  // Each process counts its own.
  const counts = ended.map(({ output }) => Number(output));
  expect(counts.length).toBe(25);
  expect(counts.filter((count) => count === 1).length).toBeLessThanOrEqual(10);
});

describe('a process ends', () => {
  const isConnected = async (server: Server): Promise<Socket> => {
    const [socket] = (await once(server, 'connection')) as [Socket];
    socket.resume().on('error', () => {});
    return socket;
  };
  const listening = async (): Promise<{ server: Server; port: number }> => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { server, port: (server.address() as AddressInfo).port };
  };

  test('that has loaded an older file, when the function runs again', async () => {
    const { server, port } = await listening();
    const file = join(mkdtempSync(join(tmpdir(), 'functions-')), 'fn.mjs');
    copyFileSync(`${HANDLERS}.mjs`, file);
    const bench = await openBench({ lambdas: { F: file.replace('.mjs', '.connects') } });
    const connected = isConnected(server);
    await run(bench, plain(), { port });
    const closed = once(await connected, 'close');
    utimesSync(file, new Date(), new Date(Date.now() + 60_000));
    await run(bench, plain(), { port });
    await closed;
    expect((await connected).destroyed).toBe(true);
    server.close();
  });

  test('that a function has started, with the service, also if the function was replaced meanwhile', async () => {
    const { server, port } = await listening();
    const bench = await openBench(running('spawns'));
    const connected = isConnected(server);
    run(bench, plain(), { port }).catch(() => {});
    const socket = await connected;
    const closed = once(socket, 'close');
    bench.service.replaceFunctions({});
    await bench.service.close();
    await closed;
    expect(socket.destroyed).toBe(true);
    server.close();
  });

  test('that a function has started, with a service that is killed', async () => {
    const { server, port } = await listening();
    const definition = JSON.stringify({ StartAt: 'X', States: { X: plain() } });
    const program = `
      import { startLocalService } from 'stepwright/local';
      const service = await startLocalService({ port: 0, lambdas: { F: '${HANDLERS}.spawns' } });
      const stateMachineArn = service.seedMachine({ name: 'M', definition: ${JSON.stringify(definition)} });
      await fetch(service.url, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-amz-json-1.0',
          'x-amz-target': 'AWSStepFunctions.StartExecution',
        },
        body: JSON.stringify({ stateMachineArn, input: '{"port":${port}}' }),
      });`;
    const connected = isConnected(server);
    const killed = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'ignore' });
    const socket = await connected;
    const closed = once(socket, 'close');
    killed.kill('SIGKILL');
    await closed;
    expect(socket.destroyed).toBe(true);
    server.close();
  });
});

describe('a failure of a function', () => {
  test('is also that of the system, which refuses its process', async () => {
    const lambdas = { F: { handler: `${HANDLERS}.echo`, env: { NAME: 'a\0b' } } };
    const { status, error, cause } = await outcome({ lambdas }, plain());
    expect([status, error]).toEqual(['FAILED', 'TypeError']);
    expect(cause).toContain('null bytes');
  });

  test('has the type, the message and the trace of the error', async () => {
    const { status, error, cause = '' } = await outcome(running('throws'), plain());
    expect([status, error]).toEqual(['FAILED', 'PaymentDeclined']);
    expect(JSON.parse(cause)).toEqual({
      errorType: 'PaymentDeclined',
      errorMessage: 'no money',
      trace: expect.arrayContaining([
        expect.stringMatching(/^PaymentDeclined: no money/),
        expect.stringContaining(' at '),
      ]),
    });
    const events = await eventsOf(running('throws'), plain());
    expect(events.map(({ type }) => type)).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
      'LambdaFunctionScheduled',
      'LambdaFunctionStarted',
      'LambdaFunctionFailed',
      'ExecutionFailed',
    ]);
  });

  test.each([
    ['throwsAtOnce', 'TypeError', 'at once'],
    ['throwsText', 'string', 'just text'],
    ['calledBackWithError', 'RangeError', 'too far'],
    ['exits', 'Runtime.ExitError', 'exit status 7'],
    ['unhandled', 'Runtime.UnhandledPromiseRejection', 'nobody waits'],
    ['uncaught', 'SyntaxError', 'in a callback'],
    ['cyclic', 'Error', 'Unable to stringify response body'],
    ['big', 'Function.ResponseSizeTooLarge', '6291556 bytes'],
    ['large', 'States.DataLimitExceeded', 'returned a result with a size exceeding'],
    ['missing', 'Runtime.HandlerNotFound', 'functions.missing is undefined or not exported'],
    ['notCallable', 'Runtime.HandlerNotFound', 'functions.notCallable is not a function'],
  ])('%s is %s', async (handler, error, part) => {
    const lambdas = { F: { handler: `${HANDLERS}.${handler}`, memoryMb: 128 } };
    const bench = await openBench({ lambdas });
    for (const state of [plain(), invoke()])
      expect(await run(bench, state)).toMatchObject({
        status: 'FAILED',
        error,
        cause: expect.stringContaining(part),
      });
  });

  test.each([
    ['UserCodeSyntaxError', 'export const handler = async ( => 1;', /^SyntaxError: Unexpected token/],
    ['ImportModuleError', "import 'node:fs'; import './part.cjs';", /^Error: Cannot find module 'gone'\n/],
  ])('Runtime.%s has the words of Lambda', async (name, code, message) => {
    const folder = mkdtempSync(join(tmpdir(), 'functions-'));
    writeFileSync(join(folder, 'fn.mjs'), code);
    writeFileSync(join(folder, 'part.cjs'), "require('gone');");
    const { error, cause = '' } = await outcome({ lambdas: { F: join(folder, 'fn.handler') } }, plain());
    expect(error).toBe(`Runtime.${name}`);
    expect(JSON.parse(cause)).toMatchObject({ errorMessage: expect.stringMatching(message) });
  });

  // In a process of its own: Jest reads V8's report in the output as one of Jest's own process.
  test.each(['fills', 'buffers'])('memory that is full is Lambda.Unknown: %s', async (handler) => {
    const lambdas = JSON.stringify({ F: { handler: `${HANDLERS}.${handler}`, memoryMb: 128 } });
    const program = `
      import { startLocalService } from 'stepwright/local';
      const service = await startLocalService({ port: 0, lambdas: ${lambdas} });
      console.log(service.url);`;
    const stdio = ['ignore', 'pipe', 'ignore'] as const;
    const apart = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: [...stdio] });
    const [line]: unknown[] = await once(apart.stdout, 'data');
    apart.stdout.resume();
    const client = newClient({ url: String(line).trim() });
    const bench = { ...(await openBench()), client };
    for (const state of [plain(), invoke()])
      expect(await run(bench, state)).toMatchObject({
        status: 'FAILED',
        error: 'Lambda.Unknown',
        cause: expect.stringContaining('signal: killed'),
      });
    client.destroy();
    apart.kill();
  });

  test('a module that is not there names its path', async () => {
    const { error, cause } = await outcome({ lambdas: { F: './no/such/file.handler' } }, plain());
    expect(error).toBe('Runtime.ImportModuleError');
    expect(cause).toContain(`Error: Cannot find module '${resolve('./no/such/file')}' (.js, .mjs or .cjs)`);
  });

  test('its own timeout ends it, and other functions run on', async () => {
    const lambdas = { F: { handler: `${HANDLERS}.hangs`, timeout: '3050ms' }, G: `${HANDLERS}.echo` };
    const bench = await openBench({ lambdas });
    const { error, cause } = await run(bench, plain(), {}, 1);
    expect(error).toBe('Lambda.Unknown');
    expect(cause).toMatch(
      /^The cause could not be determined because Lambda did not return an error type\. Returned payload: \{"errorMessage":"\S+\.050Z [\w-]{36} Task timed out after 3\.05 seconds"\}$/,
    );
    expect((await run(bench, plain('G'), 1)).output).toBe(1);
  });

  test('TimeoutSeconds of the state is States.Timeout, without a cause', async () => {
    const state = { ...invoke(), TimeoutSeconds: 5 };
    const bench = await openBench(running('hangs'));
    expect(await run(bench, state, {}, 1)).toMatchObject({ error: 'States.Timeout', cause: undefined });
    const events = await eventsOf(running('hangs'), state);
    expect(events.at(-2)).toMatchObject({
      type: 'TaskTimedOut',
      taskTimedOutEventDetails: { error: 'States.Timeout', resource: 'invoke', resourceType: 'lambda' },
    });
  });
});

describe('lambda:invoke', () => {
  test('answers as recorded, in this order', async () => {
    const { output } = await outcome(running('echo'), invoke({ Payload: { a: 1 } }));
    expect(Object.keys(output as object)).toEqual([
      'ExecutedVersion',
      'Payload',
      'SdkHttpMetadata',
      'SdkResponseMetadata',
      'StatusCode',
    ]);
    expect(output).toMatchObject({
      ExecutedVersion: '$LATEST',
      Payload: { a: 1 },
      SdkHttpMetadata: {
        AllHttpHeaders: { 'X-Amz-Executed-Version': ['$LATEST'], 'Content-Length': ['7'] },
        HttpHeaders: { 'Content-Type': 'application/json', 'Content-Length': '7' },
        HttpStatusCode: 200,
      },
      SdkResponseMetadata: { RequestId: expect.any(String) },
      StatusCode: 200,
    });
  });

  test.each([
    ['null is an empty object', null, {}],
    ['text is sent as it is', '"Hello"', 'Hello'],
    ['a list', [1], [1]],
    ['a number', 0, 0],
  ])('%s', async (_title, Payload, expected) => {
    const { output } = await outcome(running('echo'), invoke({ Payload }));
    expect(output).toMatchObject({ Payload: expected });
  });

  test('text that is not JSON is refused', async () => {
    const { error } = await outcome(running('echo'), invoke({ Payload: 'Hello' }));
    expect(error).toBe('Lambda.InvalidRequestContentException');
  });

  test.each(['F', 'F:live', arnOf('F'), `${arnOf('F')}:$LATEST`, '123456789012:function:F', 'function:F'])(
    'finds a function by %s',
    async (name) => {
      const { output } = await outcome(running('text'), invoke({}, name));
      expect(output).toMatchObject({ Payload: 'Hello' });
    },
  );

  test('an event is not waited for', async () => {
    const { output } = await outcome(running('never'), invoke({ InvocationType: 'Event' }));
    expect(output).toMatchObject({ StatusCode: 202 });
  });

  test('by aws-sdk, the payload is text, and an error of the function is no failure', async () => {
    const state = {
      Type: 'Task',
      Resource: 'arn:aws:states:::aws-sdk:lambda:invoke',
      End: true,
      Parameters: { FunctionName: 'F', Payload: '{}' },
    };
    const { status, output } = await outcome(running('throws'), state);
    expect(status).toBe('SUCCEEDED');
    expect(output).toEqual({
      ExecutedVersion: '$LATEST',
      FunctionError: 'Unhandled',
      StatusCode: 200,
      Payload: expect.stringContaining('"errorType":"PaymentDeclined"'),
    });
  });
});
