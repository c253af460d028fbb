import { expect, test } from '@jest/globals';
import { refuse } from './faults.js';
import { whyLost } from './judge.js';
import type { Call, Lease } from './wire.js';

const HEARTBEAT_MS = 5_000;

/** A lease that lapsed, whose only heartbeat met this error. */
function lapsed(error: string): Lease {
  const call = { token: 't', outcome: undefined, error: undefined, cleanAt: undefined, closedAt: undefined };
  const poll: Call = { ...call, operation: 'GetActivityTask', at: 0, fault: undefined, cleanAt: 1 };
  const beat: Call = { ...call, operation: 'SendTaskHeartbeat', at: 2_000, fault: 'error', error };
  const end = { kind: 'timedOut' as const, at: HEARTBEAT_MS };
  return { token: 't', input: '{}', worker: 'w1', at: 0, poll, calls: [beat], end };
}

test.each([
  ['ThrottlingException', 'starved'],
  ['ExpiredTokenException', 'starved'],
  ['UnrecognizedClientException', 'worker'],
  ['InvalidSignatureException', 'worker'],
])('a lease whose heartbeats were refused with %s counts as lost to: %s', (error, why) => {
  expect(whyLost(lapsed(error), [], HEARTBEAT_MS)).toBe(why);
});

const NOW = Date.UTC(2026, 0, 1, 12);
const signed = (key: string) => `AWS4-HMAC-SHA256 Credential=${key}/20260101/us-east-1/states/aws4_request`;

test.each([
  ['GOOD', '20260101T120000Z', undefined],
  ['GOOD', '20260101T115500Z', undefined],
  ['GOOD', '20260101T115459Z', 'InvalidSignatureException'],
  ['GOOD', '20260101T130000Z', 'InvalidSignatureException'],
  ['GOOD', 'yesterday', 'InvalidSignatureException'],
  ['GOODLY', '20260101T120000Z', 'UnrecognizedClientException'],
])('a call that is signed with %s at %s is refused with %s', (key, date, error) => {
  const fault = refuse({ authorization: signed(key), 'x-amz-date': date }, 'GOOD', NOW);
  expect(fault).toEqual(error && { kind: 'error', error });
});

test('a call that is not signed is refused', () => {
  expect(refuse({}, 'GOOD', NOW)).toMatchObject({ error: 'UnrecognizedClientException' });
});
