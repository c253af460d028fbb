import type { Worker } from '../worker.js';

/** What a listener may ask of a worker. */
export type ObservedWorker = Pick<Worker, 'on' | 'status'>;

/** Listens to a worker. Named by its class in `observe` of the config; injectable, one instance a worker. */
export interface Observer {
  /** Called once, before the worker runs: call `worker.on` here. A throw or a rejection ends the start. */
  observe(worker: ObservedWorker): void | Promise<void>;
}
