import { tokenHash } from '../../../base/show.js';
import type { CallingExecution, TaskOrder } from '../../../asl/runtime/resource.js';

/** A task about which a worker may send notes. */
interface NotedTask {
  readonly token: string;
  readonly order: Pick<TaskOrder, 'origin'>;
  /** Undefined until a worker has taken the task. */
  readonly lease: object | undefined;
}

/** A log line of a worker about a task. */
export interface TaskLine {
  readonly at: number;
  readonly level: string;
  readonly message: string;
  /** The further fields of the line, as JSON; undefined if there are none. */
  readonly fields: string | undefined;
}

/** The progress that a handler reported last. */
export interface NotedProgress {
  readonly at: number;
  readonly percent: number | undefined;
  readonly message: string | undefined;
}

/** The most log lines of one attempt that are kept: the latest. */
const LINES_KEPT = 500;
/** The most characters of the lines of one attempt, and of all attempts together. */
const CHARS_KEPT = 2 ** 18;
const ALL_CHARS_KEPT = 2 ** 23;
/** The most attempts of which something is kept. If there are more, the oldest are forgotten. */
const ATTEMPTS_KEPT = 20_000;

/** A worker's notes on one attempt of a task: log lines, progress, heartbeats. */
export class AttemptNotes {
  /** The number of the latest change, among those of all attempts. */
  changed = 0;
  progress: NotedProgress | undefined;
  heartbeats = 0;
  heartbeatAt: number | undefined;
  /** The number of lines so far, with those that are no longer kept. */
  lineCount = 0;
  chars = 0;
  readonly #lines: TaskLine[] = [];

  constructor(readonly scheduledId: number) {}

  /** Adds a line, and drops the oldest ones if there are too many. @returns by how many characters the notes grew */
  add(line: TaskLine): number {
    const before = this.chars;
    this.#lines.push(line);
    this.lineCount++;
    this.chars += charsOf(line);
    while (this.#lines.length > LINES_KEPT || (this.chars > CHARS_KEPT && this.#lines.length > 1)) {
      const dropped = this.#lines.shift();
      if (dropped) this.chars -= charsOf(dropped);
    }
    return this.chars - before;
  }

  /** Drops the lines. */
  forget(): void {
    this.#lines.length = 0;
    this.chars = 0;
  }

  /** Returns the lines from a number on, as far as they are kept. The first line of the attempt has the number 0. */
  linesFrom(number: number): readonly TaskLine[] {
    return this.#lines.slice(Math.max(0, number - (this.lineCount - this.#lines.length)));
  }
}

const charsOf = ({ level, message, fields = '' }: TaskLine): number =>
  level.length + message.length + fields.length;

/**
 * The notes of workers on their tasks: log lines and progress, which a worker of Stepwright sends, and heartbeats.
 * Nothing is noted before the first worker sends something. If there are too many, the oldest attempts are forgotten.
 */
export class TaskNotes {
  /** The notes by the hash of the task's token, in the order in which the tasks were started. */
  readonly #byTask = new Map<string, AttemptNotes>();
  readonly #byExecution = new WeakMap<CallingExecution, Map<number, AttemptNotes>>();
  #isListening = false;
  #changes = 0;
  #chars = 0;

  /** From now on, notes the tasks that are started. @param open the tasks that were started before */
  listen(open: Iterable<NotedTask>): void {
    if (this.#isListening) return;
    this.#isListening = true;
    for (const task of open) if (task.lease) this.onStarted(task);
  }

  onStarted({ order: { origin }, token }: NotedTask): void {
    if (!this.#isListening || origin?.kind !== 'activity') return;
    const { execution, scheduledId } = origin;
    const notes = new AttemptNotes(scheduledId);
    const own = this.#byExecution.get(execution) ?? new Map<number, AttemptNotes>();
    this.#byExecution.set(execution, own.set(scheduledId, notes));
    this.#byTask.set(tokenHash(token), notes);
    this.#trim();
  }

  onHeartbeat({ order: { origin } }: NotedTask, at: number): void {
    const notes = origin && this.#byExecution.get(origin.execution)?.get(origin.scheduledId);
    if (!notes) return;
    notes.heartbeats++;
    notes.heartbeatAt = at;
    notes.changed = ++this.#changes;
  }

  /** Notes a line about the task whose token has this hash. Ignores it if there is none. */
  addLine(task: string, line: TaskLine): void {
    const notes = this.#byTask.get(task);
    if (!notes) return;
    this.#chars += notes.add(line);
    notes.changed = ++this.#changes;
    this.#trim();
  }

  setProgress(task: string, progress: NotedProgress): void {
    const notes = this.#byTask.get(task);
    if (!notes) return;
    notes.progress = progress;
    notes.changed = ++this.#changes;
  }

  of(execution: CallingExecution, scheduledId: number): AttemptNotes | undefined {
    return this.#byExecution.get(execution)?.get(scheduledId);
  }

  /** Returns the notes of an execution that have changed since a number, and the number of the latest change. */
  changedSince(
    execution: CallingExecution,
    since: number,
  ): { notes: readonly AttemptNotes[]; latest: number } {
    const all = [...(this.#byExecution.get(execution)?.values() ?? [])];
    const notes = all.filter(({ changed }) => changed > since);
    return { notes, latest: notes.reduce((latest, { changed }) => Math.max(latest, changed), since) };
  }

  #trim(): void {
    for (const [task, notes] of this.#byTask) {
      if (this.#byTask.size <= ATTEMPTS_KEPT && this.#chars <= ALL_CHARS_KEPT) return;
      this.#byTask.delete(task);
      this.#chars -= notes.chars;
      notes.forget();
    }
  }
}
