import { Worker } from 'node:worker_threads';
import { ENTRY, type Host, type HostExit, Tail } from './host.js';
import type { FromHost, ToHost } from './pool-messages.js';

/** A thread of this process. */
export class ThreadHost implements Host {
  readonly kind = 'thread';
  onMessage: (message: FromHost) => void = () => {};
  readonly exited: Promise<HostExit>;
  readonly #worker: Worker;
  readonly #stderr = new Tail();
  #error: Error | undefined;

  constructor() {
    // Its standard error is passed on by this thread, which keeps the end of it.
    this.#worker = new Worker(ENTRY, { stderr: true });
    this.#worker.on('message', (message: FromHost) => this.onMessage(message));
    this.#worker.on('error', (error: Error) => (this.#error = error));
    this.#worker.stderr.on('data', (chunk: Buffer) => {
      this.#stderr.add(chunk);
      process.stderr.write(chunk);
    });
    this.exited = new Promise((resolve) =>
      this.#worker.once('exit', (exitCode) =>
        resolve({ exitCode, signal: null, error: this.#error, stderr: this.#stderr.text }),
      ),
    );
  }

  send(message: ToHost): void {
    if (message.kind === 'task') this.#stderr.clear();
    this.#worker.postMessage(message);
  }

  kill(): void {
    void this.#worker.terminate();
  }
}
