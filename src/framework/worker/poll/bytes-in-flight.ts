import type { Clock } from '../../base/time/clock.js';
import { type Linked, LinkedList } from '../../base/linked-list.js';
import { PAYLOAD_LIMIT_BYTES } from '../../base/store/size.js';
import type { BytesStatus } from '../../base/worker-status.js';

/** An open poll counts as the largest input that the service may answer it with (API reference, GetActivityTask). */
export const POLL_BYTES = PAYLOAD_LIMIT_BYTES;
/** If every handler had a poll open for this long, the limit no longer holds tasks back. */
const QUIET_MS = 30_000;

export interface BytesListener {
  /** These handlers can open no poll until tasks end. Not called again before `freed`. */
  full(handlers: readonly string[]): void;
  /** For 30 s every handler could open a poll. @param afterMs the time since `full` */
  freed(afterMs: number): void;
}

/**
 * Limits the bytes of inputs and outcomes that a worker holds in memory: while a poll's answer might exceed the limit,
 * the poll isn't opened. Half of the limit is divided evenly among the handlers, so that none can take it from the
 * others. The other half goes to the handlers that ask first. A handler that holds nothing may always open one poll, so
 * that a task of any size is received.
 *
 * An open poll holds its bytes for up to a minute, although no task may come. So that the polls of one handler don't
 * keep another's tasks out, one poll of each handler is always counted, open or not, and further polls take no more
 * than half of what the handlers share.
 */
export class BytesInFlight {
  readonly #limit: number;
  readonly #clock: Clock;
  readonly #listener: BytesListener;
  readonly #handlers: HandlerBytes[] = [];
  /** The handlers that would open a poll if there was room, in the order in which they began to wait. */
  readonly #waiting = new LinkedList<HandlerBytes>();
  /** The bytes that are counted for handlers beyond their own parts of the limit. */
  #beyondOwn = 0;
  #fullSince: number | undefined;
  #waitedAt = 0;

  /** @param limit in bytes; Infinity for no limit */
  constructor(limit: number, clock: Clock, listener: BytesListener) {
    this.#limit = limit;
    this.#clock = clock;
    this.#listener = listener;
  }

  /** Undefined if there is no limit. */
  get status(): BytesStatus | undefined {
    if (this.#limit === Infinity) return undefined;
    const used = this.#handlers.reduce((sum, each) => sum + each.used, 0);
    return { limit: this.#limit, used, full: this.#fullSince !== undefined };
  }

  /**
   * Adds a handler. To be called for every handler before the first poll.
   * @param onRoom called when there is room for a poll for which the handler has waited
   */
  add(name: string, onRoom: () => void): HandlerBytes {
    const handler = new HandlerBytes(name, this, onRoom);
    this.#handlers.push(handler);
    this.#beyondOwn = this.#handlers.reduce((sum, { counted }) => sum + this.#beyond(counted), 0);
    return handler;
  }

  /** Calls the listener if handlers have begun to wait, or don't wait any more. To be called every second. */
  tick(): void {
    const now = this.#clock.now();
    // While one of its polls is open, no task of a handler waits: the service would have answered the poll with it.
    const handlers = [...this.#waiting].filter(({ open }) => open === 0);
    if (handlers.length > 0) {
      this.#waitedAt = now;
      if (this.#fullSince !== undefined) return;
      this.#fullSince = now;
      this.#listener.full(handlers.map(({ name }) => name));
    } else if (this.#fullSince !== undefined && now - this.#waitedAt >= QUIET_MS) {
      const since = this.#fullSince;
      this.#fullSince = undefined;
      this.#listener.freed(now - since);
    }
  }

  /** Returns true if what is counted for a handler, with one poll, is within the limit. */
  fits(counted: number): boolean {
    return counted <= this.#own || this.#beyondOwn <= this.#shared;
  }

  /** Returns the number of polls that a handler may open beside its first one. */
  furtherPolls(counted: number): number {
    if (this.#limit === Infinity) return Infinity;
    const shared = Math.max(0, this.#shared / 2 - this.#beyondOwn);
    return Math.floor((Math.max(0, this.#own - counted) + shared) / POLL_BYTES);
  }

  /** Records that `after` bytes are counted for a handler instead of `before`. */
  moved(before: number, after: number): void {
    this.#beyondOwn += this.#beyond(after) - this.#beyond(before);
  }

  /** Records if a handler waits for room. */
  wait(handler: HandlerBytes, waits: boolean): void {
    if (waits === handler.waits) return;
    handler.waits = waits;
    if (waits) this.#waiting.add(handler);
    else this.#waiting.remove(handler);
  }

  /** Lets the handlers that wait open the polls for which there is room, in the order in which they began to wait. */
  wake(): void {
    if (this.#waiting.size === 0) return;
    for (const handler of [...this.#waiting]) {
      if (!handler.waits || handler.polls === 0) continue;
      this.wait(handler, false);
      handler.onRoom();
    }
  }

  /**
   * The part of the limit that belongs to each handler, in whole bytes, so that sums of it are exact. The only handler of
   * a worker has all of it.
   */
  get #own(): number {
    const handlers = this.#handlers.length;
    return handlers === 1 ? this.#limit : Math.floor(this.#limit / 2 / handlers);
  }

  /** The part of the limit that goes to the handlers that ask first. */
  get #shared(): number {
    return this.#handlers.length === 1 ? 0 : this.#limit / 2;
  }

  #beyond(counted: number): number {
    return Math.max(0, counted - this.#own);
  }
}

/** The bytes that the tasks and the open polls of one handler hold. */
export class HandlerBytes implements Linked<HandlerBytes> {
  readonly name: string;
  readonly onRoom: () => void;
  readonly #all: BytesInFlight;
  #tasks = 0;
  #open = 0;
  /** True while the handler would open a poll but has no room for it. Set by {@link BytesInFlight.wait}. */
  waits = false;
  previous: HandlerBytes | undefined;
  next: HandlerBytes | undefined;

  constructor(name: string, all: BytesInFlight, onRoom: () => void) {
    this.name = name;
    this.#all = all;
    this.onRoom = onRoom;
  }

  /** The bytes of its tasks, and those that its open polls may bring. */
  get used(): number {
    return this.#tasks + this.#open * POLL_BYTES;
  }

  /** The bytes that are counted for it: one poll is counted also where none is open. */
  get counted(): number {
    return this.#tasks + Math.max(1, this.#open) * POLL_BYTES;
  }

  /** The number of its open polls. */
  get open(): number {
    return this.#open;
  }

  /** The number of polls that may be opened now. */
  get polls(): number {
    const { counted } = this;
    const isFirst = this.#open === 0 && (this.#tasks === 0 || this.#all.fits(counted));
    return (isFirst ? 1 : 0) + this.#all.furtherPolls(counted);
  }

  /** Counts bytes of tasks; a negative number gives them back. */
  take(bytes: number): void {
    this.#move(bytes, 0);
  }

  /** Counts a poll that is opened (1) or has ended (-1). */
  poll(step: 1 | -1): void {
    this.#move(0, step);
  }

  /** Records if the handler would open a poll but has no room for it. */
  wait(waits: boolean): void {
    this.#all.wait(this, waits);
  }

  /**
   * Lets handlers that wait open polls. To be called when bytes were given back, before this handler itself opens a
   * poll: the others have waited for longer.
   */
  wake(): void {
    this.#all.wake();
  }

  #move(bytes: number, polls: number): void {
    const before = this.counted;
    this.#tasks += bytes;
    this.#open += polls;
    this.#all.moved(before, this.counted);
  }
}
