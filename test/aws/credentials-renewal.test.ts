import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { AwsService } from '../../src/framework/aws/sdk/aws-service.js';
import type { Credentials } from '../../src/framework/aws/credentials.js';
import type { SdkSettings } from '../../src/framework/aws/sdk/settings.js';
import { withResolvers } from '../../src/framework/base/time/wait.js';
import { HandClock } from '../../src/framework/testing/harness/hand-clock.js';
import { activity } from '../support/work.js';
import { ARN, createWorld } from '../support/world.js';

type Answer = { readonly accessKeyId: string; readonly secretAccessKey: string; readonly expiration?: Date };

let clock: HandClock;
let service: AwsService | undefined;
/** The times of asks in seconds. */
let asked: number[];
beforeEach(() => {
  clock = new HandClock();
  jest.spyOn(Date, 'now').mockImplementation(() => clock.now());
  asked = [];
});
afterEach(() => {
  jest.restoreAllMocks();
  service?.close();
});

const start = Date.UTC(2026, 0, 1);
const seconds = (n: number): Promise<void> => clock.advance(n * 1_000);
const expiring = (n: number, afterMs: number): Answer => ({
  accessKeyId: `KEY${n}`,
  secretAccessKey: 'secret',
  expiration: new Date(clock.now() + afterMs),
});

/** Opens the credentials of these settings, as a worker does. */
async function open(sdk: SdkSettings, readFiles?: () => Promise<void>): Promise<Credentials> {
  service = new AwsService({ endpoint: { kind: 'aws' }, sdk, clock, ...(readFiles && { readFiles }) });
  await service.client('us-east-1', 1);
  return service.credentials;
}

/** Opens the credentials of a function that gives the answer of its n-th ask, from 1. */
function given(answer: (n: number) => Answer | Promise<Answer>): Promise<Credentials> {
  const credentials = async (): Promise<Answer> => {
    asked.push((clock.now() - start) / 1_000);
    return answer(asked.length);
  };
  // Files take real time, which the clock does not wait for.
  return open({ credentials }, async () => {});
}

/** Makes two calls a second for a time, with whatever credentials there are. @returns their keys, each once */
async function calls(credentials: Credentials, forSeconds: number): Promise<string[]> {
  const keys = new Set<string>();
  for (let n = 0; n < forSeconds * 2; n++) {
    keys.add((await credentials.current()).accessKeyId);
    await clock.advance(500);
  }
  return [...keys];
}

/** The numbers from one to another: an ask that reads files first may begin late, so that only about how many is sure. */
const upTo = (least: number, most: number): number[] =>
  Array.from({ length: most - least + 1 }, (_, n) => least + n);
/** Resolves to what a call is signed with, or to why it is not made. */
const attempt = (credentials: Credentials): Promise<unknown> =>
  Promise.resolve(credentials.current()).catch(String);

describe('an ask that hangs', () => {
  const hang = new Promise<never>(() => {});

  test('counts as failed after 10 s: the provider is asked again, and calls are made', async () => {
    const credentials = await given((n) => (n === 1 ? hang : { accessKeyId: 'KEY', secretAccessKey: 's' }));
    let renewed = 0;
    credentials.onRenewed(() => renewed++);
    const first = attempt(credentials);
    await seconds(10);
    expect(await first).toMatch('did not answer within 10 s');
    await clock.settle(() => renewed === 1);
    expect(await credentials.current()).toMatchObject({ accessKeyId: 'KEY' });
    expect([asked.length, renewed]).toEqual([2, 1]);
  });

  test('is asked again as one that fails: after 10 s each, and ever less often', async () => {
    const credentials = await given(() => hang);
    for (let n = 0; n < 150; n++) {
      void attempt(credentials);
      await seconds(1);
    }
    // At 0, 10, 20, 30, 40, 56, 86, 116, 146 s.
    expect(upTo(8, 9)).toContain(asked.length);
  });

  test('holds up no call while there are credentials, and is taken late', async () => {
    const late = withResolvers<Answer>();
    const credentials = await given((n) => (n === 1 ? expiring(1, 60_000) : n === 2 ? late.promise : hang));
    await credentials.current();
    expect(await calls(credentials, 70)).toEqual(['KEY1']);
    expect(asked.length).toBeGreaterThanOrEqual(3);
    late.resolve(expiring(2, 3_600_000));
    await clock.settle();
    expect(await credentials.current()).toMatchObject({ accessKeyId: 'KEY2' });
  });

  test('leaves no timer behind a close', async () => {
    const credentials = await given(() => hang);
    const waiting = attempt(credentials);
    await clock.settle(() => asked.length === 1);
    credentials.close();
    expect(await waiting).toMatch('the provider of credentials gave none');
    expect(await attempt(credentials)).toMatch('the provider of credentials gave none');
    await clock.settle();
    expect([asked.length, clock.pending]).toEqual([1, 0]);
  });
});

