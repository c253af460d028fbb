import { parentPort } from 'node:worker_threads';
import { Compiler } from './compiler.js';
import { IN_THREAD } from './limits/guard.js';
import type { EvaluationJob } from '../expression/evaluation.js';
import type { ThreadMessage } from './evaluation-threads.js';
import { ownThreadId } from './processor-time.js';

/**
 * The code that runs in a thread: it runs one evaluation after another, within the limits of a thread, and posts a
 * message when each begins.
 */
const compiler = new Compiler(IN_THREAD);
const threadId = ownThreadId();
const send = (message: ThreadMessage): void => parentPort?.postMessage(message);

parentPort?.on('message', ({ source, bindings, now }: EvaluationJob) => {
  send({ kind: 'begun', threadId });
  const evaluation = compiler.compile(source)(bindings, { random: Math.random, now: () => now });
  void evaluation.then(send);
});
