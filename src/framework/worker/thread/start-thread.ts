import { Worker } from 'node:worker_threads';
import { entryUrl, isEntryThere } from '../../base/package.js';
import type { FromThread, ThreadOptions, ToThread } from './thread-messages.js';

/** The functions of a running heartbeat thread that the main thread uses. */
export interface StartedThread {
  postMessage(message: ToThread): void;
  /** Ends the thread at once. Resolves when it has ended. */
  terminate(): Promise<unknown>;
}

export interface ThreadListener {
  readonly onMessage: (message: FromThread) => void;
  /** Called once, when the thread has ended. */
  readonly onExit: (error: Error) => void;
}

/** Starts the heartbeat thread. @throws Node's error if it can't be started */
export type StartThread = (options: ThreadOptions, listener: ThreadListener) => StartedThread;

const ENTRY = entryUrl('worker/thread/heartbeat-thread-entry.js');

/** Returns true if the file of the heartbeat thread is there. It isn't if a user's bundle contains this module. */
export const hasThreadFile = (): boolean => isEntryThere(ENTRY);

/** Starts the heartbeat thread as a worker thread of this process. */
export const startThread: StartThread = (workerData, { onMessage, onExit }) => {
  // Modules that NODE_OPTIONS preloads are for the app's own code: an SDK or an agent would be loaded twice, and export
  // twice.
  const env = { ...process.env, NODE_OPTIONS: '' };
  const thread = new Worker(ENTRY, { workerData, execArgv: [], env });
  // The worker keeps the process alive, not this thread.
  thread.unref();
  thread.on('message', onMessage);
  let why = new Error('the thread ended');
  thread.on('error', (error: Error) => (why = error));
  // Not before the exit, since the health port is in use until then.
  thread.on('exit', () => onExit(why));
  return thread;
};
