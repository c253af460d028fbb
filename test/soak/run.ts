import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  DescribeExecutionCommand,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { type Service, startService } from '../../bench/support/service.js';
import { type Candidate, exitWhenInterrupted, install } from '../../bench/support/workers.js';
import { systemClock } from '../../src/framework/base/time/clock.js';
import { type Ending, judge, lostByWorkers, violations } from './judge.js';
import { Fleet } from './fleet.js';
import { show } from './show.js';
import { Troubles, untried } from './troubles.js';

const HELP = `npm run soak -- [--seed N] [--executions N] [--kill] [--trouble] [--program | --rival NAME]
  --seed        which faults happen (default 1)
  --executions  how many (default 10000)
  --kill        also kill a worker every 15 s
  --trouble     in the middle also a full disk for 30 s, a replaced key, and a clock that jumps by an hour
  --program     a script of the shell by 'stepwright exec' instead of a handler; a fifth of the starts a second
  --rival       bare-loop, bare-loop-drain or step-function-worker instead of Stepwright; nothing is asserted`;

const HEARTBEAT_SECONDS = 5;
const TASK_MS = 300;
/** Below what two workers can do even with a fifth of their calls spoiled, so that polls are often parked. */
const STARTS_A_SECOND = 50;
/** Each is a process or two. */
const PROGRAMS_A_SECOND = 10;
const ROLL_MS = 3_000;
const KILL_MS = 15_000;
/** A soak ends by itself after this long, whatever is still running. */
const LIMIT_MS = 270_000;
/** The grace of the workers, 30 s for their last reports, and some. */
const DRAIN_LIMIT_MS = 60_000;
/** By this name it is no address of this machine to the SDK and to us, who look for credentials then as at AWS. */
const ANY_HOST = '0.0.0.0';

const RIVALS: Readonly<Record<string, Candidate>> = {
  'bare-loop': 'bare loop',
  'bare-loop-drain': 'bare loop that drains',
  'step-function-worker': 'step-function-worker',
};

interface Options {
  readonly seed: number;
  readonly executions: number;
  readonly kill: boolean;
  readonly trouble: boolean;
  readonly candidate: Candidate;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      executions: { type: 'string', default: '10000' },
      kill: { type: 'boolean', default: false },
      trouble: { type: 'boolean', default: false },
      program: { type: 'boolean', default: false },
      rival: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  const ours: Candidate = values.program ? 'Stepwright exec' : 'Stepwright';
  const candidate = values.rival === undefined ? ours : RIVALS[values.rival];
  if (values.help || !candidate) {
    console.log(HELP);
    process.exit(values.help ? 0 : 1);
  }
  const { kill, trouble } = values;
  return { seed: Number(values.seed), executions: Number(values.executions), kill, trouble, candidate };
}

// Seven lines about Node 20 help nobody who reads figures.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

function clientOf({ url }: Service): SFNClient {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  return new SFNClient({ endpoint: url, region: 'us-east-1', credentials, cacheMiddleware: true });
}

async function start(client: SFNClient, { stateMachineArn }: Service, input: object): Promise<string> {
  const command = new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) });
  return (await client.send(command)).executionArn ?? '';
}

/** Starts executions at an even pace. @returns their ARNs, in order. */
async function feed(
  client: SFNClient,
  service: Service,
  count: number,
  perSecond: number,
): Promise<string[]> {
  const began = systemClock.now();
  const started: Promise<string>[] = [];
  while (started.length < count) {
    const due = Math.min(count, Math.ceil(((systemClock.now() - began) / 1000) * perSecond));
    while (started.length < due)
      started.push(start(client, service, { n: started.length, sleepMs: TASK_MS }));
    await systemClock.sleep(50);
  }
  return Promise.all(started);
}

async function untilIdle(client: SFNClient, { stateMachineArn }: Service, until: number): Promise<void> {
  const isBusy = async (): Promise<boolean> => {
    const running = { stateMachineArn, statusFilter: 'RUNNING', maxResults: 1 } as const;
    return ((await client.send(new ListExecutionsCommand(running))).executions ?? []).length > 0;
  };
  while (systemClock.now() < until && (await isBusy())) await systemClock.sleep(1_000);
}

