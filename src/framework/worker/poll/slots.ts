/**
 * The slots of a handler, each for one task at work. A poll reserves a slot before it is sent, so that no task is leased
 * to wait here. The slot is free again when the handler has settled. Outcomes that are still being reported hold no
 * slot, but polls, handlers and such outcomes together never exceed twice the slots: a service that accepts no reports
 * is not asked for more work.
 */
export class Slots {
  #size: number;
  readonly #room: (polling: number) => number;
  #polling = 0;
  #running = 0;
  #undelivered = 0;

  /**
   * @param room returns how many more polls may be opened beside what the slots allow. @default any number
   */
  constructor(size: number, room: (polling: number) => number = () => Number.POSITIVE_INFINITY) {
    this.#size = size;
    this.#room = room;
  }

  get size(): number {
    return this.#size;
  }

  /** Sets another number of slots. Where more are in use, none is free until enough tasks have ended. */
  resize(size: number): void {
    this.#size = size;
  }

  /** The number of slots in use, by an open poll or by a handler that has not settled. */
  get used(): number {
    return this.#polling + this.#running;
  }

  /** The number of handlers that have not settled. */
  get running(): number {
    return this.#running;
  }

  /** The number of outcomes of settled handlers that the service has not accepted yet. */
  get undelivered(): number {
    return this.#undelivered;
  }

  /** The number of slots that no poll and no handler uses, and that undelivered outcomes leave. */
  get vacant(): number {
    return Math.max(0, Math.min(this.#size - this.used, 2 * this.#size - this.used - this.#undelivered));
  }

  /** The number of polls that may be opened now. */
  get free(): number {
    return Math.min(this.vacant, this.#room(this.#polling));
  }

  /** Reserves a slot for a poll; returns undefined where none is free. */
  reserve(): Slot | undefined {
    if (this.free === 0) return undefined;
    this.#polling++;
    return new Slot(this.#move);
  }

  readonly #move = (from: SlotUse, to: SlotUse): void => {
    this.#count(from, -1);
    this.#count(to, 1);
  };

  #count(use: SlotUse, step: 1 | -1): void {
    if (use === 'poll') this.#polling += step;
    if (use === 'handler') this.#running += step;
    if (use === 'report') this.#undelivered += step;
  }
}

type SlotUse = 'poll' | 'handler' | 'report' | 'none';

/** One slot in use: by a poll, then by the handler of the task, then for the report of its outcome. Each step happens once. */
export class Slot {
  readonly #move: (from: SlotUse, to: SlotUse) => void;
  #use: SlotUse = 'poll';

  constructor(move: (from: SlotUse, to: SlotUse) => void) {
    this.#move = move;
  }

  /** Notes that the poll returned a task, whose handler now uses the slot. */
  work(): void {
    this.#to('handler');
  }

  /** Notes that the handler has settled: the slot is free, while the outcome may still be reported. */
  settle(): void {
    if (this.#use === 'handler') this.#to('report');
  }

  /** Notes that nothing of the task is left. Idempotent. */
  free(): void {
    this.#to('none');
  }

  #to(use: SlotUse): void {
    this.#move(this.#use, use);
    this.#use = use;
  }
}
