import { parentPort } from 'node:worker_threads';
import { createCompiler } from './evaluator.js';
import { IN_THREAD } from './guard.js';
import { BEGUN, type Job } from './job.js';

/** What runs in a thread: one evaluation after another, each within the limits of a thread. Says when it begins with one. */
const compiler = createCompiler(IN_THREAD);

parentPort?.on('message', ({ source, bindings, now }: Job) => {
  parentPort?.postMessage(BEGUN);
  const evaluation = compiler.compile(source)(bindings, { random: Math.random, now: () => now });
  void evaluation.then((result) => parentPort?.postMessage(result));
});
