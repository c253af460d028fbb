import type { Cancel } from '../../base/time/clock.js';
import { parseArn } from '../../asl/values/arn.js';
import type { Resource, ResourceCall, SubmittedTask, TaskOrder } from '../../asl/runtime/resource.js';
import { errors } from './service-error.js';
import { DEFAULT_ENCRYPTION } from './machines/machine.js';
import type { OpenTask, TaskTable } from './tasks/open-tasks.js';
import { type Linked, LinkedList } from '../../base/collections.js';

/** The most activities that the local service may have. AWS page "Step Functions service quotas". */
const ACTIVITY_LIMIT = 10_000;

/** All activities, by ARN. */
export class Activities implements Resource {
  readonly #byArn = new Map<string, Activity>();
  #created = 0;

  constructor(private readonly table: TaskTable) {}

  /** Returns the activity with this ARN. If there is none, creates it. @throws ServiceError ActivityLimitExceeded */
  create(arn: string, encryption: object = DEFAULT_ENCRYPTION): Activity {
    const existing = this.#byArn.get(arn);
    if (existing) return existing;
    const name = parseArn(arn)?.name ?? arn;
    if (this.#byArn.size >= ACTIVITY_LIMIT) throw errors.tooManyActivities();
    const activity = new Activity(arn, name, this.table, this.#created++, encryption);
    this.#byArn.set(arn, activity);
    return activity;
  }

  has(arn: string): boolean {
    return this.#byArn.has(arn);
  }

  /** @throws ServiceError ActivityDoesNotExist */
  get(arn: string): Activity {
    const activity = this.#byArn.get(arn);
    if (!activity) throw errors.noActivity(arn);
    return activity;
  }

  all(): Activity[] {
    return [...this.#byArn.values()];
  }

  /**
   * Deletes an activity. GetActivityTask calls that wait for its tasks stay open until their usual end, and its tasks
   * until their own timeouts.
   */
  delete(arn: string): void {
    this.#byArn.delete(arn);
  }

  /** Recorded from the live service. */
  refusal({ resource }: Pick<ResourceCall, 'resource'>): string | undefined {
    return this.has(resource) ? undefined : `The activity ${resource} does not exist.`;
  }

  submit(task: SubmittedTask): Cancel {
    return this.get(task.call.resource).schedule(task);
  }
}

/** The response to a GetActivityTask call: a task, or an empty object if there was no task in time. */
export type PollAnswer = { readonly taskToken: string; readonly input: string } | Record<string, never>;

interface Poll extends Linked<Poll> {
  readonly workerName: string | undefined;
  readonly since: number;
  answer(answer: PollAnswer): void;
}

interface Offer extends Linked<Offer> {
  readonly order: TaskOrder;
  readonly since: number;
  /** The task with its token. Undefined until a GetActivityTask call has taken the task. */
  task: OpenTask | undefined;
}

/** The most GetActivityTask calls that may wait for tasks of one activity. AWS page "Step Functions service quotas". */
export const POLL_LIMIT = 1_000;

/**
 * One activity. Either tasks wait in it for a GetActivityTask call, or such calls (polls) wait for a task, never both.
 * They wait in the order in which they arrived.
 */
export class Activity {
  readonly #offers = new LinkedList<Offer>();
  readonly #polls = new LinkedList<Poll>();
  /** The GetActivityTask calls that wait for a task, the oldest first. */
  readonly polls: Iterable<Pick<Poll, 'workerName' | 'since'>> = this.#polls;
  /** The queued tasks, the oldest first, each with the time at which it was scheduled. */
  readonly queued: Iterable<Pick<Offer, 'order' | 'since'>> = this.#offers;
  readonly createdAt: number;

  constructor(
    readonly arn: string,
    readonly name: string,
    private readonly table: TaskTable,
    /** Activities are numbered in the order in which they were created. */
    readonly order: number,
    readonly encryption: object,
  ) {
    this.createdAt = table.clock.now();
  }

  get parkedPolls(): number {
    return this.#polls.size;
  }

  /** The number of tasks that wait for a GetActivityTask call. */
  get queuedTasks(): number {
    return this.#offers.size;
  }

  /**
   * Takes the oldest task from the queue, as a GetActivityTask call of `workerName` would. Tasks for which `isWanted`
   * returns false stay in the queue. Returns undefined if there is no other.
   */
  takeOldest(workerName: string, isWanted: (order: TaskOrder) => boolean = () => true): OpenTask | undefined {
    for (const offer of this.#offers)
      if (isWanted(offer.order) && this.#offers.remove(offer)) return this.#lease(offer, workerName);
    return undefined;
  }

  /**
   * Gives a task to the oldest waiting GetActivityTask call, or puts it into the queue. The returned function removes
   * the task from the queue or, if a worker has it, makes its token invalid.
   */
  schedule(order: TaskOrder): Cancel {
    const links = { previous: undefined, next: undefined };
    const offer: Offer = { order, since: this.table.clock.now(), task: undefined, ...links };
    const poll = this.#polls.shift();
    this.table.traffic.scheduled(this.arn, offer.since, poll ? 0 : this.#offers.size + 1);
    if (poll) {
      poll.answer(this.#taken(offer, poll.workerName));
      return () => offer.task?.close();
    }
    this.#offers.add(offer);
    return () => {
      this.#offers.remove(offer);
      if (!offer.task) this.table.traffic.removed(this.arn, this.table.clock.now(), this.#offers.size);
      offer.task?.close();
    };
  }

  /**
   * Handles a GetActivityTask call. Calls `answer` with a task or, after `holdMs` milliseconds, without one. The
   * returned function ends the call early, and `answer` is then not called.
   */
  poll(workerName: string | undefined, holdMs: number, answer: (answer: PollAnswer) => void): Cancel {
    const offer = this.#offers.shift();
    if (offer) {
      answer(this.#taken(offer, workerName));
      return () => {};
    }
    const withdraw = (): void => {
      this.#polls.remove(poll);
      cancelTimer();
    };
    const poll: Poll = {
      workerName,
      since: this.table.clock.now(),
      answer: (given) => {
        withdraw();
        answer(given);
      },
      previous: undefined,
      next: undefined,
    };
    this.#polls.add(poll);
    const cancelTimer = this.table.clock.after(holdMs, () => poll.answer({}));
    return withdraw;
  }

  /** Responds without a task to all waiting GetActivityTask calls, or only to those of one worker. */
  endPolls(workerName?: string): void {
    for (const poll of [...this.#polls].toReversed())
      if (workerName === undefined || poll.workerName === workerName) poll.answer({});
  }

  #taken(offer: Offer, workerName: string | undefined): PollAnswer {
    const { token } = this.#lease(offer, workerName);
    return { taskToken: token, input: offer.order.input };
  }

  #lease(offer: Offer, workerName: string | undefined): OpenTask {
    const task = this.table.open(this.arn, offer.order);
    offer.task = task;
    this.table.traffic.started(this.arn, this.table.clock.now(), this.#offers.size, offer.since);
    task.start(workerName);
    return task;
  }
}
