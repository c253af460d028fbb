import type { Cancel, Clock } from '../../base/time/clock.js';
import type { TaskOrder } from '../asl/runtime/running-execution.js';
import { Fifo } from './fifo.js';
import type { OpenTask } from './open-task.js';
import { DEFAULT_ENCRYPTION } from './machines/settings.js';
import type { TaskTable } from './task-table.js';

/** The answer to a poll: a task, or an empty object if no task came in time. */
export type PollAnswer = { readonly taskToken: string; readonly input: string } | Record<string, never>;

interface Poll {
  readonly workerName: string | undefined;
  readonly since: number;
  answer(answer: PollAnswer): void;
}

interface Offer {
  readonly order: TaskOrder;
  readonly since: number;
  /** The open task, when a poll has leased it; undefined until then. */
  task: OpenTask | undefined;
}

/** The most polls that may wait for tasks of one activity. AWS page "Step Functions service quotas". */
export const POLL_LIMIT = 1_000;

/**
 * One activity. It has either tasks that wait for a poll, or polls that wait for a task, never both. Both wait in the
 * order in which they arrived.
 */
export class Activity {
  readonly #offers = new Fifo<Offer>();
  readonly #polls = new Fifo<Poll>();

  constructor(
    readonly arn: string,
    readonly name: string,
    readonly createdAt: number,
    private readonly table: TaskTable,
    private readonly clock: Clock,
    /** The key by which activities are sorted. It grows in the order in which they were created. */
    readonly key = '',
    readonly encryption: object = DEFAULT_ENCRYPTION,
  ) {}

  get parkedPolls(): number {
    return this.#polls.size;
  }

  /** The number of tasks that wait for a poll. */
  get queuedTasks(): number {
    return this.#offers.size;
  }

  /** The waiting polls, the oldest first. */
  *polls(): Generator<{ readonly workerName: string | undefined; readonly since: number }> {
    yield* this.#polls;
  }

  /** The queued tasks, the oldest first, each with the time at which it was scheduled. */
  *queued(): Generator<{ readonly order: TaskOrder; readonly since: number }> {
    yield* this.#offers;
  }

  /** Leases the oldest queued task that is still wanted, as a poll would. Returns undefined if there is none. */
  takeOldest(workerName: string, isWanted: (order: TaskOrder) => boolean = () => true): OpenTask | undefined {
    const offer = this.#offers.take(({ order }) => isWanted(order));
    if (offer) this.#lease(offer, workerName);
    return offer?.task;
  }

  /** Offers a task to the polls. The returned function withdraws the task, even if it was already leased. */
  schedule(order: TaskOrder): Cancel {
    const offer: Offer = { order, since: this.clock.now(), task: undefined };
    const poll = this.#polls.shift();
    if (poll) {
      this.#answer(poll, offer);
      return () => offer.task?.close();
    }
    const entry = this.#offers.push(offer);
    return () => {
      this.#offers.remove(entry);
      offer.task?.close();
    };
  }

  /** Waits for a task for at most `holdMs` milliseconds. The returned function withdraws the poll without an answer. */
  poll(workerName: string | undefined, holdMs: number, answer: (answer: PollAnswer) => void): Cancel {
    const offer = this.#offers.shift();
    if (offer) {
      this.#answer({ workerName, since: this.clock.now(), answer }, offer);
      return () => {};
    }
    const entry = this.#polls.push({
      workerName,
      since: this.clock.now(),
      answer: (given) => {
        cancelTimer();
        answer(given);
      },
    });
    const cancelTimer = this.clock.after(holdMs, () => {
      this.#polls.remove(entry);
      answer({});
    });
    return () => {
      this.#polls.remove(entry);
      cancelTimer();
    };
  }

  /** Answers all waiting polls, or only those of one worker, without a task. */
  endPolls(workerName?: string): void {
    let entry = this.#polls.last;
    while (entry) {
      const { value, previous } = entry;
      if (workerName === undefined || value.workerName === workerName) {
        this.#polls.remove(entry);
        value.answer({});
      }
      entry = previous;
    }
  }

  #answer(poll: Poll, offer: Offer): void {
    const { token } = this.#lease(offer, poll.workerName);
    poll.answer({ taskToken: token, input: offer.order.input });
  }

  #lease(offer: Offer, workerName: string | undefined): OpenTask {
    const task = this.table.open(this.arn, offer.order);
    offer.task = task;
    task.start(workerName);
    return task;
  }
}
