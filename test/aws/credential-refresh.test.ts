import { AsyncLocalStorage } from 'node:async_hooks';
import { SFNClient } from '@aws-sdk/client-sfn';
import { expect, test } from '@jest/globals';
import { silentLog } from '../../src/framework/base/log/log.js';
import { Credentials } from '../../src/framework/aws/credentials.js';
import type { CallEnd } from '../../src/framework/aws/call.js';
import { HandClock } from '../../src/framework/testing/harness/hand-clock.js';

/** Makes a call as the port does, without the wire: sent, and repeated if it was refused for its credentials. */
async function callWith(
  credentials: Credentials,
  attempt: () => Promise<CallEnd<string>>,
): Promise<CallEnd<string>> {
  const { generation } = credentials;
  const end = await attempt();
  return credentials.failed(end, generation, { signal, attempt, again: () => {} });
}

/** Credentials of a provider that always has others, and how often it was asked anew. */
async function alwaysOthers(onAsk: () => void): Promise<{ clock: HandClock; credentials: Credentials }> {
  const clock = new HandClock();
  const credentials = new Credentials({ clock, log: silentLog, renewable: true });
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

test('others are requested at once, then after 1 s, doubling to 30 s, however many calls are refused', async () => {
  const at: number[] = [];
  const clock = new HandClock();
  const credentials = new Credentials({ clock, log: silentLog, renewable: true });
  const provider = async (options?: { readonly forceRefresh?: boolean }) => {
    if (options?.forceRefresh) at.push((clock.now() - since) / 1_000);
    return KEY;
  };
  credentials.attach(new SFNClient({ region: 'us-east-1', credentials: provider }));
  await credentials.current();
  const since = clock.now();
  for (let n = 0; n < 1_250; n++) {
    for (let each = 0; each < 2; each++)
      credentials.refused({ type: 'ExpiredToken', error: new Error() }, credentials.generation);
    await clock.advance(100);
  }
  expect(at).toEqual([0, 1, 3, 7, 15, 31, 61, 91, 121]);
  // After a minute without a refusal they begin anew.
  await clock.advance(90_000);
  at.length = 0;
  const again = (clock.now() - since) / 1_000;
  credentials.refused({ type: 'ExpiredToken', error: new Error() }, credentials.generation);
  await clock.advance(7_500);
  credentials.close();
  expect(at).toEqual([again, again + 1, again + 3, again + 7]);
  await clock.settle();
  expect(clock.pending).toBe(0);
});

test('an accepted call proves nothing for one that is denied', async () => {
  let asks = 0;
  const { clock, credentials } = await alwaysOthers(() => asks++);
  for (let second = 0; second < 30; second++) {
    let again = false;
    await callWith(credentials, async () => {
      if (again) await callWith(credentials, async () => ok);
      again = true;
      return refused('AccessDeniedException');
    });
    await clock.advance(1_000);
  }
  // At 0, 1, 3, 7, 15 s, and none each second.
  expect(asks).toBeLessThanOrEqual(5);
});

/** Credentials of a provider that gives `first`, and `next` once a call was refused. */
async function given(first: object, next: () => object): Promise<Credentials> {
  const credentials = new Credentials({ clock: new HandClock(), log: silentLog, renewable: true });
  const answers = [() => first];
  const provider = async () => (answers.shift() ?? next)() as typeof KEY;
  credentials.attach(new SFNClient({ region: 'us-east-1', credentials: provider }));
  await credentials.current();
  await callWith(credentials, async () => refused('ExpiredToken'));
  credentials.close();
  return credentials;
}
const KEY = { accessKeyId: 'KEY', secretAccessKey: 'secret' };

test.each(['', null, undefined])('a session token of %j counts as none', async (sessionToken) => {
  const credentials = await given({ ...KEY, sessionToken }, () => KEY);
  expect((await credentials.current()).sessionToken).toBeUndefined();
  // They are the same as before.
  expect(credentials.generation).toBe(0);
});

test.each([undefined, null, 'sealed', { code: 5 }])('a provider may throw %j', async (thrown) => {
  const { clock, credentials } = await alwaysOthers(() => {
    throw thrown;
  });
  const call = callWith(credentials, async () => refused('ExpiredToken'));
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
  const credentials = await given(mutable, () => Object.assign(mutable, { accessKeyId: 'OTHER' }));
  expect(await credentials.current()).toEqual({ ...KEY, accessKeyId: 'OTHER' });
  expect(credentials.generation).toBe(1);
});

test('a refresh keeps no context of the call that began it', async () => {
  const storage = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  const { credentials } = await alwaysOthers(() => seen.push(storage.getStore()));
  credentials.onRenewed(() => seen.push(storage.getStore()));
  let calls = 0;
  const call = () => callWith(credentials, async () => (calls++ === 0 ? refused('ExpiredToken') : ok));
  expect(await storage.run('a task', call)).toEqual(ok);
  expect(seen).toEqual([undefined, undefined]);
});
