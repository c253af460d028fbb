import { expect, test } from '@jest/globals';
import { createLog } from 'stepwright';
import type { EventName, WorkerEvents } from '../../../src/framework/declare/worker-events.js';
import { EventHub } from '../../../src/framework/worker/observe/event-hub.js';
import { HandClock } from '../../../src/framework/testing/harness/hand-clock.js';
import { logEvents } from '../../../src/framework/worker/observe/log-events.js';

type Told = { [K in EventName]: [K, WorkerEvents[K]] }[EventName];

/** The lines that these events leave, at every level. */
function linesOf(...told: Told[]): { level: string; msg: string }[] {
  const lines: { level: string; msg: string }[] = [];
  const destination = {
    write: (line: string) => void lines.push(JSON.parse(line) as { level: string; msg: string }),
  };
  const log = createLog({ level: 'debug', destination });
  const events = new EventHub(log);
  logEvents(events, log, new HandClock());
  for (const [event, payload] of told) events.emit(event, payload);
  return lines;
}

const error = Object.assign(new Error('why'), { name: 'SomeError' });
const poll = { handler: 'Work.run', activityArn: 'arn:work' };
const task = { ...poll, token: 'secret-token' };
const reported = { ...task, durationMs: 12.4, reportMs: 2 };
const gone = { ...task, durationMs: 12.4, error };
const outcome = { status: 'succeeded', output: '"done"' } as const;
const lost = { ...reported, attempts: 9, outcome, error };

const lines: [Told, string, RegExp][] = [
  [['state', { from: 'created', to: 'running' }], 'info', /worker is running/],
  [['task:received', { ...task, receivedAt: new Date(0) }], 'debug', /task received/],
  [['task:succeeded', reported], 'info', /task succeeded/],
  [['task:failed', { ...reported, error: 'E', cause: '{}' }], 'warn', /task failed/],
  [
    ['task:gone', { ...gone, probablyDelivered: false }],
    'warn',
    /task is gone: it timed out or its execution ended/,
  ],
  [['task:gone', { ...gone, probablyDelivered: true }], 'warn', /its result was probably delivered/],
  [
    ['task:ignored-abort', { ...task, afterMs: 1, abandoned: false }],
    'warn',
    /its slot stays in use until it ends/,
  ],
  [
    ['task:ignored-abort', { ...task, afterMs: 1, abandoned: true }],
    'warn',
    /the drain continues without it/,
  ],
  [['report:retried', { ...task, attempt: 1, delayMs: 5, error }], 'warn', /results can not be reported/],
  [['report:lost', { ...lost, kept: false }], 'error', /the result is lost/],
  [['report:lost', { ...lost, kept: true }], 'warn', /it is in the outbox, and is offered again/],
  [['poll:failed', { ...poll, trouble: 'throttled', error }], 'warn', /polls are throttled/],
  [
    ['poll:failed', { ...poll, trouble: 'crowded', error }],
    'warn',
    /too many polls are open on the activity/,
  ],
  [
    ['poll:failed', { ...poll, trouble: 'refused', error }],
    'error',
    /polls are refused: SomeError; for more run `npx stepwright doctor`/,
  ],
  [['poll:failed', { ...poll, trouble: 'unreachable', error }], 'warn', /polls fail/],
  [['poll:recovered', { ...poll, afterMs: 5, failures: 2 }], 'info', /polls are answered again/],
  [
    ['poll:token-possibly-lost', { ...poll, error }],
    'warn',
    /only HeartbeatSeconds or TimeoutSeconds with a Retry/,
  ],
  [
    ['slots:stuck', { ...poll, ignoring: 1, undelivered: 0, reason: 'no slot is left' }],
    'error',
    /no slot is left; no new task is received until one of its tasks ends/,
  ],
  [['slots:freed', poll], 'info', /slots are free again/],
  [['heartbeat:late', { late: 12, tasks: 310 }], 'warn', /12 of 310 heartbeats late/],
  [['heartbeat:failed', { error }], 'warn', /heartbeats fail/],
  [['heartbeat:recovered', {}], 'info', /heartbeats are accepted again/],
];

test.each(lines)('%j is one line', (told, level, msg) => {
  expect(linesOf(told)).toEqual([expect.objectContaining({ level, msg: expect.stringMatching(msg) })]);
});

test('a token is never written, but where a result must be repaired with it', () => {
  for (const [told] of lines) {
    const written = JSON.stringify(linesOf(told)).includes('secret-token');
    const isLost = told[0] === 'report:lost' && !told[1].kept;
    expect([told[0], written]).toEqual([told[0], isLost]);
  }
});

