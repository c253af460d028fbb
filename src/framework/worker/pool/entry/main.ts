import '../../../base/reflect-metadata.js';
import { isMainThread } from 'node:worker_threads';
import { ignoreStreamErrors } from '../../../base/log/stdio.js';
import { systemClock } from '../../../base/time/clock.js';
import type { Outcome } from '../../handler/outcome/outcome.js';
import type { ToHost } from '../pool-messages.js';
import { remoteLog } from '../log-line.js';
import { openChannel } from './channel.js';
import { HostedHandlers } from './hosted-handlers.js';
import { HostedTask } from './hosted-task.js';
import { LogBudget } from './log-budget.js';

/** Runs in a thread or a process of a pool. It handles one task after another, as the worker sends them. */

const channel = await openChannel((name) =>
  log.debug(`${name}() was called: nothing reads what it sends here, and it is dropped`),
);
const { send } = channel;
const lines = new LogBudget(send, systemClock);
const output = { clock: systemClock, send, sendLine: lines.send.bind(lines) };
const log = remoteLog((line) => lines.send({ kind: 'stray', line, token: undefined }));

let handlers: HostedHandlers | undefined;
let current: HostedTask | undefined;
let measures = false;

async function start(message: Extract<ToHost, { kind: 'start' }>): Promise<void> {
  const { options } = message;
  measures = message.measures;
  try {
    if (options.sourceMaps) process.setSourceMapsEnabled(true);
    handlers = await HostedHandlers.load(options);
    send({ kind: 'ready' });
  } catch (error) {
    send({ kind: 'not-started', message: error instanceof Error ? error.message : String(error) });
  }
}

async function work(lease: Extract<ToHost, { kind: 'task' }>): Promise<void> {
  if (!handlers) throw new Error('a task came before the start');
  const task = new HostedTask(lease, output);
  current = task;
  const { handle, settlesAtOnce } = handlers.handler(lease.handler);
  // The handler starts only when this message is sure to arrive, even if this process is killed: the worker never
  // starts a task again that has begun.
  await new Promise<void>((written) => send({ kind: 'begun' }, written));
  let unsent: Outcome | undefined;
  await handle(lease.text, task.context, (outcome) => {
    if (settlesAtOnce) unsent = outcome;
    else send({ kind: 'outcome', outcome });
  });
  task.close();
  current = undefined;
  lines.tellLost();
  send({ kind: 'settled', outcome: unsent, memoryMb: measures ? memoryMb() : 0 });
}

async function close(): Promise<void> {
  await handlers?.dispose().catch(() => {});
  process.exit(0);
}

/**
 * Returns the megabytes that this thread's heap uses or, in a process, the memory that the whole process uses (its
 * resident set).
 */
function memoryMb(): number {
  if (isMainThread) return process.memoryUsage.rss() / 2 ** 20;
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}

function onMessage(message: ToHost): void {
  if (message.kind === 'start') void start(message);
  else if (message.kind === 'task') void work(message);
  else if (message.kind === 'close') void close();
  else if (message.kind === 'lines-written') lines.add(message.characters);
  else current?.onMessage(message);
}

// As in the worker's own process, a rejected promise that user code doesn't await doesn't end a task. It isn't
// known which task it belongs to.
process.on('unhandledRejection', (reason) => {
  log.error({ err: reason }, 'a rejected promise was not handled: something in user code is not awaited');
});

channel.onMessage(onMessage);
// If the reader of the worker's output is gone, tasks continue.
ignoreStreamErrors();
if (isMainThread) {
  // Only the worker ends this process. A signal that is sent to all processes of the service is ignored here.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => {});
  process.on('disconnect', () => process.kill(-process.pid, 'SIGKILL'));
}
