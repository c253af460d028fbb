import '../../base/reflect-metadata.js';
import { type ParentChannel, takeParentChannel } from '../../base/process-channel.js';
import { systemClock } from '../../base/time/clock.js';
import { MockTable } from '../../local/resources/mocks.js';
import { type Logger, silentLog } from '../../base/log/log.js';
import { type Endpoint, localEndpoint } from '../../aws/endpoint.js';
import { AwsService } from '../../aws/sdk/aws-service.js';
import { unlessAborted } from '../../base/time/wait.js';
import { publicStatus } from '../../worker/health/health-pages.js';
import { measureForPrometheus } from '../../worker/observe/metrics/prometheus.js';
import { shareRate } from '../../declare/rate.js';
import type { Plan, PlannedHandler } from '../../worker/build/plan.js';
import type { Worker } from '../../worker/worker.js';
import { logWarnings } from '../output/banner.js';
import { exit } from '../process/exit.js';
import { formatError } from '../output/format-error.js';
import { exitNow } from '../process/exit-now.js';
import type { ControlAnswer, ControlRequest } from '../control/control-request.js';
import { controlWorker } from '../control/control-worker.js';
import { logFor } from '../output/log-for.js';
import { readWorker } from '../project/project.js';
import { TaskLog } from '../start/task-log.js';
import { runWorker } from '../start/run-worker.js';
import { seededFindings } from '../local/seed.js';
import { planSummary } from './plan-summary.js';
import type { FromWorker, Membership, RunMessage, ToWorker } from './set-messages.js';

/** The interval, in milliseconds, at which the worker's status is sent. */
const STATUS_MS = 1_000;

let log: Logger = silentLog;
const channel: ParentChannel<ToWorker, FromWorker> = takeParentChannel(() =>
  log.debug('process.send() was called: nothing receives its messages, so they are dropped'),
);

/**
 * Sends a message to the supervising process. Resolves when the message is sent, so that the process can exit without
 * losing it.
 */
const send = (message: FromWorker): Promise<void> => new Promise((resolve) => channel.send(message, resolve));

