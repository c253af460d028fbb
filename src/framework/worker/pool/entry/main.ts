import 'reflect-metadata';
import { isMainThread } from 'node:worker_threads';
import { ignoreStreamErrors } from '../../../base/log/stdio.js';
import { StoreMonitor } from '../../../base/store.js';
import { systemClock } from '../../../base/time/clock.js';
import { UNHANDLED } from '../../handler/unhandled-errors.js';
import { type HostOptions, plainTold } from '../pool-messages.js';
import { openChannel } from './channel.js';
import { type LoadedHandler, loadHandler } from './load-handler.js';
import { TaskRunner } from './task-runner.js';

/** The program that runs in each thread and process of a pool. */

const channel = await openChannel((name) =>
  runner.log.debug(`${name}() was called: nothing receives its messages, so they are dropped`),
);
const stores = new StoreMonitor((told) => channel.send({ kind: 'store', told: plainTold(told) }));
const runner = new TaskRunner({
  clock: systemClock,
  send: channel.send,
  load,
  memoryMb,
  exit: () => process.exit(0),
});

function load(options: HostOptions): Promise<LoadedHandler> {
  if (options.sourceMaps) process.setSourceMapsEnabled(true);
  return loadHandler(options, { log: runner.log, stores });
}

/**
 * Returns the memory in use, in megabytes: the thread's heap if this code runs in a worker thread, or the resident set of the process if it runs in a child process.
 */
function memoryMb(): number {
  if (isMainThread) return process.memoryUsage.rss() / 2 ** 20;
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}

// As in the worker's own process, a rejected promise that user code doesn't await doesn't end a task. It isn't
// known which task it belongs to.
process.on('unhandledRejection', (reason) => runner.log.error({ err: reason }, UNHANDLED));

channel.onMessage((message) => runner.take(message));
// If the reader of the worker's output is gone, tasks continue.
ignoreStreamErrors();
if (isMainThread) {
  // Only the worker ends this process. A signal that is sent to all processes of the service is ignored here.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => {});
  channel.onClosed(() => process.kill(-process.pid, 'SIGKILL'));
}