describe('an ask of the SDK’s own chain that hangs', () => {
  const environment = { ...process.env };
  let home: string;
  let sts: Server;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'stepwright-renewal-'));
    for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
    writeFileSync(join(home, 'token'), 'token');
    process.env['AWS_SHARED_CREDENTIALS_FILE'] = join(home, 'credentials');
    process.env['AWS_CONFIG_FILE'] = join(home, 'config');
    process.env['AWS_WEB_IDENTITY_TOKEN_FILE'] = join(home, 'token');
    process.env['AWS_ROLE_ARN'] = 'arn:aws:iam::123456789012:role/Worker';
  });
  afterEach(() => {
    process.env = { ...environment };
    rmSync(home, { recursive: true });
    sts.closeAllConnections();
    sts.close();
  });

  test('does not hold up the next', async () => {
    const held: ServerResponse[] = [];
    sts = createServer((_, response) => {
      if (held.push(response) > 1) response.writeHead(200, { 'content-type': 'text/xml' }).end(session());
    });
    await new Promise<void>((resolve) => sts.listen(0, '127.0.0.1', resolve));
    process.env['AWS_ENDPOINT_URL_STS'] = `http://127.0.0.1:${(sts.address() as AddressInfo).port}`;
    const credentials = await open({});
    void attempt(credentials);
    await clock.settle(() => held.length === 1);
    await seconds(10);
    await clock.settle(() => held.length === 2);
    await clock.settle(() => credentials.generation > 0);
    expect(await credentials.current()).toMatchObject({ accessKeyId: 'SESSION' });
  });

  function session(): string {
    const fields = {
      AccessKeyId: 'SESSION',
      SecretAccessKey: 'secret',
      SessionToken: 'token',
      Expiration: new Date(clock.now() + 3_600_000).toISOString(),
    };
    const xml = Object.entries(fields).map(([name, value]) => `<${name}>${value}</${name}>`);
    const result = `<AssumeRoleWithWebIdentityResult><Credentials>${xml.join('')}</Credentials></AssumeRoleWithWebIdentityResult>`;
    return `<AssumeRoleWithWebIdentityResponse>${result}</AssumeRoleWithWebIdentityResponse>`;
  }
});

test('no call waits for the provider while credentials are renewed', async () => {
  jest.restoreAllMocks();
  const world = await createWorld();
  let asks = 0;
  const credentials = async (): Promise<Answer> => {
    if (++asks > 1) await world.clock.sleep(100);
    return { accessKeyId: 'KEY', secretAccessKey: 'secret', expiration: new Date(Date.now() + 60_000) };
  };
  const machine = world.machine(ARN);
  const w = await world.worker({ activities: [activity(() => 1)], sdk: { credentials } });
  await world.clock.advance(1_000);
  const since = world.clock.now();
  for (let n = 1; n <= 20; n++) await world.execute(machine);
  await world.clock.settle(() => w.of('task:succeeded').length === 20);
  expect(world.clock.now()).toBe(since);
  expect(asks).toBeLessThanOrEqual(3);
  await world.close();
});

describe('credentials that expire soon, or have by this machine’s clock', () => {
  test('and are all that the provider has are asked for after 1 s, doubling to 30 s', async () => {
    const end = new Date(start + 240_000);
    const same = { accessKeyId: 'KEY', secretAccessKey: 'secret', expiration: end };
    const credentials = await given(() => same);
    // Also after they have expired, by this clock: the service does not refuse them.
    expect(await calls(credentials, 300)).toEqual(['KEY']);
    // At 0, 0, 1, 3, 7, 15, 31, 61, 91 … 301 s.
    expect(upTo(10, 16)).toContain(asked.length);
  });

  test('and give way to ones that live as short are renewed halfway', async () => {
    const credentials = await given((n) => expiring(n, 60_000));
    expect(await calls(credentials, 200)).toEqual(expect.arrayContaining(['KEY2', 'KEY3', 'KEY4', 'KEY5']));
    // At 0, 0, 30, 60, 90, 120, 150, 180 s.
    expect(upTo(6, 8)).toContain(asked.length);
  });

  test('however many, are asked for ever less often where all have expired: this clock is wrong', async () => {
    const credentials = await given((n) => expiring(n, -60_000));
    await calls(credentials, 200);
    expect(upTo(8, 12)).toContain(asked.length);
  });

  test('are renewed five minutes before, where they live longer than ten', async () => {
    const credentials = await given((n) => expiring(n, 1_800_000));
    await calls(credentials, 10);
    await seconds(1_480);
    await calls(credentials, 9);
    expect(asked).toEqual([0]);
    await calls(credentials, 60);
    expect(asked).toHaveLength(2);
  });
});
