import '../../base/reflect-metadata.js';
import { systemClock } from '../../base/time/clock.js';
import { exampleInput } from '../../declare/schema/example-input.js';
import { MockTable } from '../../local/resources/mocks.js';
import { silentLog } from '../../base/log/log.js';
import { shareOutput } from '../../base/log/log-output.js';
import { type Endpoint, localEndpoint, showEndpoint } from '../../aws/endpoint.js';
import { AwsService } from '../../aws/sdk/aws-service.js';
import { unlessAborted } from '../../base/time/wait.js';
import { publicStatus } from '../../worker/health/pages.js';
import { measureForPrometheus } from '../../worker/observe/metrics/prometheus.js';
import type { Plan } from '../../worker/build/plan.js';
import type { Worker } from '../../worker/worker.js';
import { logOutdated } from '../output/banner.js';
import { exit } from '../process/exit.js';
import { formatError } from '../output/format-error.js';
import { exitNow } from '../process/exit-now.js';
import { logFor } from '../output/log-for.js';
import { endPollsOnDrain } from '../local/running-service.js';
import { readWorker } from '../project/project.js';
import { runWorker } from '../start/run-worker.js';
import { localArn, seededFindings } from '../local/seed.js';
import type { FromWorker, Membership, PlanSummary, RunMessage, ToWorker } from './set-messages.js';

/** How old what the console shows of a worker may be. */
const STATUS_MS = 1_000;

/** Resolves when it has left: the process may end right after. */
const tell = (message: FromWorker): Promise<void> =>
  new Promise((resolve) => {
    process.send?.(message, () => resolve());
  });

/** The next message of a kind. */
function told<Kind extends ToWorker['kind']>(kind: Kind): Promise<Extract<ToWorker, { kind: Kind }>> {
  return new Promise((resolve) => {
    const hear = (message: ToWorker): void => {
      if (message.kind !== kind) return;
      process.off('message', hear);
      resolve(message as Extract<ToWorker, { kind: Kind }>);
    };
    process.on('message', hear);
  });
}

/** Waits to be told to run, does, and ends the process. */
export async function awaitRun(): Promise<void> {
  process.on('disconnect', () => exitNow(1));
  process.on('message', ({ kind }: ToWorker) => {
    if (kind === 'end') exitNow(1);
  });
  const asked = told('run');
  const drain = told('drain');
  await warmUp();
  const message = await asked;
  const stop = new AbortController();
  void drain.then(() => stop.abort());
  // Whoever asks a single process of a set to end asks for a new one.
  if (message.member) process.on('SIGTERM', () => stop.abort());
  try {
    await exit(await run(message, stop));
  } catch (error) {
    await tell({ kind: 'failed', text: formatError(error) });
    await exit(1);
  }
}

/** Makes one connection that nobody uses, so that all that one needs is loaded before it is waited for. */
async function warmUp(): Promise<void> {
  const service = new AwsService({ endpoint: localEndpoint(1), sdk: {}, clock: systemClock, log: silentLog });
  await service.port('us-east-1', { polls: 1, reports: 1, heartbeats: 1 });
  service.close();
}

async function run({ flags, log: logFlags, member }: RunMessage, stop: AbortController): Promise<number> {
  if (member) shareOutput();
  const plain = logFor(logFlags);
  const log = member ? plain.child({ process: member.number }) : plain;
  // While only code of the user's is waited for, whoever began this process is no reason to go on.
  process.channel?.unref();
  const { plan, module, projectDir, outdated } = await readWorker(flags);
  answerMocks(plan);
  let { endpoint } = plan;
  const connectTo = async (): Promise<Endpoint> => {
    process.channel?.ref();
    const connect = unlessAborted(stop.signal, told('connect'));
    void tell({ kind: 'planned', planned: summaryOf(plan, projectDir) });
    const { port } = await connect;
    if (port !== undefined) endpoint = localEndpoint(port);
    if (!endpoint) throw new Error('a plan without an endpoint has a problem that says so');
    return endpoint;
  };
  let measure = async (): Promise<void> => {};
  const code = await runWorker(
    oneOfSeveral(plan, member),
    { stop: stop.signal, log, module, connectTo },
    async (worker) => {
      if (!member || member.number === 1) logOutdated(log, outdated);
      if (member && plan.settings.healthPort !== undefined) measure = await measured(worker);
      tellOf(worker, plan);
      if (member) endPollsOnDrain(worker, endpoint);
      // Whoever serves it is gone: nothing that still runs could be reported.
      if (plan.endpoint?.kind !== 'local') drainOnDisconnect(() => stop.abort());
    },
  );
  await measure();
  return code;
}

