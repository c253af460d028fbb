import { once } from 'node:events';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { ChildOutput } from '../../base/log/child-output.js';
import { systemClock } from '../../base/time/clock.js';
import { brokenChannel, ENTRY, fromHost, type Host, type HostExit, isEvaluated, Tail } from './host.js';
import type { FromHost, ToHost } from './pool-messages.js';

/** A thread that ends closes its port too, and its exit is noticed within this time. */
const CLOSED_MS = 200;

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
  #hasExited = false;

  constructor() {
    this.#worker = new Worker(ENTRY, {
      ...{ stdout: true, stderr: true },
      ...(isEvaluated && { execArgv: [] }),
    });
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
    port.on('message', (message: unknown) => {
      try {
        this.onMessage(fromHost(message));
      } catch (error) {
        this.#break(error as Error);
      }
    });
    port.on('messageerror', (error: Error) => this.#break(error));
    port.on('close', () => systemClock.after(CLOSED_MS, () => this.#closed()));
    return port;
  }

  /** Ends the thread if it has closed its port, as code in it can do that finds the port. */
  #closed(): void {
    if (this.#hasExited) return;
    this.#error ??= new Error('it closed its channel to the worker');
    this.kill();
  }

  #break(error: Error): void {
    this.#error ??= brokenChannel(error);
    this.kill();
  }

  async #awaitExit(): Promise<HostExit> {
    // The last messages may be read after the exit.
    const closed = once(this.#port, 'close');
    const exitCode = await new Promise<number>((resolve) => this.#worker.once('exit', resolve));
    this.#hasExited = true;
    await closed;
    await this.#output.readRest();
    return { exitCode, signal: null, error: this.#error, stderr: this.#stderr.text };
  }
}
