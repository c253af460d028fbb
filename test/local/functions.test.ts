import { describe, expect, test } from '@jest/globals';
import { eventsOf, outcome } from './one-state.js';
import { openBench } from './service.js';
import { stubServer } from './stub-server.js';

const arnOf = (name: string): string => `arn:aws:lambda:us-east-1:123456789012:function:${name}`;
const INVOKE = 'arn:aws:states:::lambda:invoke';

const plain = (name = 'F'): object => ({ Type: 'Task', Resource: arnOf(name), End: true });
const invoke = (parameters: object = {}, FunctionName = 'F'): object => ({
  Type: 'Task',
  Resource: INVOKE,
  Parameters: { FunctionName, ...parameters },
  End: true,
});
const lambdas = { F: './no/such/file.handler' };

test('a mock stands before a function, and a function before nothing', async () => {
  const mocks = { [arnOf('F')]: { output: 'mocked' } };
  expect(await outcome({ ...lambdas, mocks }, plain())).toMatchObject({ output: 'mocked' });
  const { error, cause } = await outcome({ lambdas }, plain('Other'));
  expect(error).toBe('States.Runtime');
  expect(cause).toMatch(
    /Nothing answers .*function:Other'.* lambdas: \{ 'Other': '\.\/dist\/FILE\.handler' \}/,
  );
});

test.each([
  ['no dot'],
  ['./dist/file'],
  ['./dist/file.js.handler'],
  [null as never],
  [{ hander: './f.h' } as never],
  [{ handler: './f.h', memory: 128 } as never],
  [{ handler: './f.h', timeout: '3' }],
  [{ handler: './f.h', timeout: '20m' }],
  [{ handler: './f.h', memoryMb: 0 }],
  [{ handler: './f.h', memoryMb: 127 }],
  [{ handler: './f.h', memoryMb: 128.5 }],
])('a function in no valid form is refused by its name: %j', async (given) => {
  await expect(openBench({ lambdas: { Wrong: given } })).rejects.toThrow(
    "lambdas['Wrong']: expected './dist/file.handler', or { handler, timeout:",
  );
});

test('all functions that are refused are told at once, each as it was given', async () => {
  const wrong = { F: 5, G: './f' } as never;
  await expect(openBench({ lambdas: wrong })).rejects.toThrow(
    /2 problems.*lambdas\['F'\]: expected .*, got 5 \(number\).*lambdas\['G'\]: expected .*, got "\.\/f"/s,
  );
});

test('a refused function shows no values of its variables', async () => {
  const wrong = { handler: './f', env: { KEY: 'secret' } };
  await expect(openBench({ lambdas: { Wrong: wrong } })).rejects.toThrow(/^(?!.*secret).*"env":\["KEY"\]/s);
});

test('two keys for one function are refused', async () => {
  const two = { F: './f.handler', 'F:prod': './g.handler' };
  await expect(openBench({ lambdas: two })).rejects.toThrow(
    "lambdas['F:prod']: another key names this function too",
  );
});

test('a function whose name is misspelt is told the nearest one', async () => {
  const { cause } = await outcome({ lambdas: { Charge: './f.handler' } }, invoke({}, 'Chrage'));
  expect(cause).toContain("did you mean 'Charge'?");
});

describe('at the endpoint of Lambda', () => {
  async function lambdaAt(status: number, headers: Record<string, string>, body: string) {
    const { url, requests } = await stubServer({ status, headers, body });
    return { requests, env: { AWS_ENDPOINT_URL_LAMBDA: url } };
  }

  test('a function is called that is not configured here', async () => {
    const { requests, env } = await lambdaAt(200, { 'X-Amz-Executed-Version': '3' }, '{"n":1.0}');
    const state = invoke({ Payload: { a: 1 }, Qualifier: 'live', LogType: 'Tail' }, 'G');
    const { output } = await outcome({ lambdas, env }, state);
    expect(output).toMatchObject({
      ExecutedVersion: '3',
      Payload: { n: 1 },
      SdkResponseMetadata: { RequestId: 'r-1' },
    });
    expect(JSON.stringify(await eventsOf({ env }, state))).toContain('Payload\\":{\\"n\\":1.0}');
    requests.pop();
    expect(requests).toMatchObject([
      {
        url: '/2015-03-31/functions/G/invocations?Qualifier=live',
        headers: {
          'x-amz-log-type': 'Tail',
          authorization: expect.stringContaining('/us-east-1/lambda/aws4_request'),
        },
        body: '{"a":1}',
      },
    ]);
  });

  test('its errors are those of the function', async () => {
    const body = '{"errorMessage": "no", "errorType": "Declined", "requestId": "r", "stackTrace": []}';
    const { env } = await lambdaAt(200, { 'X-Amz-Function-Error': 'Unhandled' }, body);
    expect(await outcome({ env }, plain())).toMatchObject({ error: 'Declined', cause: body });
  });

  test('a call that Lambda refuses has the name and the cause that were recorded', async () => {
    const message = `Function not found: ${arnOf('F')}`;
    const { env } = await lambdaAt(
      404,
      { 'x-amzn-ErrorType': 'ResourceNotFoundException' },
      JSON.stringify({ Type: 'User', Message: message }),
    );
    expect(await outcome({ env }, invoke())).toMatchObject({
      error: 'Lambda.ResourceNotFoundException',
      cause: `${message} (Service: AWSLambda; Status Code: 404; Error Code: ResourceNotFoundException; Request ID: r-1; Proxy: null)`,
    });
  });

  test('an answer that is not JSON is an error of the client, which can be caught', async () => {
    const { env } = await lambdaAt(200, {}, 'plain');
    for (const state of [plain(), invoke()])
      expect(await outcome({ env }, state)).toMatchObject({
        error: 'Lambda.SdkClientException',
        cause: expect.stringContaining('not JSON: plain'),
      });
  });

  test('one that is too large is that first', async () => {
    const { env } = await lambdaAt(200, {}, 'a'.repeat(262_145));
    expect(await outcome({ env }, plain())).toMatchObject({ error: 'States.DataLimitExceeded' });
  });

  test('one that can not be reached is an error of the client', async () => {
    const { error, cause } = await outcome({ env: { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' } }, invoke());
    expect(error).toBe('Lambda.SdkClientException');
    expect(cause).toMatch(/^Unable to execute HTTP request: /);
  });
});
