import type { EventName, Listener } from './worker-events.js';
import type { WorkerStatus } from './status.js';

/** The part of a worker that its observers may use. */
export interface ObservedWorker {
  /**
   * Adds a listener of one event. A listener that throws is logged and harms nothing else.
   * @returns a function that removes the listener
   */
  on<K extends EventName>(event: K, listener: Listener<K>): () => void;
  status(): WorkerStatus;
}

/**
 * Listens to a worker's events. `observe` in the config names the class; the container makes one instance for each
 * worker.
 */
export interface Observer {
  /** Called once, before the worker runs, to add listeners by `worker.on`. A throw or a rejection ends the start. */
  observe(worker: ObservedWorker): void | Promise<void>;
}
