import type { EventName, Listener } from './events.js';
import type { WorkerStatus } from './status.js';

/** The part of a worker that its observers use. */
export interface ObservedWorker {
  /** @returns a function that removes the listener. A listener that throws is logged and hurts nothing else. */
  on<K extends EventName>(event: K, listener: Listener<K>): () => void;
  status(): WorkerStatus;
}

/** Listens to a worker. Named by its class in `observe` of the config; injectable, one instance a worker. */
export interface Observer {
  /** Called once, before the worker runs: call `worker.on` here. A throw or a rejection ends the start. */
  observe(worker: ObservedWorker): void | Promise<void>;
}
