import { describe, expect, test } from '@jest/globals';
import { outcome, run } from './one-state.js';
import { openBench } from './service.js';
import { stubServer } from './stub-server.js';

const http = (Parameters: object): object => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::http:invoke',
  Parameters,
  End: true,
});
const gateway = (Parameters: object): object => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::apigateway:invoke',
  Parameters,
  End: true,
});
const Authentication = { ConnectionArn: 'arn:aws:events:us-east-1:123456789012:connection/c/1' };

describe('http:invoke', () => {
  test('sends a request, and answers with the response', async () => {
    const { url, requests } = await stubServer({
      headers: { 'content-type': 'application/json' },
      body: '{"a":1}',
    });
    const { output } = await outcome(
      {},
      http({
        ApiEndpoint: `${url}/orders`,
        Method: 'POST',
        Authentication,
        Headers: { 'X-Own': 'h' },
        QueryParameters: { q: ['1', '2'] },
        RequestBody: { b: 2 },
      }),
    );
    expect(output).toMatchObject({
      StatusCode: 200,
      StatusText: 'OK',
      ResponseBody: { a: 1 },
      Headers: { 'content-type': ['application/json'] },
    });
    expect(requests).toMatchObject([
      {
        method: 'POST',
        url: '/orders?q=1&q=2',
        body: '{"b":2}',
        headers: { 'x-own': 'h', 'content-type': 'application/json' },
      },
    ]);
  });

  test.each([
    [undefined, 'a=b+c&n[0]=1&n[1]=2'],
    ['INDICES', 'a=b+c&n[0]=1&n[1]=2'],
    ['BRACKETS', 'a=b+c&n[]=1&n[]=2'],
    ['REPEAT', 'a=b+c&n=1&n=2'],
    ['COMMAS', 'a=b+c&n=1,2'],
  ])('a form is encoded where it is asked for, with lists in the format %s', async (ArrayFormat, form) => {
    const { url, requests } = await stubServer({ body: 'plain' });
    const RequestEncodingOptions = ArrayFormat && { ArrayFormat };
    const { output } = await outcome(
      {},
      http({
        ApiEndpoint: url,
        Method: 'POST',
        Authentication,
        RequestBody: { a: 'b c', n: [1, 2] },
        Transform: { RequestBodyEncoding: 'URL_ENCODED', RequestEncodingOptions },
      }),
    );
    expect(output).toMatchObject({ ResponseBody: 'plain' });
    const [{ body, headers } = { body: '', headers: {} }] = requests;
    expect(decodeURIComponent(body)).toBe(form);
    expect(headers).toMatchObject({ 'content-type': 'application/x-www-form-urlencoded' });
  });

  test('another status is an error by its name', async () => {
    const { url } = await stubServer({ status: 404, body: 'not here' });
    expect(await outcome({}, http({ ApiEndpoint: url, Method: 'GET', Authentication }))).toMatchObject({
      error: 'States.Http.StatusCode.404',
      cause: 'not here',
    });
  });

  test('a header may have any name', async () => {
    const { url } = await stubServer({ headers: { ['__proto__']: 'own' } });
    const { output } = await outcome({}, http({ ApiEndpoint: url, Method: 'GET', Authentication }));
    const { Headers: headers } = output as { Headers: object };
    expect(Object.entries(headers)).toContainEqual(['__proto__', ['own']]);
  });

  test('a response may take 60 seconds', async () => {
    const { url } = await stubServer({ isSilent: true });
    const state = http({ ApiEndpoint: url, Method: 'GET', Authentication });
    expect(await run(await openBench(), state, {}, 20)).toMatchObject({
      error: 'States.Http.Socket',
      cause: expect.stringContaining('within 60 seconds'),
    });
  });

  test('no connection is an error of the socket', async () => {
    const state = http({ ApiEndpoint: 'http://127.0.0.1:1', Method: 'GET', Authentication });
    expect(await outcome({}, state)).toMatchObject({ error: 'States.Http.Socket' });
  });

  test.each([
    ['https://api.example.com/orders', [], "httpHosts: ['api.example.com']"],
    ['https://localhost.example.com', ['*.other.com'], "httpHosts: ['localhost.example.com']"],
  ])('%s is called only if its host is allowed', async (ApiEndpoint, httpHosts, line) => {
    const { error, cause } = await outcome(
      { httpHosts },
      http({ ApiEndpoint, Method: 'GET', Authentication }),
    );
    expect(error).toBe('States.Runtime');
    expect(cause).toContain(`allow its host by ${line}`);
  });

  test.each([['stub.invalid'], ['*.invalid']])('a host is allowed by %s', async (host) => {
    // The name is none that any resolver has.
    const state = http({ ApiEndpoint: 'http://stub.invalid:1', Method: 'GET', Authentication });
    expect(await outcome({ httpHosts: [host] }, state)).toMatchObject({ error: 'States.Http.Socket' });
  });
});

describe('apigateway:invoke', () => {
  test('joins the endpoint, the stage and the path', async () => {
    const { url, requests } = await stubServer({
      headers: { 'Content-Type': 'application/json' },
      body: '{}',
    });
    const { output } = await outcome(
      {},
      gateway({ ApiEndpoint: url, Stage: 'dev', Path: '/a/b', Method: 'GET' }),
    );
    expect(output).toMatchObject({
      Headers: { 'Content-Type': ['application/json'] },
      ResponseBody: {},
      StatusCode: 200,
    });
    expect(requests).toMatchObject([{ method: 'GET', url: '/dev/a/b' }]);
  });

  test('an error has the status as its name, and the body as its cause', async () => {
    const body = '{"message":"Missing Authentication Token"}';
    const { url } = await stubServer({ status: 403, body });
    expect(
      await outcome({}, gateway({ ApiEndpoint: url, Method: 'POST', RequestBody: 'Hello' })),
    ).toMatchObject({
      error: 'ApiGateway.403',
      cause: body,
    });
  });
});
