import { once } from 'node:events';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { ChildOutput } from '../../base/log/child-output.js';
import { brokenChannel, ENTRY, type Host, type HostExit, Tail } from './host.js';
import type { FromHost, ToHost } from './pool-messages.js';

/** A thread of this process in which handlers run. */
export class ThreadHost implements Host {
  readonly kind = 'thread';
  onMessage: (message: FromHost) => void = () => {};
  readonly exited: Promise<HostExit>;
  readonly #worker: Worker;
  /**
   * The message port on which the worker talks to the thread. User code in the thread can't reach this port, as it
   * could reach `parentPort`.
   */
  readonly #port: MessagePort;
  readonly #stderr = new Tail();
  readonly #output: ChildOutput;
  #error: Error | undefined;

  constructor() {
    this.#worker = new Worker(ENTRY, { stdout: true, stderr: true });
    this.#worker.on('error', (error: Error) => (this.#error = error));
    this.#output = new ChildOutput(this.#worker, (text) => this.#stderr.add(text));
    this.#port = this.#openPort();
    this.exited = this.#awaitExit();
  }

  send(message: ToHost): void {
    if (message.kind === 'task') this.#stderr.clear();
    this.#port.postMessage(message);
  }

  kill(): void {
    void this.#worker.terminate();
  }

  #openPort(): MessagePort {
    const { port1: port, port2: its } = new MessageChannel();
    this.#worker.postMessage({ port: its }, [its]);
    port.on('message', (message: FromHost) => {
      try {
        this.onMessage(message);
      } catch (error) {
        this.#break(error as Error);
      }
    });
    port.on('messageerror', (error: Error) => this.#break(error));
    return port;
  }

  #break(error: Error): void {
    this.#error ??= brokenChannel(error);
    this.kill();
  }

  async #awaitExit(): Promise<HostExit> {
    // The last messages may be read after the exit.
    const closed = once(this.#port, 'close');
    const exitCode = await new Promise<number>((resolve) => this.#worker.once('exit', resolve));
    await closed;
    await this.#output.readRest();
    return { exitCode, signal: null, error: this.#error, stderr: this.#stderr.text };
  }
}