/** Resolves with the next message of this kind from the supervising process. */
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
  channel.onMessage(({ kind }) => {
    if (kind === 'end') exitNow(1);
  });
  const asked = nextMessage('run');
  const drain = nextMessage('drain');
  const obeyWith = obeyControl();
  await warmUp();
  const message = await asked;
  const stop = new AbortController();
  void drain.then(() => stop.abort());
  // In a set, a process that exits is replaced. So a SIGTERM to one of its processes means: start a new one instead.
  if (message.member) process.on('SIGTERM', () => stop.abort());
  try {
    await exit(await run(message, stop, obeyWith));
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

async function run(
  { flags, log: logFlags, member }: RunMessage,
  stop: AbortController,
  obeyWith: (worker: Worker) => void,
): Promise<number> {
  const taskLog = new TaskLog();
  const plain = logFor(logFlags, (line) => taskLog.add(line));
  log = member ? plain.child({ process: member.number }) : plain;
  // While user code is loaded, the channel must not keep the process alive. So if the user code awaits a promise that
  // nothing can settle, the process becomes idle, which is noticed.
  process.channel?.unref();
  const { plan, module, projectDir, warnings } = await unlessAborted(stop.signal, readWorker(flags));
  answerMocks(plan);
  let endpoint: Endpoint | undefined;
  const connectTo = async (): Promise<Endpoint> =>
    (endpoint = await endpointOf(plan, projectDir, stop.signal));
  let measure = async (): Promise<void> => {};
  const code = await runWorker(
    oneOfSeveral(plan, member),
    { stop: stop.signal, log, module, connectTo },
    async (worker) => {
      if (!member || member.number === 1) logWarnings(log, warnings);
      if (member && plan.settings.healthPort !== undefined) measure = await measured(worker);
      sendUpdates(worker, plan);
      obeyWith(worker);
      void taskLog.follow(worker, endpoint);
      // If the embedded service has ended, no task can be reported. So a worker at the endpoint `local` exits at
      // once.
      if (plan.endpoint?.kind !== 'local') drainOnDisconnect(() => stop.abort());
    },
  );
  await Promise.all([measure(), taskLog.close()]);
  return code;
}

/**
 * Sends the plan (the settings and handlers that were read) to the supervising process, and waits for its reply. If the
 * local service is used, it runs by then. Resolves with the endpoint to connect to.
 */
async function endpointOf(plan: Plan, projectDir: string, stop: AbortSignal): Promise<Endpoint> {
  process.channel?.ref();
  const answer = unlessAborted(stop, nextMessage('connect'));
  void send({ kind: 'planned', plan: planSummary(plan, projectDir) });
  const { port } = await answer;
  const endpoint = port === undefined ? plan.endpoint : localEndpoint(port);
  if (!endpoint) throw new Error('a plan without an endpoint has a problem that says so');
  return endpoint;
}

/** Carries out a request of the control socket, and returns the reply. */
function answerOf(worker: Worker, request: ControlRequest): ControlAnswer {
  try {
    return controlWorker(worker, request);
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * From now on, receives the requests of the control socket.
 * @returns a function that carries them out on a worker, those that came earlier too. Called before the worker runs, so
 * that a handler that was paused opens no poll
 */
function obeyControl(): (worker: Worker) => void {
  type Control = Extract<ToWorker, { kind: 'control' }>;
  let waiting: Control[] = [];
  let obey = (message: Control): void => void waiting.push(message);
  channel.onMessage((message) => {
    if (message.kind === 'control') obey(message);
  });
  return (worker) => {
    obey = ({ id, request }) => void send({ kind: 'controlled', id, answer: answerOf(worker, request) });
    waiting.forEach(obey);
    waiting = [];
  };
}

/**
 * From now on, sends the worker's status to the supervising process each second and whenever its state changes, and
 * replies to `check` messages.
 */
function sendUpdates(worker: Worker, plan: Plan): void {
  channel.onMessage((message) => {
    if (message.kind === 'check')
      void send({ kind: 'checked', findings: seededFindings(plan, message.machines) });
  });
  const sendStatus = (): void => void send({ kind: 'status', status: publicStatus(worker.status()) });
  systemClock.every(STATUS_MS, sendStatus);
  worker.on('state', ({ to }) => {
    sendStatus();
    if (to === 'running') void send({ kind: 'running', name: worker.status().name });
  });
}

/**
 * From now on collects a worker's metrics, and sends them in reply to `measure` messages. @returns a function that
 * sends the metrics once more
 */
async function measured(worker: Worker): Promise<() => Promise<void>> {
  const prometheus = await measureForPrometheus(worker, systemClock);
  const measure = async (): Promise<void> => send({ kind: 'measured', metrics: await prometheus.values() });
  channel.onMessage(({ kind }) => {
    if (kind === 'measure') void measure();
  });
  return measure;
}

/** From now on, stops the worker if the supervising process exits. Running tasks can still finish and be reported. */
function drainOnDisconnect(stop: () => void): void {
  process.removeAllListeners('disconnect');
  process.on('disconnect', stop);
}

/**
 * Returns a plan (settings and handlers) for a process that is one of several: its worker gets its own name and its
 * share of the heartbeat rate, and doesn't open the health port. It doesn't ask the platform for
 * protection, since the supervising process does that for the whole set.
 */
function oneOfSeveral(plan: Plan, member: Membership | undefined): Plan {
  const { workerName: asked, heartbeatRate, protect } = plan.settings;
  const processes = member?.of ?? 1;
  const workerName = asked === undefined ? undefined : `${asked.slice(0, 70)}-${process.pid}`;
  const settings = {
    ...{ ...plan.settings, workerName, healthPort: undefined },
    protect: member ? (false as const) : protect,
    heartbeatRate: partOf(heartbeatRate, processes),
  };
  return { ...plan, settings, handlers: plan.handlers.map((each) => shareOf(each, processes)) };
}

/**
 * Returns a handler with one process's share of its rate limit, and of the number of last tasks that its breaker looks
 * at.
 */
function shareOf(handler: PlannedHandler, processes: number): PlannedHandler {
  const { options } = handler;
  const { rate, breaker } = options;
  return {
    ...handler,
    options: {
      ...options,
      rate: rate && shareRate(rate, processes),
      breaker: breaker && { ...breaker, of: Math.ceil(breaker.of / processes) },
    },
  };
}

/**
 * Returns one process's share of a rate per second. It is rounded down if it is above 1, because a rate limit that
 * isn't a whole number may allow the next higher number within a second.
 */
function partOf(rate: number, count: number): number {
  const part = rate / count;
  return part < 1 ? part : Math.floor(part);
}

function answerMocks({ settings: { mocks } }: Plan): void {
  const table = new MockTable(mocks);
  channel.onMessage((message) => {
    if (message.kind !== 'mock') return;
    const { id, call, input } = message;
    void table.answer(call, input as never).then((outcome) => send({ kind: 'mocked', id, outcome }));
  });
}