test('what repeats itself is one line, and a number at the end', () => {
  const lost: Told = ['poll:token-possibly-lost', { ...poll, error }];
  const retried = (attempt: number): Told => ['report:retried', { ...task, attempt, delayMs: 5, error }];
  const recovered: Told = ['poll:recovered', { ...poll, afterMs: 5, failures: 2 }];
  expect(linesOf(lost, lost, lost, recovered)).toEqual([
    expect.objectContaining({ level: 'warn' }),
    expect.objectContaining({ level: 'info', tokensPossiblyLost: 3 }),
  ]);
  expect(linesOf(retried(1), retried(2), retried(3))).toHaveLength(1);
  expect(linesOf(retried(1), retried(2), ['task:succeeded', reported])).toContainEqual(
    expect.objectContaining({ level: 'info', results: 1 }),
  );
  expect(linesOf(lost, lost, ['state', { from: 'draining', to: 'stopped' }])).toContainEqual(
    expect.objectContaining({ level: 'warn', tokensPossiblyLost: 2 }),
  );
});

const ACTIVITY = 'arn:aws:states:eu-wset-1:123456789012:activity:Work';

test.each<[name: string, code: string | undefined, msg: RegExp]>([
  [
    'ActivityDoesNotExist',
    undefined,
    /does not exist .*Fix: correct the ARN .* create-activity --name Work --region eu-wset-1/,
  ],
  [
    'AccessDeniedException',
    undefined,
    /Fix: allow it .*"states:GetActivityTask", "Resource": "arn:.*:activity:Work"/,
  ],
  ['UnrecognizedClientException', undefined, /the credentials are refused .*Fix: replace the access key/],
  [
    'InvalidSignatureException',
    undefined,
    /refused .*the secret does not belong to this access key: correct AWS_SECRET/,
  ],
  ['ExpiredTokenException', undefined, /the credentials are refused .*Fix: the session has ended: log in/],
  ['CredentialsProviderError', undefined, /no credentials are found .*Fix: log in, or set AWS_PROFILE/],
  ['StrangeAnswer', undefined, /Fix: find out what responds there/],
])('refused polls are logged with what is wrong and the fix: %s', (name, code, msg) => {
  const failed = Object.assign(new Error('why'), { name, code });
  const refused = { handler: 'Work.run', activityArn: ACTIVITY, trouble: 'refused', error: failed } as const;
  expect(linesOf(['poll:failed', refused])).toEqual([
    expect.objectContaining({ level: 'error', msg: expect.stringMatching(msg) }),
  ]);
});

test('polls that are refused for want of a profile name it', () => {
  const message = "none; AWS_PROFILE is 'prod', a profile that is not in ~/.aws or has none";
  const error = Object.assign(new Error(message), { name: 'CredentialsProviderError' });
  const refused = { handler: 'Work.run', activityArn: ACTIVITY, trouble: 'refused', error } as const;
  expect(linesOf(['poll:failed', refused])).toMatchObject([
    { msg: expect.stringMatching(/no credentials are found \(\w+\): AWS_PROFILE is 'prod', a profile that/) },
  ]);
});

test.each<[code: string, msg: RegExp]>([
  ['ENOTFOUND', /Fix: look for a spelling mistake in the region \('eu-wset-1'\)/],
  ['EAI_AGAIN', /^polls fail: no DNS server answers \(EAI_AGAIN\)\. Fix: .*check this machine's network/],
  ['ENETUNREACH', /^polls fail: no connection is made \(ENETUNREACH\)\. Fix: check the network, the routes/],
  ['ECONNREFUSED', /Fix: start the service that should listen there/],
  ['ERR_TLS_CERT_ALTNAME_INVALID', /Fix: the certificate is another host's: correct the host name/],
  ['ECONNRESET', /^polls fail: connections are cut \(ECONNRESET\)\. Each failed poll is repeated/],
])('an unreachable endpoint is logged with the fix, if there is one: %s', (code, msg) => {
  const failed = Object.assign(new Error('why'), { code });
  const lost = { handler: 'Work.run', activityArn: ACTIVITY, trouble: 'unreachable', error: failed } as const;
  expect(linesOf(['poll:failed', lost])).toEqual([
    expect.objectContaining({ level: 'warn', msg: expect.stringMatching(msg) }),
  ]);
});
