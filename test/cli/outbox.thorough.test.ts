import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetActivityTaskCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals';
import { tokenHash } from '../../src/framework/base/token-hash.js';
import { findHolders } from '../../src/framework/cli/outbox/holders.js';
import { HandClock } from '../../src/framework/testing/harness/hand-clock.js';
import { directory } from '../../src/framework/worker/keep/directory.js';
import { memoryStore } from '../../src/framework/worker/keep/memory.js';
import { encodeOutcome, type KeptOutcome } from '../../src/framework/worker/keep/outbox/kept-outcome.js';
import { encodeRecord, tokenKey } from '../../src/framework/worker/keep/record.js';
import { killAll, type Run, stepwright } from '../support/cli.js';
import { ARN, createWorld, type World } from '../support/world.js';

let world: World;
let folder: string;
beforeEach(async () => {
  world = await createWorld();
  folder = mkdtempSync(join(tmpdir(), 'stepwright-'));
});
afterEach(async () => {
  await world.close();
  rmSync(folder, { recursive: true });
});
afterAll(killAll);

const CONFIG = ['--config', 'test/fixtures/outbox/outbox.config.mjs'];
const SECRET = 'a value of the user';

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function outbox(words: readonly string[], dir: string | undefined = folder): Promise<Ended> {
  const env = { AWS_ENDPOINT_URL_SFN: world.service.url, ...(dir && { OUTBOX_DIR: dir }) };
  const run: Run = stepwright(['outbox', ...words, ...CONFIG], env);
  const { code } = await run.ended;
  const ended = { code, stdout: run.stdout(), stderr: run.stderr() };
  expect(ended.stdout + ended.stderr).not.toContain(SECRET);
  return ended;
}

/** Starts an execution and takes its task, as a worker does that dies then. */
async function taken(): Promise<{ token: string; id: string; execution: string }> {
  const execution = await world.execute(world.machine(ARN));
  const { taskToken: token = '' } = await world.client.send(new GetActivityTaskCommand({ activityArn: ARN }));
  return { token, id: tokenHash(token), execution };
}

const SUCCESS: KeptOutcome['outcome'] = { status: 'succeeded', output: JSON.stringify(SECRET) };

/** Puts an outcome into the outbox, below a lease or `given-up`. */
async function kept(token: string, lease = 'given-up', outcome = SUCCESS, more = {}): Promise<void> {
  const task = { handler: 'Work.run', activityArn: ARN, heartbeatMs: false, decidedAt: 1.5e12 } as const;
  const record = encodeOutcome({ token, ...task, outcome }, more);
  await directory(folder).put(`outcomes/${lease}/${tokenKey(token)}`, record);
}

async function lease(id: string, fields: object): Promise<void> {
  const record = encodeRecord('worker', { name: `worker ${id}`, scopes: [], ...fields });
  await directory(folder).put(`workers/outbox/${id}`, record);
}

const keys = async (): Promise<readonly string[]> => (await directory(folder).list('outcomes/')).keys;

test('list shows each outcome with who reports it, and neither token nor value', async () => {
  await kept('token-1');
  await lease('gone', { released: true });
  await kept('token-2', 'gone', { status: 'failed', error: 'Declined', cause: SECRET });
  await directory(folder).put('outcomes/given-up/abcdef0123', encodeRecord('deferred', {}));
  const table = await outbox(['list']);
  expect(table.code).toBe(0);
  expect(table.stdout.replaceAll(/ {2,}/g, ' | ').trim().split('\n')).toEqual([
    'ID | HANDLER | ACTIVITY | OUTCOME | DECIDED | STATE',
    'abcdef01 | (unreadable) | – | – | – | given up',
    `${tokenHash('token-1')} | Work.run | Work | succeeded | 2017-07-14T02:40:00Z | given up`,
    `${tokenHash('token-2')} | Work.run | Work | failed: Declined | 2017-07-14T02:40:00Z | its worker has ended: worker gone`,
  ]);
  expect(table.stdout + table.stderr).not.toMatch(/token-\d/);
  const { stdout } = await outbox(['--json', 'list']);
  expect((JSON.parse(stdout) as unknown[]).at(-1)).toEqual({
    ...{
      id: tokenHash('token-2'),
      handler: 'Work.run',
      activityArn: ARN,
      status: 'failed',
      error: 'Declined',
    },
    ...{ decidedAt: '2017-07-14T02:40:00Z', state: 'left', worker: 'worker gone' },
  });
});

test('an empty outbox says so, and there is nothing to offer', async () => {
  expect(await outbox([])).toEqual({ code: 0, stdout: '', stderr: 'the outbox is empty\n' });
  expect(await outbox(['offer', '--all'])).toEqual({
    ...{ code: 0, stdout: '', stderr: 'there is nothing to offer\n' },
  });
});

test('offer reports an outcome that was given up, and removes it once it is accepted', async () => {
  const { token, id, execution } = await taken();
  const scopes = [`${new URL(world.service.url).host} 123456789012 us-east-1`];
  await kept(token, 'given-up', SUCCESS, { scopes });
  expect(await outbox(['offer', id])).toEqual({ code: 0, stdout: `${id} Work.run: accepted\n`, stderr: '' });
  expect(await world.describe(execution)).toMatchObject({ status: 'SUCCEEDED', output: `"${SECRET}"` });
  expect(await keys()).toEqual([]);
});

