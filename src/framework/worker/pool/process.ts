import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ProcessGroup } from './process-group.js';
import { ENTRY, type Host, type HostExit, Tail } from './host.js';
import type { FromHost, ToHost } from './pool-messages.js';

/** A child process. It leads a process group, so that every process that it starts ends with it. */
export class ProcessHost implements Host {
  readonly kind = 'process';
  onMessage: (message: FromHost) => void = () => {};
  readonly exited: Promise<HostExit>;
  readonly #child: ChildProcess;
  readonly #group: ProcessGroup;
  readonly #stderr = new Tail();

  constructor() {
    this.#child = fork(fileURLToPath(ENTRY), {
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      serialization: 'advanced',
      detached: true,
    });
    this.#group = new ProcessGroup(this.#child);
    this.#child.on('message', (message: FromHost) => this.onMessage(message));
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr.add(chunk);
      process.stderr.write(chunk);
    });
    this.exited = this.#awaitExit();
  }

  send(message: ToHost): void {
    if (message.kind === 'task') this.#stderr.clear();
    // A message that can no longer be sent is answered by the exit of the process.
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  kill(): void {
    this.#group.signal('SIGKILL');
  }

  async #awaitExit(): Promise<HostExit> {
    const exit = await this.#group.exit.then(
      (ended) => ({ ...ended, error: undefined }),
      (error: Error) => ({ exitCode: null, signal: null, error }),
    );
    this.#group.signal('SIGKILL');
    this.#group.forget();
    await this.#group.readPipes();
    return { ...exit, stderr: this.#stderr.text };
  }
}
