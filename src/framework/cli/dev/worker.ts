import 'reflect-metadata';
import { systemClock } from '../../clock.js';
import type { Flags } from '../../config/texts.js';
import { exampleInput } from '../../handler/input/example.js';
import { createLog, silentLog } from '../../log.js';
import { MockTable } from '../../local/mocks/mocks.js';
import { localEndpoint, showEndpoint } from '../../service/endpoint.js';
import { AwsService } from '../../service/sdk/aws.js';
import { publicStatus } from '../../worker/health/pages.js';
import { buildWorker } from '../../worker/start/create-worker.js';
import type { Plan } from '../../worker/start/plan.js';
import { sayOutdated } from '../banner.js';
import { end, watchExit } from '../exit.js';
import { explain } from '../explain.js';
import { readWorker } from '../project.js';
import { localArn, seededFindings } from '../seed.js';
import { watchUserErrors } from '../user-errors.js';
import type { FromWorker, Planned, ToWorker } from './messages.js';

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
  process.on('disconnect', () => process.exit(1));
  const asked = told('run');
  await warmUp();
  const { flags, logLevel } = await asked;
  try {
    await end(await run(flags, logLevel));
  } catch (error) {
    await tell({ kind: 'failed', text: explain(error) });
    await end(1);
  }
}

/** Makes one connection that nobody uses, so that all that one needs is loaded before it is waited for. */
async function warmUp(): Promise<void> {
  const service = new AwsService({ endpoint: localEndpoint(1), sdk: {}, clock: systemClock, log: silentLog });
  await service.port('us-east-1', { polls: 1, reports: 1, heartbeats: 1 });
  service.close();
}

async function run(flags: Flags, logLevel: string): Promise<number> {
  const drain = told('drain');
  const log = createLog({ level: logLevel, pretty: process.stdout.isTTY });
  const { plan, module, projectDir, outdated } = await readWorker(flags);
  answerMocks(plan);
  const worker = await buildWorker(besideOthers(plan), {
    clock: systemClock,
    random: Math.random,
    log,
    module,
    connectTo: async () => {
      const connect = told('connect');
      void tell({ kind: 'planned', planned: plannedOf(plan, projectDir) });
      const { port } = await connect;
      if (port !== undefined) return localEndpoint(port);
      if (!plan.endpoint) throw new Error('a plan without an endpoint has a problem that says so');
      return plan.endpoint;
    },
  });
  watchExit(() => worker.status());
  const errors = watchUserErrors(log, () => void worker.stop());
  sayOutdated(log, outdated);
  process.on('message', (message: ToWorker) => {
    if (message.kind === 'check')
      void tell({ kind: 'checked', findings: seededFindings(plan, message.machines) });
  });
  const showStatus = (): void => void tell({ kind: 'status', status: publicStatus(worker.status()) });
  systemClock.every(STATUS_MS, showStatus);
  worker.on('state', ({ to }) => {
    showStatus();
    const { name, handlers } = worker.status();
    if (to === 'running') void tell({ kind: 'running', name, handlers });
  });
  void drain.then(() => worker.stop());
  // Whoever serves it is gone: nothing that still runs could be reported.
  if (plan.endpoint?.kind !== 'local') outlive(() => void worker.stop());
  await worker.run();
  return errors.uncaught === undefined ? 0 : 1;
}

/** At an endpoint that goes on without `dev`, tasks that run are reported after its end, too. */
function outlive(stop: () => void): void {
  process.removeAllListeners('disconnect');
  process.on('disconnect', stop);
}

/** The old worker is there while the new one begins: each has its own name, and neither has the health port. */
const besideOthers = (plan: Plan): Plan => {
  const { workerName: asked } = plan.settings;
  const workerName = asked === undefined ? undefined : `${asked.slice(0, 70)}-${process.pid}`;
  return { ...plan, settings: { ...plan.settings, workerName, healthPort: undefined } };
};

function plannedOf({ endpoint, settings, handlers, files }: Plan, projectDir: string): Planned {
  const { port, region, machines, origins, mocks, healthPort } = settings;
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
    hasHealthPort: healthPort !== undefined,
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
