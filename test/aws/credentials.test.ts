import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromIni } from '@aws-sdk/credential-provider-ini';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Config } from 'stepwright';
import { systemClock } from '../../src/framework/base/time/clock.js';
import { holding } from '../support/work.js';
import { ARN, createWorld, type World, type WorkerWorld } from '../support/world.js';
import { type Door, openDoor } from './credentials-door.js';

type CredentialsFunction = Extract<
  NonNullable<NonNullable<Config['sdk']>['credentials']>,
  (...args: never[]) => unknown
>;

const RENEWED = 'credentials were refused';
const OTHER_ARN = ARN.replace('Work', 'Other');
const secretOf = (key: string): string => `secret-of-${key}`;
const keyPair = (key: string) => ({ accessKeyId: key, secretAccessKey: secretOf(key) });

const environment = { ...process.env };
let home: string;
let world: World;
let door: Door;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'stepwright-credentials-'));
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  process.env['AWS_SHARED_CREDENTIALS_FILE'] = file('credentials');
  process.env['AWS_CONFIG_FILE'] = file('config');
  process.env['AWS_EC2_METADATA_DISABLED'] = 'true';
  process.env['AWS_REGION'] = 'us-east-1';
  world = await createWorld();
  door = await openDoor(world.service.url, () => systemClock.now());
  for (const key of ['OLD', 'NEW']) door.secrets.set(key, secretOf(key));
});
afterEach(async () => {
  jest.restoreAllMocks();
  await world.close();
  await door.close();
  process.env = { ...environment };
  rmSync(home, { recursive: true });
});

const file = (name: string): string => join(home, name);
/** Writes a file atomically, so that no reader sees half of it. */
function put(name: string, text: string): void {
  writeFileSync(file(`${name}.new`), text);
  renameSync(file(`${name}.new`), file(name));
}

/** A source of credentials: sets its key, and counts its calls where it can. */
interface Source {
  readonly start: (key: string) => Config['sdk'];
  readonly replace: (key: string) => void;
}

const sharedFile: Source = {
  start: (key) => {
    sharedFile.replace(key);
    return undefined;
  },
  replace: (key) =>
    put('credentials', `[default]\naws_access_key_id = ${key}\naws_secret_access_key = ${secretOf(key)}\n`),
};

const credentialProcess: Source = {
  start: (key) => {
    credentialProcess.replace(key);
    const script = `#!/bin/sh\necho asked >> ${file('asked')}\ncat ${file('answer')}\n`;
    writeFileSync(file('process.sh'), script);
    chmodSync(file('process.sh'), 0o755);
    put('config', `[default]\ncredential_process = ${file('process.sh')}\n`);
    return undefined;
  },
  replace: (key) => {
    const Expiration = new Date(systemClock.now() + 3_600_000).toISOString();
    const answer = { Version: 1, AccessKeyId: key, SecretAccessKey: secretOf(key), Expiration };
    put('answer', JSON.stringify(answer));
  },
};

const webIdentity: Source = {
  start: (key) => {
    process.env['AWS_WEB_IDENTITY_TOKEN_FILE'] = file('token');
    process.env['AWS_ROLE_ARN'] = 'arn:aws:iam::123456789012:role/Worker';
    process.env['AWS_ENDPOINT_URL_STS'] = door.url;
    webIdentity.replace(key);
    return undefined;
  },
  replace: (key) => {
    door.identities.clear();
    door.identities.set(`token-for-${key}`, key);
    put('token', `token-for-${key}`);
  },
};

/** The times at which a user's function was called. */
const asked: number[] = [];
let inFunction: string | Error;
const ownFunction: Source = {
  start: (key) => {
    asked.length = 0;
    ownFunction.replace(key);
    const credentials: CredentialsFunction = async (options) => {
      if (options?.['forceRefresh']) asked.push(world.clock.now());
      if (inFunction instanceof Error) throw inFunction;
      return keyPair(inFunction);
    };
    return { credentials };
  },
  replace: (key) => void (inFunction = key),
};

const SOURCES = [
  ['a key in the shared file', sharedFile, 'UnrecognizedClientException'],
  ['an answer of credential_process that was revoked early', credentialProcess, 'ExpiredTokenException'],
  ['the session of a web identity token', webIdentity, 'ExpiredTokenException'],
  ['what a function of the user gave', ownFunction, 'InvalidClientTokenId'],
  ['a session that was revoked in IAM', ownFunction, 'AccessDeniedException'],
] as const;

