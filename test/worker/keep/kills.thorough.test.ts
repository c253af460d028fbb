import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as nap } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type LocalService, startLocalService } from 'stepwright/local';
import { compiled } from '../../support/hosted.js';

const KILLS = 20;
const LINES = 1_000_000;
const EACH = 10_000;
/** A process says how far it is each 100 lines. */
const STEP = 100;
const ACTIVITY = 'arn:aws:states:us-east-1:123456789012:activity:Batch';

let service: LocalService;
let client: SFNClient;
let folder: string;
const script = fileURLToPath(compiled('test/worker/keep/fixtures/batch-worker.ts'));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stepwright-kills-'));
  service = await startLocalService({ port: 0 });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  client = new SFNClient({ endpoint: service.url, region: 'us-east-1', credentials });
});
afterAll(async () => {
  client.destroy();
  await service.close();
  rmSync(folder, { recursive: true, force: true });
});

function startWorker(number: number): ChildProcess {
  const env = { ...process.env, BATCH_URL: service.url, BATCH_FOLDER: folder, BATCH_PROCESS: String(number) };
  return spawn(process.execPath, [script], { env, stdio: ['ignore', 'ignore', 'inherit'] });
}

/** What a process has said: the line that it began after, and the last one that it has done. */
function saidBy(number: number): { from: number; to: number } | undefined {
  const path = join(folder, `process-${number}`);
  const [first = '', ...lines] = existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
  const from = /^from (\d+)$/.exec(first)?.[1];
  if (from === undefined) return undefined;
  return { from: Number(from), to: Math.max(Number(from), Number(lines.at(-1) ?? 0)) };
}

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 3_000 && !holds(); i++) await nap(10);
  if (!holds()) throw new Error('it does not come to pass within 30 s');
}

test(`a batch whose process is killed ${KILLS} times counts each line once, and repeats no more than a checkpoint`, async () => {
  const file = join(folder, 'numbers');
  const numbers = Array.from({ length: LINES }, (_, line) => (line * 7_919) % 1_009);
  writeFileSync(file, `${numbers.join('\n')}\n`);
  service.seedActivity(ACTIVITY);
  const Retry = [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 1, MaxAttempts: KILLS + 5, BackoffRate: 1 }];
  const Work = { Type: 'Task', Resource: ACTIVITY, HeartbeatSeconds: 1, Retry, End: true };
  const definition = JSON.stringify({ StartAt: 'Work', States: { Work } });
  const stateMachineArn = service.seedMachine({ name: 'Batch', definition });
  const input = JSON.stringify({ file, each: EACH });
  const { executionArn } = await client.send(new StartExecutionCommand({ stateMachineArn, input }));
  const repeated: number[] = [];
  let worker = startWorker(0);
  for (let kill = 1; kill <= KILLS; kill++) {
    await until(() => saidBy(kill - 1) !== undefined);
    await nap(20 + Math.random() * 320);
    worker.kill('SIGKILL');
    await once(worker, 'exit');
    worker = startWorker(kill);
    await until(() => saidBy(kill) !== undefined);
    repeated.push((saidBy(kill - 1)?.to ?? Number.NaN) - (saidBy(kill)?.from ?? Number.NaN));
  }
  let end = await client.send(new DescribeExecutionCommand({ executionArn }));
  while (end.status === 'RUNNING') {
    await nap(50);
    end = await client.send(new DescribeExecutionCommand({ executionArn }));
  }
  worker.kill('SIGKILL');
  const sum = numbers.reduce((total, each) => total + each, 0);
  const product = numbers.reduce((total, each, line) => total + each * (line + 1), 0);
  expect(end.status).toBe('SUCCEEDED');
  expect(JSON.parse(end.output ?? '')).toEqual({ lines: LINES, sum, product: String(product) });
  expect(repeated).toHaveLength(KILLS);
  // What was done after the last hundred that a process has told of is not counted.
  for (const lines of repeated) expect(lines).toBeLessThanOrEqual(EACH);
  for (const lines of repeated) expect(lines).toBeGreaterThanOrEqual(-STEP);
}, 300_000);
