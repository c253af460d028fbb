/**
 * A handler's places for tasks. A slot is for work: a poll reserves one before it is sent, so that nothing is leased
 * into a queue; it comes free when the handler has settled. Outcomes that are still being reported hold no slot, but
 * there are never more of them than lets all three together, polls, handlers and outcomes, stay within twice the
 * slots: a service that takes no reports is not asked for more work.
 */
export class Slots {
  readonly size: number;
  #polling = 0;
  #running = 0;
  #undelivered = 0;

  constructor(size: number) {
    this.size = size;
  }

  /** Slots that are taken, by an open poll or by a handler that has not settled. */
  get used(): number {
    return this.#polling + this.#running;
  }

  /** Handlers that have not settled. */
  get running(): number {
    return this.#running;
  }

  /** Outcomes of settled handlers that the service has not taken yet. */
  get undelivered(): number {
    return this.#undelivered;
  }

  /** How many polls may be opened. */
  get free(): number {
    return Math.max(0, Math.min(this.size - this.used, 2 * this.size - this.used - this.#undelivered));
  }

  /** Takes a place for a poll; undefined where that would be one too many. */
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

/** One place's way: a poll, the handler of what it brought, the report of the outcome. Each step is taken at most once. */
export class Slot {
  readonly #move: (from: SlotUse, to: SlotUse) => void;
  #use: SlotUse = 'poll';

  constructor(move: (from: SlotUse, to: SlotUse) => void) {
    this.#move = move;
  }

  /** The poll brought a task. */
  work(): void {
    this.#to('handler');
  }

  /** The handler has settled: the slot is free, its outcome may still be on its way. */
  settle(): void {
    if (this.#use === 'handler') this.#to('report');
  }

  /** Nothing is left. Idempotent. */
  free(): void {
    this.#to('none');
  }

  #to(use: SlotUse): void {
    this.#move(this.#use, use);
    this.#use = use;
  }
}