interface Working {
  readonly w: WorkerWorld;
  /** Starts so many tasks, and lets them all be in their handler's hands. */
  readonly begin: (count: number) => Promise<void>;
  /** Ends all that are in hands. @returns what their executions came to */
  readonly end: () => Promise<(string | undefined)[]>;
}

/** A worker behind the door. */
async function working(
  sdk: Config['sdk'],
  options: { readonly arns?: string[]; readonly url?: string; readonly heartbeatRate?: number } = {},
): Promise<Working> {
  const { arns = [ARN], url = door.url, heartbeatRate } = options;
  const machines = arns.map((arn) => world.machine(arn, { HeartbeatSeconds: 600 }));
  const types = arns.map((arn) => holding({ heartbeat: '20s', concurrency: 20 }, arn));
  // The SDK keeps what it read of the files of the test before.
  await fromIni({ profile: 'none', ignoreCache: true })().catch(() => {});
  const w = await world.worker({
    endpoint: url,
    activities: types.map(({ type }) => type),
    ...(sdk && { sdk }),
    ...(heartbeatRate !== undefined && { heartbeatRate }),
  });
  // All handlers poll by now.
  await world.clock.advance(2_000);
  const executions: string[] = [];
  const heldNow = (): number => types.reduce((sum, { held }) => sum + held.length, 0);
  return {
    w,
    begin: async (count) => {
      const wanted = heldNow() + count;
      for (let n = 0; n < count; n++) {
        executions.push(await world.execute(machines[n % machines.length] ?? ''));
      }
      await world.clock.settle(() => heldNow() === wanted);
    },
    end: async () => {
      for (const { held } of types) for (const each of held.splice(0)) each.succeed();
      await world.clock.settle(() => w.of('task:succeeded').length === executions.length);
      return statuses(executions);
    },
  };
}

const statuses = (executions: string[]): Promise<(string | undefined)[]> =>
  Promise.all(executions.map(async (each) => (await world.describe(each)).status));
const lines = (w: WorkerWorld, text: string): unknown[] =>
  w.log.filter(({ msg, level }) => level !== 'debug' && String(msg).includes(text));
const isAboutTrouble = ({ level, msg }: Record<string, unknown>): boolean =>
  level === 'warn' || level === 'error' || String(msg).includes(RENEWED);

