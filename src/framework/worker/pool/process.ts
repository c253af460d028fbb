import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { ChildOutput, streamForChild } from '../../base/log/child-output.js';
import { systemClock } from '../../base/time/clock.js';
import { within } from '../../base/time/wait.js';
import { ProcessGroup } from './process-group.js';
import { CHANNEL_FD, frameOf, FrameReader, type ToHost } from './pool-messages.js';
import { BaseHost, ENTRY, fromHost, type HostExit, isEvaluated } from './host.js';

/**
 * After a child process has exited, messages that it sent before may still be unread. They are read for at most this
 * long.
 */
const LAST_MESSAGES_MS = 5_000;

/**
 * A child process in which handlers run. It has its own process group, so that all processes that it starts are killed
 * together with it.
 */
export class ProcessHost extends BaseHost {
  readonly kind = 'process';
  readonly exited: Promise<HostExit>;
  readonly #child: ChildProcess;
  readonly #channel: Duplex | undefined;
  readonly #group: ProcessGroup;
  readonly #output: ChildOutput;
  readonly #unplugged: Promise<unknown>;

  /** Starts the process. @throws Node's error, if the system refuses and Node doesn't say so by `exited` */
  constructor() {
    super();
    // A pipe of our own: Node's channel throws where nobody can catch it if what it reads is no message.
    this.#child = spawn(process.execPath, [...(isEvaluated ? [] : process.execArgv), fileURLToPath(ENTRY)], {
      stdio: ['ignore', streamForChild(1), 'pipe', 'pipe'],
      detached: true,
    });
    this.#group = new ProcessGroup(this.#child);
    // Without descriptors left, the child has no streams: Node's own type does not say so.
    const { stdio, stdout = null, stderr = null } = this.#child as Partial<ChildProcess>;
    this.#channel = (stdio?.[CHANNEL_FD] ?? undefined) as Duplex | undefined;
    this.#unplugged = this.#openChannel();
    this.#output = new ChildOutput({ stdout, stderr }, (text) => this.stderr.add(text));
    this.exited = this.#awaitExit();
  }

  protected post(message: ToHost): void {
    if (this.#channel?.writable) this.#channel.write(frameOf(message));
  }

  kill(): void {
    this.#group.signal('SIGKILL');
  }

  /** Resolves when all that the process has sent is read. A process that closes its end of the channel is killed. */
  #openChannel(): Promise<void> {
    const channel = this.#channel;
    if (!channel) return Promise.resolve();
    const frames = new FrameReader((message) => this.onMessage(fromHost(message)));
    channel.on('data', (chunk: Buffer) => this.take(() => frames.read(chunk)));
    // The end of the process is told by itself.
    channel.on('error', () => {});
    return new Promise((resolve) =>
      channel.once('close', () => {
        resolve();
        this.unplugged();
      }),
    );
  }

  async #awaitExit(): Promise<HostExit> {
    const exit = await this.#group.exit.then(
      (ended) => ({ ...ended, error: this.error }),
      (error: Error) => ({ exitCode: null, signal: null, error }),
    );
    this.hasExited = true;
    this.#group.signal('SIGKILL');
    this.#group.forget();
    // The last messages may be read after the exit.
    await within(systemClock, LAST_MESSAGES_MS, this.#unplugged);
    await this.#output.readRest();
    return { ...exit, stderr: this.stderr.text };
  }
}
