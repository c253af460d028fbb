import { AsyncLocalStorage } from 'node:async_hooks';
import { SFNClient } from '@aws-sdk/client-sfn';
import { expect, test } from '@jest/globals';
import { silentLog } from '../../src/framework/base/log/log.js';
import { CredentialRefresh, Credentials } from '../../src/framework/aws/credentials.js';
import type { CallEnd } from '../../src/framework/aws/call.js';
import { HandClock } from '../../src/framework/testing/harness/hand-clock.js';
import { callWith } from './credentials-call.js';

function asking(answer: () => boolean | Promise<boolean>): {
  clock: HandClock;
  refresh: CredentialRefresh;
  at: number[];
} {
  const clock = new HandClock(0, { promisesOnly: true });
  const at: number[] = [];
  const refresh = new CredentialRefresh(clock, async () => {
    at.push(clock.now() / 1000);
    return answer();
  });
  return { clock, refresh, at };
}

test('refreshes at once, then after 1 s, doubling to 30 s, however many request it', async () => {
  const { clock, refresh, at } = asking(() => true);
  for (let n = 0; n < 1_250; n++) {
    void refresh.request();
    void refresh.request();
    await clock.advance(100);
  }
  expect(at).toEqual([0, 1, 3, 7, 15, 31, 61, 91, 121]);
});

test('repeats by itself until the refresh succeeds', async () => {
  const { clock, refresh, at } = asking(() => at.length < 4);
  void refresh.request();
  await clock.advance(100_000);
  expect(at).toEqual([0, 1, 3, 7]);
  expect(clock.pending).toBe(0);
});

test('a request that comes too early is served when the wait is over', async () => {
  const { clock, refresh, at } = asking(() => false);
  await refresh.request();
  await clock.advance(100);
  expect(refresh.request()).toBeUndefined();
  await clock.advance(2_000);
  expect(at).toEqual([0, 1]);
});

test('one refresh is open for all requests, however long it takes', async () => {
  let answered: ((again: boolean) => void) | undefined;
  const { clock, refresh, at } = asking(() => new Promise((resolve) => (answered = resolve)));
  const first = refresh.request();
  await clock.advance(10_000);
  expect(refresh.request()).toBe(first);
  answered?.(false);
  await first;
  expect(at).toEqual([0]);
});

test('a reset starts the waits over at one second', async () => {
  const { clock, refresh, at } = asking(() => true);
  void refresh.request();
  await clock.advance(31_000);
  refresh.reset();
  expect(clock.pending).toBe(0);
  void refresh.request();
  await clock.advance(3_500);
  expect(at).toEqual([0, 1, 3, 7, 15, 31, 32, 33]);
});

test('nothing is refreshed after close', async () => {
  const { clock, refresh, at } = asking(() => true);
  void refresh.request();
  await clock.advance(500);
  refresh.close();
  void refresh.request();
  await clock.advance(60_000);
  expect([at, clock.pending]).toEqual([[0], 0]);
});

/** Credentials of a provider that always has others, and how often it was asked anew. */
async function alwaysOthers(onAsk: () => void): Promise<{ clock: HandClock; credentials: Credentials }> {
  const clock = new HandClock();
  const credentials = new Credentials({ clock, log: silentLog, renewable: true, kept: true });
  let session = 0;
  const provider = async (options?: { readonly forceRefresh?: boolean }) => {
    if (options?.forceRefresh) onAsk();
    return { accessKeyId: `SESSION${session++}`, secretAccessKey: 'secret' };
  };
  const client = new SFNClient({ region: 'us-east-1', credentials: provider });
  credentials.attach(client);
  await client.config.credentials();
  return { clock, credentials };
}

const { signal } = new AbortController();
const ok: CallEnd<string> = { output: 'ok' };
const refused = (type: string): CallEnd<string> => ({
  failure: { error: new Error(type), type, status: 400, sent: true, setup: false },
});

test('an accepted call proves nothing for one that is denied', async () => {
  let asks = 0;
  const { clock, credentials } = await alwaysOthers(() => asks++);
  for (let second = 0; second < 30; second++) {
    let again = false;
    await callWith(credentials, signal, async () => {
      if (again) await callWith(credentials, signal, async () => ok);
      again = true;
      return refused('AccessDeniedException');
    });
    await clock.advance(1_000);
  }
  // At 0, 1, 3, 7, 15 s, and none each second.
  expect(asks).toBeLessThanOrEqual(5);
});

/** Resolves to the credentials that calls are signed with where a provider returns `given`, and then `next`. */
function given(given: object, next = given): Credentials {
  const credentials = new Credentials({
    clock: new HandClock(),
    log: silentLog,
    renewable: true,
    kept: false,
  });
  const answers = [given];
  const provider = async () => (answers.shift() ?? next) as typeof KEY;
  // It keeps what it has by itself: it is asked for each call.
  const own = Object.assign(provider, { memoized: true });
  credentials.attach(new SFNClient({ region: 'us-east-1', credentials: own }));
  return credentials;
}
const KEY = { accessKeyId: 'KEY', secretAccessKey: 'secret' };

test.each(['', null, undefined])('a session token of %j counts as none', async (sessionToken) => {
  const credentials = given({ ...KEY, sessionToken }, KEY);
  expect((await credentials.current()).sessionToken).toBeUndefined();
  await credentials.current();
  // They are the same as before.
  expect(credentials.asOf().generation).toBe(0);
});

test.each([undefined, null, 'sealed', { code: 5 }])('a provider may throw %j', async (thrown) => {
  const { clock, credentials } = await alwaysOthers(() => {
    throw thrown;
  });
  const call = callWith(credentials, signal, async () => refused('ExpiredToken'));
  expect(await call).toMatchObject({
    failure: { error: { message: expect.stringContaining('the provider threw') } },
  });
  // It is asked again.
  await clock.advance(1_000);
  expect(await credentials.current()).toMatchObject({ accessKeyId: 'SESSION0' });
  credentials.close();
});

test('an object that the provider changes and returns again holds new credentials', async () => {
  const mutable = { ...KEY };
  const credentials = given(mutable);
  await credentials.current();
  mutable.accessKeyId = 'OTHER';
  expect(await credentials.current()).toEqual({ ...KEY, accessKeyId: 'OTHER' });
  expect(credentials.asOf().generation).toBe(1);
});

test('a refresh keeps no context of the call that began it', async () => {
  const storage = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  const { credentials } = await alwaysOthers(() => seen.push(storage.getStore()));
  credentials.onRenewed(() => seen.push(storage.getStore()));
  let calls = 0;
  const call = () =>
    callWith(credentials, signal, async () => (calls++ === 0 ? refused('ExpiredToken') : ok));
  expect(await storage.run('a task', call)).toEqual(ok);
  expect(seen).toEqual([undefined, undefined]);
});