describe('credentials that are refused in the middle of a run', () => {
  test.each(SOURCES)('cost no time once they are replaced: %s', async (_, source, refusedFor) => {
    const { w, begin, end } = await working(source.start('OLD'));
    await begin(5);
    source.replace('NEW');
    door.revoked.set('OLD', refusedFor);
    const since = world.clock.now();
    const before = w.log.length;
    // Polls that are open go on; what they bring is reported with the new ones, and so are the next polls.
    await begin(5);
    expect(await end()).toEqual(Array(10).fill('SUCCEEDED'));
    expect(world.clock.now()).toBe(since);
    expect(door.calls.some(({ accessKey }) => accessKey === 'NEW')).toBe(true);
    expect(w.log.slice(before).filter(isAboutTrouble)).toMatchObject([
      { msg: expect.stringContaining(RENEWED), error: expect.stringContaining(refusedFor) },
    ]);
  });

  test('are refreshed ever less often, and all polls resume with the first new ones', async () => {
    const sdk = ownFunction.start('OLD');
    const { w, begin, end } = await working(sdk, { arns: [ARN, OTHER_ARN] });
    await begin(20);
    door.revoked.set('OLD', 'ExpiredTokenException');
    await world.clock.advance(170_000);
    // Heartbeats, reports and the polls of two handlers ask as one: at 0, 1, 3, 7, 15, 31, 61, 91 … seconds.
    expect(asked.length).toBeLessThan(11);
    expect(asked.length).toBeGreaterThan(5);
    expect(door.refusals('SendTaskHeartbeat')).toBeGreaterThan(100);
    expect(
      w
        .of('poll:failed')
        .map(({ handler }) => handler)
        .toSorted(),
    ).toEqual(['Other.run', 'Work.run']);
    expect(lines(w, RENEWED)).toEqual([]);
    ownFunction.replace('NEW');
    const before = asked.length;
    while (asked.length === before) await world.clock.advance(100);
    // Both handlers poll again, with no more time.
    const since = world.clock.now();
    await begin(2);
    expect(world.clock.now()).toBe(since);
    expect(await end()).toEqual(Array(22).fill('SUCCEEDED'));
    expect(lines(w, RENEWED)).toHaveLength(1);
  });

  test('are refreshed again where the new ones are refused too, and no call is made more than twice', async () => {
    const sdk = ownFunction.start('OLD');
    const { w, begin, end } = await working(sdk);
    await begin(1);
    for (const key of ['OLD', 'NEW']) door.revoked.set(key, 'ExpiredTokenException');
    ownFunction.replace('NEW');
    const from = door.calls.length;
    await world.clock.advance(60_000);
    expect(door.calls.length - from).toBeLessThan(40);
    expect(asked.length).toBeLessThan(8);
    expect(lines(w, RENEWED)).toHaveLength(1);
    door.revoked.clear();
    await world.clock.advance(31_000);
    expect(await end()).toEqual(['SUCCEEDED']);
  });

  test('cost no heartbeat beyond the rate, however often there are others', async () => {
    const { begin, end } = await working(ownFunction.start('OLD'), { heartbeatRate: 2 });
    await begin(20);
    for (const key of ['OLD', 'NEW']) door.revoked.set(key, 'ExpiredTokenException');
    let most = 0;
    for (let second = 0; second < 60; second++) {
      ownFunction.replace(second % 2 === 0 ? 'NEW' : 'OLD');
      const before = door.refusals('SendTaskHeartbeat');
      await world.clock.advance(1_000);
      most = Math.max(most, door.refusals('SendTaskHeartbeat') - before);
    }
    expect(most).toBe(2);
    door.revoked.clear();
    await world.clock.advance(31_000);
    expect(await end()).toEqual(Array(20).fill('SUCCEEDED'));
  });

  test('cost no time once they are replaced, at an address of this machine too', async () => {
    const url = door.url.replace('0.0.0.0', '127.0.0.1');
    const { w, begin, end } = await working(sharedFile.start('OLD'), { url });
    await begin(1);
    const before = w.log.length;
    sharedFile.replace('NEW');
    door.revoked.set('OLD', 'UnrecognizedClientException');
    await begin(1);
    expect(await end()).toEqual(Array(2).fill('SUCCEEDED'));
    expect(w.log.slice(before).filter(isAboutTrouble)).toMatchObject([
      { msg: expect.stringContaining(RENEWED) },
    ]);
  });
});

test('a call that every new session is denied refreshes ever less often, and logs one line', async () => {
  let session = 0;
  const credentials: CredentialsFunction = async (options) => {
    if (options?.['forceRefresh']) session++;
    const key = `SESSION${session}`;
    door.secrets.set(key, secretOf(key));
    return keyPair(key);
  };
  const { w, begin } = await working({ credentials });
  await begin(1);
  // The heartbeats of the task that runs are accepted all the while.
  door.denied.add('GetActivityTask');
  const from = session;
  await world.clock.advance(300_000);
  expect(session - from).toBeLessThan(20);
  expect(session - from).toBeGreaterThan(5);
  expect(lines(w, RENEWED)).toHaveLength(1);
});

test.each([
  ['a wrong secret', 'wrong'],
  ['the other key’s secret', secretOf('NEW')],
])('%s does not correct the clock: each poll is one call, and polls get rarer', async (_, secret) => {
  door.secrets.set('OLD', secret);
  const { w } = await working({ credentials: keyPair('OLD') });
  await world.clock.advance(60_000);
  expect(door.refusals()).toBe(door.calls.length);
  expect(door.calls.length).toBeLessThan(12);
  expect(w.of('poll:failed')).toMatchObject([
    { trouble: 'refused', error: { name: 'InvalidSignatureException' } },
  ]);
});

