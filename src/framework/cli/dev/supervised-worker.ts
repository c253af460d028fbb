import 'reflect-metadata';
import { type ParentChannel, takeParentChannel } from '../../base/process-channel.js';
import { systemClock } from '../../base/time/clock.js';
import { setupsOf } from '../../local/resources/functions/function-setup.js';
import { MockTable } from '../../local/resources/mocks.js';
import { type Logger, silentLog } from '../../base/log/log.js';
import { type Endpoint, localEndpoint } from '../../aws/endpoint.js';
import { AwsService } from '../../aws/sdk/aws-service.js';
import { unlessAborted } from '../../base/time/wait.js';
import type { CheckedPlan } from '../../worker/build/check-plan.js';
import type { Plan } from '../../worker/build/plan.js';
import type { Worker } from '../../worker/worker.js';
import { logWarnings } from '../output/banner.js';
import { exit } from '../process/exit.js';
import { formatError } from '../output/format-error.js';
import { exitNow } from '../process/signals.js';
import { readWorker } from '../project/project.js';
import { logWithTasks } from '../start/task-log.js';
import { checkPlanHere, runWorker } from '../start/run-worker.js';
import { seededFindings } from '../local/seed.js';
import { type FromWorker, planSummary, type RunMessage, type ToWorker } from './messages.js';

/** The interval, in milliseconds, at which the worker's status is sent. */
const STATUS_MS = 1_000;

let log: Logger = silentLog;
const channel: ParentChannel<ToWorker, FromWorker> = takeParentChannel(() =>
  log.debug('process.send() was called: nothing receives its messages, so they are dropped'),
);

/**
 * Sends a message to `dev`. Resolves when the message is sent, so that the process can exit without
 * losing it.
 */
const send = (message: FromWorker): Promise<void> => new Promise((resolve) => channel.send(message, resolve));

/** Resolves with the next message of this kind from `dev`. */
function nextMessage<Kind extends ToWorker['kind']>(kind: Kind): Promise<Extract<ToWorker, { kind: Kind }>> {
  return new Promise((resolve) => {
    const off = channel.onMessage((message) => {
      if (message.kind !== kind) return;
      off();
      resolve(message as Extract<ToWorker, { kind: Kind }>);
    });
  });
}

/** Waits for the `run` message, runs a worker, and exits with its exit code. */
export async function awaitRun(): Promise<void> {
  process.on('disconnect', () => exitNow(1));
  const asked = nextMessage('run');
  const drain = nextMessage('drain');
  await warmUp();
  const message = await asked;
  const stop = new AbortController();
  void drain.then(() => stop.abort());
  try {
    await exit(await run(message, stop));
  } catch (error) {
    // A worker that hasn't started has no tasks, so a request to drain may interrupt the start.
    if (stop.signal.aborted && error === stop.signal.reason) await exit(0);
    await send({ kind: 'failed', text: formatError(error) });
    await exit(1);
  }
}

/**
 * Makes a connection and closes it at once, so that Node's modules for connections are loaded before a worker needs
 * them.
 */
async function warmUp(): Promise<void> {
  const service = new AwsService({ endpoint: localEndpoint(1), sdk: {}, clock: systemClock, log: silentLog });
  await service.port('us-east-1');
  service.close();
}

async function run({ flags, log: logFlags }: RunMessage, stop: AbortController): Promise<number> {
  const { taskLog, ...made } = logWithTasks(logFlags);
  ({ log } = made);
  // While user code is loaded, the channel must not keep the process alive. So if the user code awaits a promise that
  // nothing can settle, the process becomes idle, which is noticed.
  process.channel?.unref();
  const { plan, module, projectDir, warnings } = await unlessAborted(stop.signal, readWorker(flags));
  answerMocks(plan);
  // The service of `dev` runs the functions. Their mistakes are told here, while the old code keeps running.
  setupsOf(plan.settings.lambdas, {});
  const checked = await checkPlanHere(besideOthers(plan), { log, module, stop: stop.signal });
  const endpoint = await connectionOf(checked, projectDir, stop.signal);
  return runWorker(checked, endpoint, { taskLog, stop: stop.signal }, (worker) => {
    logWarnings(log, warnings);
    sendUpdates(worker, plan);
    // If the embedded service has ended, no task can be reported. So a worker at the endpoint `local` exits at once.
    if (plan.endpoint?.kind !== 'local') drainOnDisconnect(() => stop.abort());
  });
}

/**
 * Sends the plan to `dev`, and waits for its reply. If the local service is used, it runs by then. Resolves with the
 * endpoint to connect to.
 */
async function connectionOf(checked: CheckedPlan, projectDir: string, stop: AbortSignal): Promise<Endpoint> {
  process.channel?.ref();
  const answer = unlessAborted(stop, nextMessage('connect'));
  void send({ kind: 'planned', plan: planSummary(checked.plan, projectDir) });
  const { port } = await answer;
  return port === undefined ? checked.endpoint : localEndpoint(port);
}

/**
 * From now on, sends the worker's status to `dev` each second and whenever its state changes, and
 * replies to `check` messages.
 */
function sendUpdates(worker: Worker, plan: Plan): void {
  channel.onMessage((message) => {
    if (message.kind === 'check')
      void send({ kind: 'checked', findings: seededFindings(plan, message.machines) });
  });
  const sendStatus = (): void => void send({ kind: 'status', status: worker.status() });
  systemClock.every(STATUS_MS, sendStatus);
  worker.on('state', ({ to }) => {
    sendStatus();
    if (to === 'running') void send({ kind: 'running', name: worker.status().name });
  });
}

/** From now on, stops the worker if `dev` exits. Running tasks can still finish and be reported. */
function drainOnDisconnect(stop: () => void): void {
  process.removeAllListeners('disconnect');
  process.on('disconnect', stop);
}

/**
 * Returns a plan for a process that runs beside the one that it replaces: its worker has its own name, and opens no
 * health port.
 */
function besideOthers(plan: Plan): Plan {
  const { workerName: asked } = plan.settings;
  const workerName = asked === undefined ? undefined : `${asked.slice(0, 70)}-${process.pid}`;
  return { ...plan, settings: { ...plan.settings, workerName, healthPort: undefined } };
}

function answerMocks({ settings: { mocks } }: Plan): void {
  const table = new MockTable(mocks);
  const running = new Map<number, AbortController>();
  channel.onMessage((message) => {
    if (message.kind === 'cut') running.get(message.id)?.abort();
    if (message.kind !== 'mock') return;
    const { id, call, input } = message;
    const cut = new AbortController();
    running.set(id, cut);
    void table.answer({ call }, input as never, cut.signal).then((outcome) => {
      running.delete(id);
      return send({ kind: 'mocked', id, outcome });
    });
  });
}
