import type { Agent } from 'node:http';
import { callLocalService, PUT_TASK_LOG } from '../../base/local-protocol.js';
import { systemClock } from '../../base/time/clock.js';
import { tokenHash } from '../../base/show.js';
import type { Endpoint } from '../../aws/endpoint.js';
import type { Worker } from '../../worker/worker.js';
import { type LogFlags, logFor } from '../flags/log-flags.js';

/** The time in which lines are gathered and sent together, in milliseconds. */
const GATHER_MS = 100;
/** The most lines that wait to be sent. If there are more, the oldest are dropped: they are in the log itself. */
const MOST_WAITING = 1_000;
const MOST_IN_ONE = 500;
const MESSAGE_LIMIT = 8_192;
const FIELDS_LIMIT = 16_384;

interface Line {
  readonly task: string;
  readonly at: number;
  readonly level: string;
  readonly message: string;
  readonly fields?: string;
}

interface Progress {
  readonly task: string;
  readonly at: number;
  readonly percent?: number;
  readonly message?: string;
}

/**
 * Sends the log lines and the progress of tasks to the local service, whose console shows them. Sends nothing to any
 * other service. Nothing waits for it: what can't be sent is dropped.
 */
export class TaskLog {
  /** The local service; null if there is none. Undefined until that is known: lines are kept until then. */
  #url: string | null | undefined;
  #agent: Agent | undefined;
  #lines: string[] = [];
  readonly #progress = new Map<string, Progress>();
  #isDue = false;

  /** @param line a line of the log, as JSON */
  add(line: string): void {
    if (this.#url === null || !line.includes('"task":"')) return;
    this.#lines.push(line);
    if (this.#lines.length > MOST_WAITING) this.#lines.shift();
    if (this.#url !== undefined) this.#sendSoon();
  }

  /** From now on sends what the worker's tasks log, if a local service of Stepwright listens at the endpoint. */
  async follow(worker: Pick<Worker, 'on'>, endpoint: Endpoint | undefined): Promise<void> {
    const url = endpoint && endpoint.kind !== 'aws' && endpoint.url.startsWith('http:') ? endpoint.url : null;
    this.#url = url !== null && (await this.#post(url, [], [])) ? url : null;
    if (this.#url === null) {
      this.#lines = [];
      return;
    }
    this.#sendSoon();
    worker.on('task:progress', ({ token, fraction, message, at }) => {
      const task = tokenHash(token);
      const percent = fraction === undefined ? {} : { percent: Math.floor(fraction * 100) };
      this.#progress.set(task, {
        task,
        at: Math.floor(at),
        ...percent,
        ...(message !== undefined && { message }),
      });
      this.#sendSoon();
    });
  }

  /** Sends the waiting lines. Resolves within a second. */
  async close(): Promise<void> {
    await this.#send();
    this.#url = null;
    this.#agent?.destroy();
  }

  #sendSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    systemClock.after(GATHER_MS, () => void this.#send());
  }

  async #send(): Promise<void> {
    const lines = this.#lines.splice(0, MOST_IN_ONE).flatMap(readLine);
    const progress = [...this.#progress.values()].slice(0, MOST_IN_ONE);
    for (const { task } of progress) this.#progress.delete(task);
    if (typeof this.#url === 'string' && lines.length + progress.length > 0)
      await this.#post(this.#url, lines, progress);
    this.#isDue = false;
    if (this.#lines.length + this.#progress.size > 0) this.#sendSoon();
  }

  /** @returns true if a local service of Stepwright has answered */
  #post(url: string, lines: readonly Line[], progress: readonly Progress[]): Promise<boolean> {
    const { Agent } = process.getBuiltinModule('node:http');
    const agent = (this.#agent ??= new Agent({ keepAlive: true, maxSockets: 1 }));
    return callLocalService(url, { lines, progress }, { target: PUT_TASK_LOG, agent });
  }
}

/** Makes the log of a command whose worker's tasks are logged to the local service too. */
export function logWithTasks(flags: LogFlags): { log: ReturnType<typeof logFor>; taskLog: TaskLog } {
  const taskLog = new TaskLog();
  return { taskLog, log: logFor(flags, (line) => taskLog.add(line)) };
}

/** Returns a line of the log in the form in which it is sent. Empty if it isn't about a task. */
function readLine(text: string): Line[] {
  try {
    const {
      task,
      time,
      level,
      msg,
      handler: _,
      activity: __,
      ...others
    } = JSON.parse(text) as Record<string, unknown>;
    if (typeof task !== 'string' || task.length !== 8) return [];
    const fields = Object.keys(others).length === 0 ? undefined : JSON.stringify(others);
    return [
      {
        task,
        at: Date.parse(String(time)) || 0,
        level: String(level).slice(0, 16),
        message: typeof msg === 'string' ? msg.slice(0, MESSAGE_LIMIT) : '',
        ...(fields !== undefined && { fields: fields.slice(0, FIELDS_LIMIT) }),
      },
    ];
  } catch {
    return [];
  }
}