describe('a provider that fails', () => {
  test('costs nothing while the last credentials are accepted', async () => {
    const expiration = new Date(systemClock.now() + 60_000);
    let failing = false;
    const credentials: CredentialsFunction = async () => {
      // The SDK asks for each call, since they will expire within five minutes.
      if (failing) throw new Error('the vault is sealed');
      return { ...keyPair('OLD'), expiration };
    };
    const { w, begin, end } = await working({ credentials });
    await begin(2);
    failing = true;
    await begin(2);
    expect(await end()).toEqual(Array(4).fill('SUCCEEDED'));
    expect(w.of('poll:failed')).toEqual([]);
    // Once they are refused, the line says both.
    door.revoked.set('OLD', 'ExpiredTokenException');
    await world.clock.advance(61_000);
    await world.clock.settle(() => w.of('poll:failed').length > 0);
    expect(w.of('poll:failed')).toMatchObject([
      { error: { name: 'ExpiredTokenException', message: expect.stringContaining('the vault is sealed') } },
    ]);
  });

  test('is asked until it returns the first ones, with which the worker begins', async () => {
    const sdk = ownFunction.start('OLD');
    inFunction = new Error('the vault is sealed');
    const { w, begin, end } = await working(sdk);
    await world.clock.advance(40_000);
    expect(w.of('poll:failed')).toMatchObject([
      { trouble: 'refused', error: { name: 'CredentialsProviderError' } },
    ]);
    expect(asked.length).toBeLessThan(8);
    expect(door.calls).toEqual([]);
    ownFunction.replace('NEW');
    await world.clock.advance(30_000);
    await begin(1);
    expect(await end()).toEqual(['SUCCEEDED']);
  });

  test('of a profile that has no credentials is named with that profile', async () => {
    const none = 'Could not load credentials from any providers';
    const sdk = ownFunction.start('OLD');
    inFunction = Object.assign(new Error(none), { name: 'CredentialsProviderError' });
    process.env['AWS_PROFILE'] = 'prod';
    try {
      const { w } = await working(sdk);
      await world.clock.advance(10_000);
      expect(w.of('poll:failed')).toMatchObject([
        { error: { message: `${none}; AWS_PROFILE is 'prod', a profile that is not in ~/.aws or has none` } },
      ]);
    } finally {
      delete process.env['AWS_PROFILE'];
    }
  });

  test('by an expired token at STS is no answer to a poll', async () => {
    const sdk = webIdentity.start('OLD');
    door.identities.clear();
    const { w, begin, end } = await working(sdk);
    await world.clock.advance(10_000);
    expect(w.of('poll:failed')).toMatchObject([
      { error: { name: 'CredentialsProviderError', message: expect.stringContaining('Token expired') } },
    ]);
    webIdentity.replace('NEW');
    await world.clock.advance(30_000);
    await begin(1);
    expect(await end()).toEqual(['SUCCEEDED']);
  });

  test('by hanging ends calls with the refusal after 10 s, and they go on once it answers', async () => {
    let answer: (() => void) | undefined;
    const credentials: CredentialsFunction = async (options) => {
      if (!options?.['forceRefresh']) return keyPair('OLD');
      await new Promise<void>((resolve) => (answer = resolve));
      return keyPair('NEW');
    };
    const { w, begin, end } = await working({ credentials });
    await begin(1);
    door.revoked.set('OLD', 'ExpiredTokenException');
    await world.clock.advance(71_000);
    expect(w.of('poll:failed')).toMatchObject([{ error: { name: 'ExpiredTokenException' } }]);
    answer?.();
    await begin(1);
    await world.clock.advance(20_000);
    expect(await end()).toEqual(Array(2).fill('SUCCEEDED'));
  });
});

describe('a clock that is set an hour', () => {
  test.each([
    ['ahead', 3_600_000],
    ['back', -3_600_000],
  ])('%s costs each kind of call one try, and no time', async (_, shiftMs) => {
    const { w, begin, end } = await working(ownFunction.start('OLD'));
    await begin(5);
    jest.spyOn(Date, 'now').mockImplementation(() => systemClock.now() + shiftMs);
    await world.clock.advance(20_000);
    const since = world.clock.now();
    await begin(5);
    expect(await end()).toEqual(Array(10).fill('SUCCEEDED'));
    expect(world.clock.now()).toBe(since);
    const operations = ['GetActivityTask', 'SendTaskSuccess', 'SendTaskHeartbeat'];
    // Calls that are made together are refused together.
    for (const operation of operations) expect(door.refusals(operation)).toBeLessThanOrEqual(10);
    expect(door.refusals('SendTaskHeartbeat')).toBeGreaterThan(0);
    expect(asked.length).toBe(0);
    expect(w.log.filter(isAboutTrouble)).toEqual([]);
  });
});
