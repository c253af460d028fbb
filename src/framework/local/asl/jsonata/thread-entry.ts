import { parentPort } from 'node:worker_threads';
import { createCompiler } from './evaluator.js';
import { IN_THREAD } from './guard.js';
import type { Job } from './threads.js';

/** What runs in a thread: one evaluation after another, each within the limits of a thread. */
const compiler = createCompiler(IN_THREAD);

parentPort?.on('message', ({ source, bindings, now }: Job) => {
  const evaluation = compiler.compile(source)(bindings, { random: Math.random, now: () => now });
  void evaluation.then((result) => parentPort?.postMessage(result));
});
