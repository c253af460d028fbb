import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ChildOutput, streamForChild } from '../../base/log/child-output.js';
import { onChildMessage, sendToChild } from '../../base/process-channel.js';
import { systemClock } from '../../base/time/clock.js';
import { within } from '../../base/time/wait.js';
import { ProcessGroup } from './process-group.js';
import { brokenChannel, ENTRY, type Host, type HostExit, Tail } from './host.js';
import type { FromHost, ToHost } from './pool-messages.js';

/**
 * After a child process has exited, messages that it sent before may still be unread. They are read for at most this
 * long.
 */
const LAST_MESSAGES_MS = 5_000;

/**
 * A child process in which handlers run. It has its own process group, so that all processes that it starts are killed
 * together with it.
 */
export class ProcessHost implements Host {
  readonly kind = 'process';
  onMessage: (message: FromHost) => void = () => {};
  readonly exited: Promise<HostExit>;
  readonly #child: ChildProcess;
  readonly #group: ProcessGroup;
  readonly #stderr = new Tail();
  readonly #output: ChildOutput;
  readonly #unplugged: Promise<unknown>;
  #error: Error | undefined;

  constructor() {
    this.#child = fork(fileURLToPath(ENTRY), {
      stdio: ['ignore', streamForChild(1), 'pipe', 'ipc'],
      serialization: 'advanced',
      detached: true,
    });
    this.#group = new ProcessGroup(this.#child);
    onChildMessage(
      this.#child,
      (message) => this.onMessage(message as FromHost),
      (error) => {
        this.#error ??= brokenChannel(error);
        this.kill();
      },
    );
    this.#unplugged = new Promise((resolve) => this.#child.once('disconnect', resolve));
    this.#output = new ChildOutput(this.#child, (text) => this.#stderr.add(text));
    this.exited = this.#awaitExit();
  }

  send(message: ToHost): void {
    if (message.kind === 'task') this.#stderr.clear();
    sendToChild(this.#child, message);
  }

  kill(): void {
    this.#group.signal('SIGKILL');
  }

  async #awaitExit(): Promise<HostExit> {
    const exit = await this.#group.exit.then(
      (ended) => ({ ...ended, error: this.#error }),
      (error: Error) => ({ exitCode: null, signal: null, error }),
    );
    this.#group.signal('SIGKILL');
    this.#group.forget();
    // The last messages may be read after the exit.
    if (this.#child.connected) await within(systemClock, LAST_MESSAGES_MS, this.#unplugged);
    await this.#output.readRest();
    return { ...exit, stderr: this.#stderr.text };
  }
}
