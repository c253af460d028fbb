import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { GroupLeader } from './groups.js';
import { ENTRY, type Host, type HostEnd, Tail } from './host.js';
import type { FromHost, ToHost } from './pool-messages.js';

/** A child process, the leader of a process group: whatever it starts ends with it. */
export class ProcessHost implements Host {
  readonly kind = 'process';
  onMessage: (message: FromHost) => void = () => {};
  readonly ended: Promise<HostEnd>;
  readonly #child: ChildProcess;
  readonly #leader: GroupLeader;
  readonly #stderr = new Tail();

  constructor() {
    this.#child = fork(fileURLToPath(ENTRY), {
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      serialization: 'advanced',
      detached: true,
    });
    this.#leader = new GroupLeader(this.#child);
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
    this.#leader.signal('SIGKILL');
  }

  async #end(): Promise<HostEnd> {
    const how = await this.#leader.exit.then(
      (exit) => ({ ...exit, error: undefined }),
      (error: Error) => ({ exitCode: null, signal: null, error }),
    );
    this.#leader.signal('SIGKILL');
    this.#leader.letGo();
    await this.#leader.readPipes();
    return { ...how, stderr: this.#stderr.text };
  }
}
