import { get } from 'node:http';
import type { Clock } from '../../base/time/clock.js';
import type { ConsoleWorker } from '../../local/index.js';

/**
 * If the console needs a worker's status and the last one is older than this many milliseconds, the status is read
 * again.
 */
const FRESH_MS = 500;
const TIMEOUT_MS = 1_000;
/** The most bytes of a status that are read. The status of a worker has a few kilobytes. */
const MOST_BYTES = 1024 * 1024;

/**
 * Returns a function that returns the last known status of the workers on these health ports of this machine. If a
 * status is old, the function also begins to read `/status` again; a later call returns the new one.
 */
export function watchWorkers(ports: readonly number[], clock: Clock): () => readonly ConsoleWorker[] {
  const watched = ports.map((port) => new WatchedWorker(port, clock));
  return () => watched.map((each) => each.look());
}

class WatchedWorker {
  #askedAt = Number.NEGATIVE_INFINITY;
  #latest: ConsoleWorker;

  constructor(
    private readonly port: number,
    private readonly clock: Clock,
  ) {
    this.#latest = unknown(port, 'it was not asked yet');
  }

  look(): ConsoleWorker {
    if (this.clock.now() - this.#askedAt >= FRESH_MS) {
      this.#askedAt = this.clock.now();
      void readStatus(this.port).then((status) => (this.#latest = status));
    }
    return this.#latest;
  }
}

/** Returns a status with the state `unknown`, for a worker whose status could not be read. @param why the reason */
const unknown = (port: number, why: string): ConsoleWorker => ({
  name: `127.0.0.1:${port}`,
  state: 'unknown',
  ready: false,
  reasons: [why],
  handlers: [],
  tasksInFlight: 0,
  tasks: [],
  counts: {},
});

/**
 * Reads the status of the worker on a health port. Never rejects: if there is no response, the state is `unknown`, with
 * the reason.
 */
function readStatus(port: number): Promise<ConsoleWorker> {
  return new Promise((resolve) => {
    const giveUp = (why: string): void => resolve(unknown(port, why));
    const call = get({ host: '127.0.0.1', port, path: '/status', timeout: TIMEOUT_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > MOST_BYTES) call.destroy(new Error('its answer is too long'));
      });
      response.on('error', (error) => giveUp(error.message));
      response.on('end', () => resolve(readWorker(text) ?? unknown(port, NO_WORKER)));
    });
    call.on('timeout', () => call.destroy(new Error(`nothing was answered within ${TIMEOUT_MS} ms`)));
    call.on('error', ({ message }) => giveUp(message));
  });
}

const NO_WORKER = 'what answers there is no Stepwright worker: is it the port of --health-port?';

/**
 * Parses the text of `/status`. Returns undefined if the text isn't the status of a worker, since any program may
 * listen on the port.
 */
function readWorker(text: string): ConsoleWorker | undefined {
  let status: Partial<ConsoleWorker>;
  try {
    status = JSON.parse(text) as Partial<ConsoleWorker>;
  } catch {
    return undefined;
  }
  const { name, reasons, handlers, tasks } = status ?? {};
  const isWorker =
    typeof name === 'string' && Array.isArray(reasons) && areObjects(handlers) && areObjects(tasks);
  return isWorker ? (status as ConsoleWorker) : undefined;
}

const areObjects = (list: unknown): boolean =>
  Array.isArray(list) && list.every((each) => typeof each === 'object' && each !== null);
