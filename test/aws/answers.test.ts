import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { CallRequest } from '../../src/framework/aws/call.js';
import type { ActivityPort } from '../../src/framework/aws/activity-port.js';
import { AwsService, type ServiceSettings } from '../../src/framework/aws/sdk/aws-service.js';
import { sdkFailure } from '../../src/framework/aws/failure.js';
import { SERVICE_HEADERS } from '../support/service-headers.js';

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

let server: Server;
let service: AwsService;
let port: ActivityPort;
let answer: Answer;
const seenCalls: unknown[] = [];

const open = (url: string, calls: ServiceSettings['calls'], sdk: ServiceSettings['sdk'] = {}): AwsService =>
  new AwsService({ endpoint: { kind: 'url', url }, sdk, calls });

/** In each of the ways that a call can go. */
const overBothPaths = describe.each(['lean', 'sdk'] as const);

async function begin(calls: ServiceSettings['calls'], sdk?: ServiceSettings['sdk']): Promise<void> {
  seenCalls.length = 0;
  server = createServer((request, response) => {
    seenCalls.push(request.url);
    request.resume().once('end', () => answer(response, request));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  service = open(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls, sdk);
  port = await service.port('us-east-1');
}
afterEach(() => {
  service.close();
  server.closeAllConnections();
  server.close();
});

const never = new AbortController().signal;
const poll = (onSent = (): void => {}) => port.poll('arn:a', 'w', never, onSent);

const status =
  (code: number, body?: string, headers = {}): Answer =>
  (response) =>
    response.writeHead(code, headers).end(body);
/** Answers as the service does. */
const ofService = (value: object, code = 200): Answer => status(code, JSON.stringify(value), SERVICE_HEADERS);
const error = (name: string, message = 'why', code = 400): Answer =>
  ofService({ __type: `com.amazonaws.swf.service.v2.model#${name}`, message }, code);
const CUT_AFTER_THE_HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\n\r\n';

/** An answer; a poll's trouble, and whether a token may be lost; a report's outcome. */
const rows: [string, Answer, string, boolean, string][] = [
  ["the service's ThrottlingException", error('ThrottlingException'), 'throttled', false, 'retry throttled'],
  ['a 429 of something else', status(429), 'throttled', false, 'retry throttled'],
  ['ActivityWorkerLimitExceeded', error('ActivityWorkerLimitExceeded'), 'crowded', false, 'retry throttled'],
  ['AccessDeniedException', error('AccessDeniedException'), 'refused', false, 'retry slow'],
  ['ExpiredTokenException', error('ExpiredTokenException'), 'refused', false, 'retry slow'],
  ['ActivityDoesNotExist', error('ActivityDoesNotExist'), 'refused', false, 'retry slow'],
  ['a name nobody knows', error('SomethingNew'), 'refused', false, 'retry slow'],
  ['TaskTimedOut', error('TaskTimedOut'), 'refused', false, 'gone'],
  ['TaskDoesNotExist', error('TaskDoesNotExist'), 'refused', false, 'gone'],
  ['InvalidToken', error('InvalidToken'), 'refused', false, 'gone'],
  ['InvalidOutput', error('InvalidOutput'), 'refused', false, 'refused'],
  [
    "a constraint on 'cause'",
    error('ValidationException', "Value at 'cause' failed"),
    'refused',
    false,
    'refused',
  ],
  [
    "a constraint on 'taskToken'",
    error('ValidationException', "Value at 'taskToken'"),
    'refused',
    false,
    'retry slow',
  ],
  [
    "the service's own 500",
    error('InternalFailure', 'oops', 500),
    'unreachable',
    false,
    'retry fast, may have arrived',
  ],
  [
    "InvalidToken by the service's own names, with a gateway's status",
    error('InvalidToken', 'expired', 401),
    'refused',
    false,
    'retry slow',
  ],
  [
    'TaskDoesNotExist with a 502',
    error('TaskDoesNotExist', 'why', 502),
    'unreachable',
    true,
    'retry fast, may have arrived',
  ],
  ['InvalidOutput with a 403', error('InvalidOutput', 'why', 403), 'refused', false, 'retry slow'],
  [
    'ThrottlingException with a 403',
    error('ThrottlingException', 'why', 403),
    'throttled',
    false,
    'retry throttled',
  ],
  ["a gateway's 400 in JSON", status(400, '{"__type":"InvalidToken"}'), 'unreachable', false, 'retry slow'],
  ['a code instead of a name', ofService({ code: 'InvalidToken' }, 400), 'unreachable', false, 'retry slow'],
  ["a proxy's 403 page", status(403, '<html>Forbidden</html>'), 'refused', false, 'retry slow'],
  ["a proxy's 407 without a body", status(407), 'refused', false, 'retry slow'],
  ["a proxy's 413 page", status(413, '<html>too large</html>'), 'unreachable', false, 'retry slow'],
  ["a proxy's 408", status(408), 'unreachable', true, 'retry fast, may have arrived'],
  ["the service's own 503", error('ServiceUnavailable', 'why', 503), 'unreachable', false, 'retry fast'],
  // A gateway may have passed the call on before its connection to the service broke, as Envoy's 503 tells.
  ['a 503 without a body', status(503), 'unreachable', true, 'retry fast, may have arrived'],
  [
    "a gateway's 503 in JSON",
    status(503, '{"__type":"ServiceUnavailable"}', { 'content-type': 'application/json' }),
    'unreachable',
    true,
    'retry fast, may have arrived',
  ],
  ['a 500 page', status(500, '<html>error</html>'), 'unreachable', true, 'retry fast, may have arrived'],
  ['a 502 without a body', status(502), 'unreachable', true, 'retry fast, may have arrived'],
  ['a 504 page', status(504, '<html>timeout</html>'), 'unreachable', true, 'retry fast, may have arrived'],
  [
    "a captive portal's page",
    status(200, '<html>log in</html>'),
    'unreachable',
    true,
    'retry fast, may have arrived',
  ],
  [
    'a 200 without a body',
    status(200, '', { 'content-type': 'text/html' }),
    'unreachable',
    true,
    'retry fast, may have arrived',
  ],
  ['a 204', status(204, undefined, SERVICE_HEADERS), 'unreachable', true, 'retry fast, may have arrived'],
  ['a 202 of the service', ofService({}, 202), 'unreachable', true, 'retry fast, may have arrived'],
  [
    "a gateway's 200 in JSON",
    status(200, '{"status":"maintenance"}', { 'content-type': 'application/json' }),
    'unreachable',
    true,
    'retry fast, may have arrived',
  ],
  [
    'a list with the marks of the service',
    status(200, '[]', SERVICE_HEADERS),
    'unreachable',
    true,
    'retry fast, may have arrived',
  ],
  [
    'an answer without a length that is cut after its head',
    (_, { socket }) => socket.end(CUT_AFTER_THE_HEAD),
    'unreachable',
    true,
    'retry fast, may have arrived',
  ],
  [
    'a reset',
    (_, { socket }) => socket.resetAndDestroy(),
    'unreachable',
    true,
    'retry fast, may have arrived',
  ],
];

overBothPaths('%s', (calls) => {
  beforeEach(() => begin(calls));

  test.each(rows)('%s, as a poll and as a report', async (_, answered, trouble, lost, report) => {
    answer = answered;
    expect(await poll()).toMatchObject({ kind: 'failed', trouble, mayHaveLostToken: lost });
    const told = await port.report(
      new CallRequest('SendTaskSuccess', { taskToken: 'token', output: '1' }),
      never,
    );
    const shown =
      told.kind === 'retry'
        ? `retry ${told.pace}${told.mayHaveArrived ? ', may have arrived' : ''}`
        : told.kind;
    expect(shown).toBe(report);
  });

  test.each([
    ['its request id', { 'x-amzn-requestid': 'an id' }],
    ['its content type', { 'content-type': 'application/x-amz-json-1.0' }],
  ])("an answer with %s alone is the service's", async (_, headers) => {
    answer = status(200, '{}', headers);
    expect(await poll()).toEqual({ kind: 'empty' });
    expect(
      await port.report(new CallRequest('SendTaskSuccess', { taskToken: 'token', output: '1' }), never),
    ).toEqual({ kind: 'ok' });
    answer = status(400, '{"__type":"TaskTimedOut"}', headers);
    expect(await port.heartbeat('token', never)).toMatchObject({ kind: 'gone' });
  });

  describe("an answer that is not the service's", () => {
    test.each([
      [status(407), 'HTTP 407 Proxy Authentication Required without a body'],
      [status(502), 'HTTP 502 Bad Gateway without a body'],
      [
        status(403, '<html>\n  Forbidden</html>'),
        "HTTP 403 Forbidden with a body that is not the service's: <html>",
      ],
      [
        status(502, '{"message":"no target"}'),
        'HTTP 502 Bad Gateway with a body that is not the service\'s: {"message":"no target"}',
      ],
    ])('is shown with its status', async (answered, message) => {
      answer = answered;
      const told = await poll();
      expect(told).toMatchObject({
        error: { name: 'StrangeAnswer', message: expect.stringContaining(message) },
      });
    });
  });

  test.each(['5', '{}', '["t"]', 'true'])(
    "a task whose token or input is %s is not the service's, and may be lost",
    async (value) => {
      for (const body of [`{"taskToken":${value},"input":"{}"}`, `{"taskToken":"t","input":${value}}`]) {
        answer = status(200, body, SERVICE_HEADERS);
        expect(await poll()).toMatchObject({
          kind: 'failed',
          trouble: 'unreachable',
          mayHaveLostToken: true,
          error: { name: 'StrangeAnswer' },
        });
      }
    },
  );

  test('an answer with a null token is empty', async () => {
    answer = status(200, '{"taskToken":null,"input":null}', SERVICE_HEADERS);
    expect(await poll()).toEqual({ kind: 'empty' });
  });

  test.each([
    ['without the mark', '{"input":"secret-9"}', {}],
    ['torn', '{"input":"secret-9', SERVICE_HEADERS],
  ])('an error shows no body that may be a task: %s', async (_, body, headers) => {
    answer = status(200, body, headers);
    const told = await poll();
    expect(told).toMatchObject({ kind: 'failed', error: { name: 'StrangeAnswer' } });
    expect(JSON.stringify(told) + ('error' in told ? told.error.message : '')).not.toContain('secret-9');
  });

  describe('a call that never left is not counted as sent', () => {
    test('where nothing listens', async () => {
      const nowhere = open('http://127.0.0.1:1', calls);
      const unreached = await nowhere.port('us-east-1');
      let sent = 0;
      const polled = await unreached.poll('arn:a', 'w', never, () => sent++);
      expect(polled).toMatchObject({ kind: 'failed', trouble: 'unreachable', mayHaveLostToken: false });
      expect(
        await unreached.report(new CallRequest('SendTaskSuccess', { taskToken: 't', output: '1' }), never),
      ).toMatchObject({
        kind: 'retry',
        mayHaveArrived: false,
      });
      expect(sent).toBe(0);
      nowhere.close();
    });
  });

  test('a poll reports when its request is on a connection, new or kept alive', async () => {
    answer = ofService({});
    let sent = 0;
    for (let n = 1; n <= 3; n++) {
      expect(await poll(() => sent++)).toEqual({ kind: 'empty' });
      expect(sent).toBe(n);
    }
  });

  test('a call whose signature is refused for its time is repeated at once, with the corrected clock', async () => {
    const seen: string[] = [];
    answer = (response, request) => {
      seen.push(String(request.headers['x-amz-date']));
      const date = new Date(Date.UTC(2030, 0, 1)).toUTCString();
      response.setHeader('date', date);
      const refused = error('InvalidSignatureException', 'expired', 403);
      (seen.length > 1 ? ofService({}) : refused)(response, request);
    };
    expect(await poll()).toEqual({ kind: 'empty' });
    expect(seen).toHaveLength(2);
    expect(seen[1]).toMatch(/^20300101T0000/);
  });
});

test('an endless answer is not read to its end', async () => {
  await begin('lean');
  let written = 0;
  answer = (response) => {
    const megabyte = 'x'.repeat(1024 * 1024);
    const more = (): void => {
      while (!response.destroyed && written < 64) {
        written++;
        if (!response.write(megabyte)) return void response.once('drain', more);
      }
      response.end();
    };
    more();
  };
  expect(await poll()).toMatchObject({
    kind: 'failed',
    trouble: 'unreachable',
    mayHaveLostToken: true,
    error: { message: expect.stringContaining('max size') },
  });
  expect(written).toBeLessThan(20);
});

test('an impossible date does not correct the clock', async () => {
  await begin('lean');
  const date = new Date(8.64e15).toUTCString();
  answer = status(403, JSON.stringify({ __type: 'RequestTimeTooSkewed' }), { ...SERVICE_HEADERS, date });
  for (let n = 1; n <= 2; n++) {
    expect(await poll()).toMatchObject({ kind: 'failed', trouble: 'refused' });
    expect(seenCalls).toHaveLength(n);
  }
});

describe('an error of the SDK is not counted as sent', () => {
  // An agent of the user's, which makes fewer connections than there are calls.
  beforeEach(() => begin('sdk', { requestHandler: { httpAgent: { maxSockets: 5 } } }));

  test('where a call waited for a connection until its time was up', async () => {
    answer = () => {};
    const held = Array.from({ length: 5 }, () =>
      port.report(new CallRequest('SendTaskSuccess', { taskToken: 't', output: '1' }), never),
    );
    while (seenCalls.length < 5) await new Promise((resolve) => setImmediate(resolve));
    const limit = new AbortController();
    const waiting = port.report(
      new CallRequest('SendTaskSuccess', { taskToken: 't', output: '1' }),
      limit.signal,
    );
    await new Promise((resolve) => setImmediate(resolve));
    limit.abort(new Error('no answer'));
    expect(await waiting).toMatchObject({ kind: 'retry', mayHaveArrived: false });
    service.close();
    await Promise.all(held);
  });

  test.each(['EMFILE', 'ENFILE', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH'])('%s', (code) => {
    expect(sdkFailure(Object.assign(new Error('why'), { code }), true)).toMatchObject({
      sent: false,
      setup: false,
    });
  });

  test('where the connection was not made in time', () => {
    const message = 'Connection timed out after 5000 ms: the socket did not establish a connection';
    const thrown = Object.assign(new Error(message), { name: 'TimeoutError' });
    expect(sdkFailure(thrown, true)).toMatchObject({ sent: false, setup: false });
  });

  test('where the certificate is not trusted, and what to do is in the message', () => {
    const thrown = Object.assign(new Error('self-signed certificate'), {
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    });
    const { sent, setup, error: told } = sdkFailure(thrown, true);
    expect({ sent, setup }).toEqual({ sent: false, setup: false });
    expect(told.message).toMatch(/NODE_EXTRA_CA_CERTS/);
  });
});
