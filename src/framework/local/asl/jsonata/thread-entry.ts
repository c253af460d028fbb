import { existsSync, readlinkSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { Compiler } from './compiler.js';
import type { EvaluationJob } from '../expression.js';
import type { ThreadMessage } from './evaluator.js';

/**
 * The entry point of the thread that evaluates JSONata. It posts its id in the operating system, and then the outcome of
 * each job. `workerData` is the index of the expression that it evaluates, shared with the main thread.
 */
const at = new Int32Array(workerData as SharedArrayBuffer);
const compiler = new Compiler(undefined, (index) => Atomics.store(at, 0, index));
const send = (message: ThreadMessage): void => parentPort?.postMessage(message);

parentPort?.on('message', (job: EvaluationJob) => void compiler.evaluate(job).then(send));
const SELF = '/proc/thread-self';
send({ threadId: existsSync(SELF) ? readlinkSync(SELF).split('/').at(-1) : undefined });
