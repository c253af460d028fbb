/**
 * The slots of a handler, each for one task. A poll reserves a slot before it is sent, so that a leased task never has
 * to wait for a slot. The slot becomes free when the handler has settled. While the task's outcome is still being
 * reported, it holds no slot. But polls, handlers and unreported outcomes together never exceed twice the number of
 * slots, so that a worker whose reports aren't accepted stops asking for more work.
 */
export class Slots {
  #size: number;
  readonly #room: (polling: number) => number;
  #polling = 0;
  #running = 0;
  #undelivered = 0;

  /** @param room returns how many more polls may be opened, apart from the limit that the slots set */
  constructor(size: number, room: (polling: number) => number) {
    this.#size = size;
    this.#room = room;
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
    return this.#polling + this.#running;
  }

  /** The number of handlers that haven't settled. */
  get running(): number {
    return this.#running;
  }

  /** The number of outcomes that the service hasn't accepted yet, although their handlers have settled. */
  get undelivered(): number {
    return this.#undelivered;
  }

  /** The number of slots that are free, after the limit for unreported outcomes is applied. */
  get vacant(): number {
    return Math.max(0, Math.min(this.#size - this.used, 2 * this.#size - this.used - this.#undelivered));
  }

  /** The number of polls that may be opened now. */
  get free(): number {
    return Math.min(this.vacant, this.#room(this.#polling));
  }

  /** Reserves a slot for a poll; returns undefined if none is free. */
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

/**
 * One slot in use: first by a poll, then by the task's handler, then by the report of the outcome. Each of these steps
 * happens once.
 */
export class Slot {
  readonly #move: (from: SlotUse, to: SlotUse) => void;
  #use: SlotUse = 'poll';

  constructor(move: (from: SlotUse, to: SlotUse) => void) {
    this.#move = move;
  }

  /** Records that the poll returned a task, whose handler now uses the slot. */
  work(): void {
    this.#to('handler');
  }

  /** Records that the handler has settled. The slot becomes free, although the outcome may still have to be reported. */
  settle(): void {
    if (this.#use === 'handler') this.#to('report');
  }

  /** Records that nothing of the task is left. Calling it again has no effect. */
  free(): void {
    this.#to('none');
  }

  #to(use: SlotUse): void {
    this.#move(this.#use, use);
    this.#use = use;
  }
}
