import type { Cancel, Clock } from '../../clock.js';
import type { TaskOrder } from '../asl/runtime/running-execution.js';
import { Fifo } from './fifo.js';
import type { OpenTask } from './open-task.js';
import type { TaskTable } from './tasks.js';

/** What a poll is answered: a task, or nothing once the hold is over. */
export type PollAnswer = { readonly taskToken: string; readonly input: string } | Record<string, never>;

interface Poll {
  readonly workerName: string | undefined;
  answer(answer: PollAnswer): void;
}

interface Offer {
  readonly order: TaskOrder;
  /** The lease, once a poll has taken it. */
  task: OpenTask | undefined;
}

/** The most polls that the service holds for one activity. AWS page "Step Functions service quotas". */
export const POLL_LIMIT = 1_000;

/** One activity: tasks that wait for a poll, or polls that wait for a task. Never both. Each in order of arrival. */
export class Activity {
  readonly #offers = new Fifo<Offer>();
  readonly #polls = new Fifo<Poll>();

  constructor(
    readonly arn: string,
    readonly name: string,
    readonly createdAt: number,
    private readonly table: TaskTable,
    private readonly clock: Clock,
    /** What activities are sorted by: the order of their creation. */
    readonly key = '',
  ) {}

  get parkedPolls(): number {
    return this.#polls.size;
  }

  /** Offers a task. The cancel takes it back, leased or not. */
  schedule(order: TaskOrder): Cancel {
    const offer: Offer = { order, task: undefined };
    const poll = this.#polls.shift();
    if (poll) {
      this.#lease(offer, poll);
      return () => offer.task?.close();
    }
    const place = this.#offers.push(offer);
    return () => {
      this.#offers.remove(place);
      offer.task?.close();
    };
  }

  /** Waits for a task, at most `holdMs` milliseconds. The cancel withdraws the poll, unanswered. */
  poll(workerName: string | undefined, holdMs: number, answer: (answer: PollAnswer) => void): Cancel {
    const offer = this.#offers.shift();
    if (offer) {
      this.#lease(offer, { workerName, answer });
      return () => {};
    }
    const place = this.#polls.push({
      workerName,
      answer: (given) => {
        cancelTimer();
        answer(given);
      },
    });
    const cancelTimer = this.clock.after(holdMs, () => {
      this.#polls.remove(place);
      answer({});
    });
    return () => {
      this.#polls.remove(place);
      cancelTimer();
    };
  }

  /** Answers every parked poll with nothing. */
  endPolls(): void {
    for (let poll = this.#polls.shift(); poll; poll = this.#polls.shift()) poll.answer({});
  }

  #lease(offer: Offer, poll: Poll): void {
    offer.task = this.table.open(this.arn, offer.order);
    offer.task.start(poll.workerName);
    poll.answer({ taskToken: offer.task.token, input: offer.order.input });
  }
}
