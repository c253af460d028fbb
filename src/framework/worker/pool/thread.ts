import { once } from 'node:events';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { ChildOutput } from '../../base/log/child-output.js';
import { BaseHost, ENTRY, fromHost, type HostExit, isEvaluated } from './host.js';
import type { ToHost } from './pool-messages.js';

/** A thread of this process in which handlers run. */
export class ThreadHost extends BaseHost {
  readonly kind = 'thread';
  readonly exited: Promise<HostExit>;
  readonly #worker: Worker;
  /**
   * The message port on which the worker talks to the thread. User code in the thread can't reach this port, as it
   * could reach `parentPort`.
   */
  readonly #port: MessagePort;
  readonly #output: ChildOutput;

  constructor() {
    super();
    this.#worker = new Worker(ENTRY, {
      stdout: true,
      stderr: true,
      ...(isEvaluated && { execArgv: [] }),
    });
    this.#worker.on('error', (error: Error) => (this.error = error));
    this.#output = new ChildOutput(this.#worker, (text) => this.stderr.add(text));
    this.#port = this.#openPort();
    this.exited = this.#awaitExit();
  }

  protected post(message: ToHost): void {
    this.#port.postMessage(message);
  }

  kill(): void {
    void this.#worker.terminate();
  }

  #openPort(): MessagePort {
    const { port1: port, port2: its } = new MessageChannel();
    this.#worker.postMessage({ port: its }, [its]);
    port.on('message', (message: unknown) => this.take(() => this.onMessage(fromHost(message))));
    port.on('messageerror', (error: Error) => this.broken(error));
    port.on('close', () => this.unplugged());
    return port;
  }

  async #awaitExit(): Promise<HostExit> {
    // The last messages may be read after the exit.
    const closed = once(this.#port, 'close');
    const exitCode = await new Promise<number>((resolve) => this.#worker.once('exit', resolve));
    this.hasExited = true;
    await closed;
    await this.#output.readRest();
    return { exitCode, signal: null, error: this.error, stderr: this.stderr.text };
  }
}