/** An execution should end SUCCEEDED, with the output that belongs to its input. */
async function look(client: SFNClient, executionArn: string, n: number): Promise<Ending> {
  const { status = '', output } = await client.send(new DescribeExecutionCommand({ executionArn }));
  return { status, asItShould: status === 'SUCCEEDED' && output === JSON.stringify({ done: n }) };
}

async function lookAtAll(client: SFNClient, arns: readonly string[]): Promise<Ending[]> {
  const endings: Ending[] = [];
  for (let from = 0; from < arns.length; from += 25) {
    const some = arns.slice(from, from + 25);
    endings.push(...(await Promise.all(some.map((arn, i) => look(client, arn, from + i)))));
  }
  return endings;
}

async function soak({ seed, executions, kill, trouble, candidate }: Options): Promise<string[]> {
  const began = systemClock.now();
  const perSecond = candidate === 'Stepwright exec' ? PROGRAMS_A_SECOND : STARTS_A_SECOND;
  const service = await startService({
    state: {
      HeartbeatSeconds: HEARTBEAT_SECONDS,
      Retry: [{ ErrorEquals: ['States.Timeout'], IntervalSeconds: 1, MaxAttempts: 20, BackoffRate: 1 }],
    },
    pollHoldMs: 2_000,
    closedPollWindowMs: 2_000,
    keptExecutions: executions,
    plan: { kind: 'soak', seed },
    allowHosts: [ANY_HOST],
  });
  const client = clientOf(service);
  const logDir = mkdtempSync(join(tmpdir(), 'stepwright-soak-'));
  const troubles = trouble ? await Troubles.prepare(service, seed, logDir) : undefined;
  const url = troubles ? service.url.replace('127.0.0.1', ANY_HOST) : service.url;
  // Two beats in HeartbeatSeconds, and slots for the tasks whose reports are in trouble beside those that run.
  const env = { BENCH_GRACE: '20s', STEPWRIGHT_GRACE: '20s', ...troubles?.env };
  const settings = { url, concurrency: 40, heartbeatMs: 2_000, env };
  const fleet = new Fleet(candidate, settings, (name) => troubles?.logOf(name) ?? `${logDir}/${name}.log`);
  fleet.start();
  fleet.start();
  const stops = [systemClock.every(ROLL_MS, () => fleet.replaceOldest('SIGTERM'))];
  if (kill) stops.push(systemClock.every(KILL_MS, () => fleet.replaceOldest('SIGKILL')));
  if (troubles) stops.push(troubles.begin((executions / perSecond) * 1_000));
  try {
    const arns = await feed(client, service, executions, perSecond);
    await untilIdle(client, service, began + LIMIT_MS);
    for (const stop of stops) stop();
    const stuck = await fleet.close(DRAIN_LIMIT_MS);
    const { record } = await service.record();
    const endings = await lookAtAll(client, arns);
    const figures = judge(record, fleet.fates, endings, HEARTBEAT_SECONDS * 1_000);
    const lost = lostByWorkers(record, fleet.fates, HEARTBEAT_SECONDS * 1_000);
    if (lost.length > 0) writeFileSync(join(logDir, 'lost.json'), JSON.stringify(lost, undefined, 2));
    const seconds = Math.round((systemClock.now() - began) / 1_000);
    const effects = troubles?.effects(record, fleet.names);
    console.log(
      show(candidate, figures, {
        seed,
        kill,
        seconds,
        workers: fleet.names.length,
        crashes: fleet.crashes,
        stuck,
        logDir,
        effects,
      }),
    );
    return [...violations(figures), ...(effects ? untried(effects) : [])];
  } finally {
    for (const stop of stops) stop();
    troubles?.close();
    client.destroy();
    await service.stop();
  }
}

exitWhenInterrupted();
const options = readOptions();
if (install([options.candidate]).length === 0) process.exit(1);
const violated = await soak(options);
const broken = options.candidate.startsWith('Stepwright') ? violated : [];
for (const what of broken) console.error(`VIOLATED: ${what}`);
process.exit(broken.length > 0 ? 1 : 0);
