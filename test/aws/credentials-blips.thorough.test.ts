import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { SFNClient } from '@aws-sdk/client-sfn';
import { fromIni } from '@aws-sdk/credential-provider-ini';
import { silentLog } from '../../src/framework/base/log/log.js';
import { Credentials } from '../../src/framework/aws/credentials.js';
import type { CallEnd } from '../../src/framework/aws/call.js';
import { HandClock } from '../../src/framework/testing/harness/hand-clock.js';
import { callWith } from './credentials-call.js';

const ACCEPTED: CallEnd<string> = { output: 'done' };
const EXPIRED: CallEnd<string> = {
  failure: {
    error: Object.assign(new Error('expired'), { name: 'ExpiredTokenException' }),
    type: 'ExpiredTokenException',
    status: 400,
    sent: true,
    setup: false,
  },
};

let clock: HandClock;
let credentials: Credentials;
let client: SFNClient;
let inProvider: string;
let renewals: number;

beforeEach(async () => {
  clock = new HandClock(0, { promisesOnly: true });
  credentials = new Credentials({ clock, log: silentLog, renewable: true, kept: true });
  [inProvider, renewals] = ['OLD', 0];
  client = new SFNClient({
    region: 'us-east-1',
    credentials: async () => ({ accessKeyId: inProvider, secretAccessKey: 'secret' }),
  });
  credentials.attach(client);
  credentials.onRenewed(() => renewals++);
  await client.config.credentials();
});
afterEach(() => {
  credentials.close();
  client.destroy();
});

const call = (end: CallEnd<string>): Promise<unknown> =>
  callWith(credentials, AbortSignal.timeout(60_000), async () => end);

/** Twenty seconds in which a call is refused now and then. A refused call waits for the provider where it is asked. */
async function blips(between: () => Promise<unknown>): Promise<void> {
  for (let n = 0; n < 20; n++) {
    await call(EXPIRED);
    await clock.advance(500);
    await between();
    await clock.advance(500);
  }
}

/** Resolves to the number of renewals after a refused call and this time. */
async function renewalsWithin(ms: number): Promise<number> {
  await call(EXPIRED);
  await clock.advance(ms);
  // An ask reads the shared files, which takes real time. One that began before this has read them after it.
  for (let n = 0; n < 3; n++) await fromIni({ profile: 'none', ignoreCache: true })().catch(() => {});
  await call(EXPIRED);
  return renewals;
}

test('credentials that are refused now and then are refreshed within a second of their replacement', async () => {
  await blips(() => call(ACCEPTED));
  inProvider = 'NEW';
  expect(await renewalsWithin(1_000)).toBe(1);
});

test('the answer to a call sent before the refusal proves nothing', async () => {
  const answers: (() => void)[] = [];
  const early = Array.from({ length: 20 }, () =>
    callWith(credentials, AbortSignal.timeout(60_000), async () => {
      await new Promise<void>((resolve) => answers.push(resolve));
      return ACCEPTED;
    }),
  );
  await clock.advance(1);
  await blips(async () => answers.pop()?.());
  await Promise.all(early);
  inProvider = 'NEW';
  expect(await renewalsWithin(1_000)).toBe(0);
  expect(await renewalsWithin(15_000)).toBe(1);
});
