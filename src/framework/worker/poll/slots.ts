/** Limits the polls of a handler beside its slots. */
interface Admission {
  /** Returns how many more polls may be opened now. @param polling the number of open polls */
  room(polling: number): number;
}

/**
 * The slots of a handler, each for one task. A poll reserves one before it is sent; it becomes free when the handler
 * has settled, before the outcome is reported. Polls, handlers and unreported outcomes together never exceed twice the
 * slots.
 */
export class Slots {
  #size: number;
  readonly #uses: SlotUses = { poll: 0, handler: 0, report: 0, none: 0 };

  /** @param admission says how many more polls may be opened, apart from the limit that the slots set */
  constructor(
    size: number,
    private readonly admission: Admission,
  ) {
    this.#size = size;
  }

  get size(): number {
    return this.#size;
  }

  /** Changes the number of slots. If more are in use, none is free until enough tasks have ended. */
  resize(size: number): void {
    this.#size = size;
  }

  /** The number of slots that are in use, either by an open poll or by a handler that hasn't settled. */
  get used(): number {
    return this.#uses.poll + this.#uses.handler;
  }

  /** The number of handlers that haven't settled. */
  get running(): number {
    return this.#uses.handler;
  }

  /** The number of outcomes that the service hasn't accepted yet, although their handlers have settled. */
  get undelivered(): number {
    return this.#uses.report;
  }

  /** The number of slots that are free, after the limit for unreported outcomes is applied. */
  get vacant(): number {
    const { poll, handler, report } = this.#uses;
    const used = poll + handler;
    return Math.max(0, Math.min(this.#size - used, 2 * this.#size - used - report));
  }

  /** The number of polls that may be opened now. */
  get free(): number {
    return Math.min(this.vacant, this.admission.room(this.#uses.poll));
  }

  /** Reserves a slot for a poll; returns undefined if none is free. */
  reserve(): Slot | undefined {
    return this.free === 0 ? undefined : new Slot(this.#uses);
  }
}

type SlotUse = 'poll' | 'handler' | 'report' | 'none';
/** The number of slots in each use. */
type SlotUses = Record<SlotUse, number>;

/**
 * One slot in use: first by a poll, then by the task's handler, then by the report of the outcome. Each of these steps
 * happens once.
 */
export class Slot {
  #use: SlotUse = 'poll';

  constructor(private readonly uses: SlotUses) {
    uses.poll++;
  }

  /**
   * Passes the slot on: to the `handler` of the task that the poll has returned; to its `report` when the handler has
   * settled; to `none` when the task has ended. Never back: after `none`, this has no effect.
   */
  pass(use: Exclude<SlotUse, 'poll'>): void {
    if (this.#use === 'none') return;
    this.uses[this.#use]--;
    this.uses[use]++;
    this.#use = use;
  }
}
