import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../clock.js';
import { within } from '../wait.js';
import { endGroup, keepGroup, letGroupGo } from './groups.js';
import { ENTRY, type Host, type HostEnd, Tail } from './host.js';
import type { FromHost, ToHost } from './messages.js';

/** How long the pipes of a process that has ended are read: somebody whom it started may hold them open. */
const PIPES_MS = 100;

/** A child process, the leader of a process group: whatever it starts ends with it. */
export class ProcessHost implements Host {
  readonly kind = 'process';
  onMessage: (message: FromHost) => void = () => {};
  readonly ended: Promise<HostEnd>;
  readonly #child: ChildProcess;
  readonly #stderr = new Tail();

  constructor() {
    this.#child = fork(fileURLToPath(ENTRY), {
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      serialization: 'advanced',
      detached: true,
    });
    keepGroup(this.#child.pid);
    this.#child.on('message', (message: FromHost) => this.onMessage(message));
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr.add(chunk);
      process.stderr.write(chunk);
    });
    this.ended = this.#end();
  }

  send(message: ToHost): void {
    if (message.kind === 'task') this.#stderr.clear();
    // What can't be sent any more is answered by the end of the process.
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  end(): void {
    endGroup(this.#child.pid, 'SIGKILL');
  }

  async #end(): Promise<HostEnd> {
    const child = this.#child;
    const closed = new Promise((resolve) => child.once('close', resolve));
    const how = await new Promise<Omit<HostEnd, 'stderr'>>((resolve) => {
      child.once('exit', (exitCode, signal) => resolve({ exitCode, signal, error: undefined }));
      // It could not be started, or a message not be sent.
      child.on('error', (error) => {
        if (child.pid === undefined) resolve({ exitCode: null, signal: null, error });
      });
    });
    await within(systemClock, PIPES_MS, closed);
    endGroup(child.pid, 'SIGKILL');
    letGroupGo(child.pid);
    child.stderr?.destroy();
    return { ...how, stderr: this.#stderr.text };
  }
}