test('offer --all also reports what a dead worker left; one whose task is gone is removed, and the code is 1', async () => {
  const [first, second] = [await taken(), await taken()];
  await world.client.send(new StopExecutionCommand({ executionArn: first.execution }));
  await kept(first.token);
  await kept(second.token, 'no-lease', { status: 'failed', error: 'Declined', cause: SECRET });
  const { code, stdout } = await outbox(['offer', '--all']);
  expect(code).toBe(1);
  expect(new Set(stdout.trim().split('\n'))).toEqual(
    new Set([
      `${first.id} Work.run: gone (its task timed out, has ended, or its execution has)`,
      `${second.id} Work.run: accepted`,
    ]),
  );
  expect(await world.describe(second.execution)).toMatchObject({ status: 'FAILED', error: 'Declined' });
  expect(await keys()).toEqual([]);
});

test('an outcome whose task is of another endpoint is not offered to this one, and stays', async () => {
  const { token, id } = await taken();
  await kept(token, 'given-up', SUCCESS, { scopes: ['aws 123456789012 us-east-1'] });
  const { code, stdout } = await outbox(['offer', id]);
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /Work\.run: failed \(its task is one of aws, and the endpoint is 127\.0\.0\.1:\d+: name the other with --endpoint\); it stays\n$/,
  );
  expect(await keys()).toHaveLength(1);
});

test('an outcome that the service does not take stays', async () => {
  const { token, id } = await taken();
  await kept(token);
  const { code, stdout } = await outbox(['offer', id, '--endpoint', 'http://127.0.0.1:9']);
  expect([code, stdout]).toEqual([1, expect.stringMatching(/Work\.run: failed \(.+\); it stays\n$/)]);
  expect(stdout).not.toContain(token);
  expect(await keys()).toHaveLength(1);
});

test('drop removes what is named with --yes, and nothing without it', async () => {
  await kept('token-1');
  await kept('token-2');
  const id = tokenHash('token-1');
  expect(await outbox(['drop', id])).toEqual({
    ...{ code: 2, stdout: '' },
    stderr: `${id} Work.run\nThese outcomes would be lost, and nothing was removed. To remove them, add --yes\n`,
  });
  expect(await keys()).toHaveLength(2);
  expect(await outbox(['drop', id, '--yes'])).toEqual({
    ...{ code: 0, stdout: `${id} Work.run: removed\n`, stderr: '' },
  });
  expect(await keys()).toEqual([`outcomes/given-up/${tokenKey('token-2')}`]);
});

test('a wrong use does nothing, gives 2 and says what was expected', async () => {
  await kept('token-1');
  const id = tokenHash('token-1');
  const wrong = [
    [['offer'], 'expected one or more IDs, or --all, got neither'],
    [['offer', id, '--all'], 'expected one or more IDs, or --all, got both'],
    [['drop', '--yes'], 'expected one or more IDs'],
    [['list', id], `it takes no IDs, got ${id}`],
    [['list', '--all'], '--all is for `offer`'],
    [['offer', id, '--json'], '--json is for `list`'],
    [['offer', id, '--yes'], '--yes is for `drop`'],
    [['offer', `${id.slice(0, -1)}x`], `: did you mean '${id}'?`],
  ] as const;
  const ended = await Promise.all(wrong.map(([words]) => outbox(words)));
  expect(ended.map(({ code, stdout }) => [code, stdout])).toEqual(wrong.map(() => [2, '']));
  for (const [at, [, words]] of wrong.entries()) expect(ended[at]?.stderr).toContain(words);
  expect(await keys()).toHaveLength(1);
});

test('a config without an outbox, and a store that can not be used, are named', async () => {
  const none = await outbox(['list'], '');
  expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('set outbox: { store: directory(')]);
  const denied = await outbox(['list'], '/nowhere/at/all');
  expect([denied.code, denied.stderr]).toEqual([1, expect.stringContaining('/nowhere/at')]);
  expect(denied.stderr).not.toMatch(/^ +at /m);
});

test('a worker lives whose lease changes; one whose lease does not change for 30 s has ended', async () => {
  const [store, clock] = [memoryStore(), new HandClock()];
  const renew = (id: string): Promise<string> =>
    store.put(`workers/outbox/${id}`, encodeRecord('worker', { name: id, scopes: [] }));
  await renew('living');
  await renew('dead');
  const waits: number[] = [];
  const finding = findHolders(store, clock, ['living', 'dead', 'dead', 'given-up'], (many) =>
    waits.push(many),
  );
  await clock.advance(9_000);
  await renew('living');
  await clock.advance(30_000);
  const holders = await finding;
  expect(waits).toEqual([2]);
  expect(Object.fromEntries(Array.from(holders, ([id, { state }]) => [id, state]))).toEqual({
    ...{ living: 'lives', dead: 'left', 'given-up': 'given-up' },
  });
});
