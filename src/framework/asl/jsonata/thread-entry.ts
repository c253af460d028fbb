import { parentPort, workerData } from 'node:worker_threads';
import { Compiler } from './compiler.js';
import type { EvaluationJob } from '../expression.js';

/**
 * The entry point of the thread that evaluates JSONata. It posts the outcome of each job. `workerData` is the index of the
 * expression that it evaluates, shared with the main thread.
 */
const at = new Int32Array(workerData as SharedArrayBuffer);
const compiler = new Compiler(undefined, (index) => Atomics.store(at, 0, index));

parentPort?.on('message', (job: EvaluationJob) => {
  void compiler.evaluate(job).then((outcome) => parentPort?.postMessage(outcome));
});
