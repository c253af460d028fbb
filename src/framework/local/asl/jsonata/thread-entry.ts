import { parentPort } from 'node:worker_threads';
import { Compiler, type Compiled } from './compiler.js';
import { IN_THREAD } from './limits/guard.js';
import type { EvaluationJob } from '../expression/evaluation.js';
import type { ThreadMessage } from './evaluation-threads.js';
import { ownThreadId, processorMs } from './processor-time.js';

/**
 * The entry point of a worker thread that evaluates JSONata expressions, one after another. Before each evaluation the
 * thread posts a message that the evaluation begins; afterwards it posts the outcome.
 */
const compiler = new Compiler(IN_THREAD);
const threadId = ownThreadId();
let last: { readonly source: string; readonly evaluate: Compiled } | undefined;
const send = (message: ThreadMessage): void => parentPort?.postMessage(message);

parentPort?.on('message', ({ source, bindings, now }: EvaluationJob) => {
  send({ kind: 'begun', threadId });
  const before = processorMs(threadId);
  // A loop evaluates the same expression again and again.
  if (last?.source !== source) last = { source, evaluate: compiler.compile(source) };
  const evaluation = last.evaluate(bindings, { random: Math.random, now: () => now });
  void evaluation.then((result) => send({ ...result, ms: processorMs(threadId) - before }));
});