/** Tells of a worker, as it is asked and by itself. */
function tellOf(worker: Worker, plan: Plan): void {
  process.on('message', (message: ToWorker) => {
    if (message.kind === 'check')
      void tell({ kind: 'checked', findings: seededFindings(plan, message.machines) });
  });
  const showStatus = (): void => void tell({ kind: 'status', status: publicStatus(worker.status()) });
  systemClock.every(STATUS_MS, showStatus);
  worker.on('state', ({ to }) => {
    showStatus();
    if (to === 'running') void tell({ kind: 'running', name: worker.status().name });
  });
}

/** Measures a worker from now on, and tells whenever it is asked to. @returns what tells it once more. */
async function measured(worker: Worker): Promise<() => Promise<void>> {
  const prometheus = await measureForPrometheus(worker, systemClock);
  const measure = async (): Promise<void> => tell({ kind: 'measured', metrics: await prometheus.values() });
  process.on('message', ({ kind }: ToWorker) => {
    if (kind === 'measure') void measure();
  });
  return measure;
}

/** At an endpoint that goes on without who began it, tasks that run are reported after its end, too. */
function drainOnDisconnect(stop: () => void): void {
  process.removeAllListeners('disconnect');
  process.on('disconnect', stop);
}

/** Others are there beside it: each has its own name and its part of the rate, and none has the health port. */
function oneOfSeveral(plan: Plan, member: Membership | undefined): Plan {
  const { workerName: asked, heartbeatRate } = plan.settings;
  const workerName = asked === undefined ? undefined : `${asked.slice(0, 70)}-${process.pid}`;
  const settings = { ...plan.settings, workerName, healthPort: undefined };
  return { ...plan, settings: { ...settings, heartbeatRate: partOf(heartbeatRate, member?.of ?? 1) } };
}

/** Rounded down, since a second may see the rate rounded up. */
function partOf(rate: number, count: number): number {
  const part = rate / count;
  return part < 1 ? part : Math.floor(part);
}

function summaryOf({ endpoint, settings, handlers, files }: Plan, projectDir: string): PlanSummary {
  const { port, region, machines, origins, mocks, healthPort, graceMs, stallAfterMs } = settings;
  return {
    endpoint: endpoint ? showEndpoint(endpoint) : '',
    port: endpoint?.kind === 'local' ? port : undefined,
    projectDir,
    files,
    machines: { globs: machines, from: origins.machines.from },
    handlers: handlers.map(({ definition: { name, activity }, options: { heartbeatMs } }) => ({
      name,
      arn: localArn(activity, region),
      heartbeatMs,
    })),
    examples: examplesOf(handlers, region),
    mocks: Object.keys(mocks),
    ...{ healthPort, graceMs, stallAfterMs },
  };
}

function examplesOf(handlers: Plan['handlers'], region: string | undefined): Record<string, string> {
  return Object.fromEntries(
    handlers.flatMap(({ definition }) => {
      const example = exampleInput(definition);
      return example === undefined ? [] : [[localArn(definition.activity, region), JSON.stringify(example)]];
    }),
  );
}

function answerMocks({ settings: { mocks } }: Plan): void {
  const table = new MockTable(mocks);
  process.on('message', (message: ToWorker) => {
    if (message.kind !== 'mock') return;
    const { id, call, input } = message;
    void table.answer(call, input as never).then((outcome) => tell({ kind: 'mocked', id, outcome }));
  });
}
