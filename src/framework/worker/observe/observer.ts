import type { EventName, Listener } from './worker-events.js';
import type { WorkerStatus } from '../../base/worker-status.js';

/** The methods of a worker that its observers may use. */
export interface ObservedWorker {
  /**
   * Calls the listener with each event of this name. If a listener throws, that is logged, and everything else
   * continues.
   * @returns a function that removes the listener
   */
  on<K extends EventName>(event: K, listener: Listener<K>): () => void;
  status(): WorkerStatus;
}

/**
 * Implement this to listen to a worker's events, and list the class in the config's option `observe`. The dependency
 * injection container makes one instance of it for each worker.
 */
export interface Observer {
  /**
   * Called once, before the worker runs, to add listeners with `worker.on`. If it throws or rejects, the worker doesn't
   * start.
   */
  observe(worker: ObservedWorker): void | Promise<void>;
}
