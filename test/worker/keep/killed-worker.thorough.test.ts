import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  type Ending,
  type FilePlan,
  killPrograms,
  type Program,
  startProgram,
} from '../../support/crash/program.js';
import { killAt, TroubledProxy } from '../../support/crash/proxy.js';
import { createWorld, type World } from '../../support/world.js';

const ARN = 'arn:aws:states:us-east-1:123456789012:activity:Batch';
const MAIN = 'dist/src/framework/cli/main.js';
const LINES = 500;
const EACH = 10;

let world: World;
let proxy: TroubledProxy;
let root: string;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'stepwright-batch-'));
  world = await createWorld();
  proxy = await new TroubledProxy(world.service.url).open();
});
afterEach(async () => {
  killPrograms();
  proxy.close();
  await world.close();
  rmSync(root, { recursive: true, force: true });
});

function startWorker(plan?: Omit<FilePlan, 'under'>): Program {
  const under = join(root, 'store');
  return startProgram(MAIN, {
    args: ['start', '--config', 'test/fixtures/keep/batch.config.mjs', '--endpoint', proxy.url],
    env: { BATCH_FOLDER: under },
    ...(plan && { plan: { ...plan, under } }),
  });
}

type Said = readonly { readonly from?: number; readonly line?: number }[];
const lineOf = ({ said }: Pick<Ending, 'said'>): number =>
  Math.max(...(said as Said).map(({ line = 0 }) => line), 0);
const fromOf = ({ said }: Pick<Ending, 'said'>): number | undefined =>
  (said as Said).find(({ from }) => from !== undefined)?.from;

/** Kills a worker at a request, sent or answered. */
const atRequest = (operation: string, n = 1): (() => Program)[] =>
  (['unsent', 'unread'] as const).map((when) => () => {
    proxy.fate = killAt(operation, n, when, () => program.signal('SIGKILL'));
    const program = startWorker();
    return program;
  });

const KILLS: readonly (() => Program)[] = [
  ...atRequest('GetActivityTask'),
  ...atRequest('SendTaskHeartbeat'),
  ...[1, 5, 9, 13, 17, 21].map((at) => () => startWorker({ trouble: 'kill', at })),
  // The last report reaches the service, and its worker never knows.
  ...atRequest('SendTaskSuccess'),
];

test('a batch whose worker is killed again and again counts each line once, and repeats no more than a checkpoint', async () => {
  const machine = world.machine(ARN, {
    HeartbeatSeconds: 30,
    Retry: [{ ErrorEquals: ['States.Timeout'], IntervalSeconds: 1, MaxAttempts: 100, BackoffRate: 1 }],
  });
  const execution = await world.execute(machine, { lines: LINES, each: EACH });
  let reached = 0;
  const endOf = async (program: Program): Promise<Ending> => {
    const ending = await program.ended;
    const from = fromOf(ending);
    // It goes on from the last checkpoint of those before it.
    const isNear = from === undefined || (from <= reached && from >= reached - EACH);
    expect({ from, reached, isNear }).toEqual({ from, reached, isNear: true });
    reached = Math.max(reached, lineOf(ending));
    return ending;
  };
  for (const kill of KILLS) {
    proxy.reset();
    const { signal, stderr } = await endOf(kill());
    expect({ signal, stderr }).toEqual({ signal: 'SIGKILL', stderr: '' });
    // The heartbeats of its task have ended, and the task is given to another.
    await world.clock.advance(31_000);
    await world.clock.advance(1_000);
  }
  expect(reached).toBe(LINES);
  const { status, output } = await world.describe(execution);
  const sum = (LINES * (LINES + 1) * (2 * LINES + 1)) / 6;
  expect({ status, output: JSON.parse(output ?? 'null') as unknown }).toEqual({
    status: 'SUCCEEDED',
    output: { lines: LINES, sum },
  });
}, 300_000);
