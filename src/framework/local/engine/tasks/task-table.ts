import type { Clock } from '../../../base/time/clock.js';
import type { TaskOrder } from '../../asl/runtime/running-execution.js';
import { OpenTask } from './open-task.js';
import { errors } from '../answers/service-error.js';
import { TaskNotes } from './task-notes.js';
import { Traffic } from './traffic.js';
import { TokenMint } from './task-token.js';

/** The tasks whose tokens were issued and that haven't ended, by task token. */
export class TaskTable {
  readonly #open = new Map<string, OpenTask>();
  /** The log lines and the progress that workers send, and their heartbeats. */
  readonly notes = new TaskNotes();
  readonly traffic = new Traffic();

  constructor(
    readonly clock: Clock,
    private readonly mint = new TokenMint(),
    /** The real time, in which the deadlines of tasks run, since whoever has a task lives in it. */
    readonly real: Clock = clock,
  ) {}

  get size(): number {
    return this.#open.size;
  }

  [Symbol.iterator](): IterableIterator<OpenTask> {
    return this.#open.values();
  }

  /**
   * Creates a task with a new token.
   * @param subject the text in the error TaskTimedOut for a request with this token after the task has closed, such as
   * the activity's ARN
   */
  open(subject: string, order: TaskOrder): OpenTask {
    const token = this.mint.issue(subject);
    const task = new OpenTask(subject, token, order, this);
    this.#open.set(token, task);
    return task;
  }

  /** Called by a task when it is closed. */
  remove({ token }: OpenTask): void {
    this.#open.delete(token);
  }

  /**
   * Returns the task to which a token belongs, if it hasn't ended. `subject` is the text for the error TaskTimedOut
   * otherwise: the ARN of the activity that the token was issued for.
   * @throws ServiceError InvalidToken if this service never issued the token
   */
  lookUp(token: string): { subject: string; task: OpenTask | undefined } {
    const task = this.#open.get(token);
    if (task) return { subject: task.subject, task: task.isOpen() ? task : undefined };
    const subject = this.mint.subjectOf(token);
    if (subject === undefined) throw errors.invalidToken();
    return { subject, task: undefined };
  }
}
