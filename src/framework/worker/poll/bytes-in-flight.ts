import type { Clock } from '../../base/time/clock.js';
import { type Linked, LinkedList } from '../../base/linked-list.js';
import type { BytesStatus } from '../../base/worker-status.js';

/** An open poll counts as the largest input that the service may answer it with (API reference, GetActivityTask). */
export const POLL_BYTES = 256 * 1024;
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
 */
export class BytesInFlight {
  readonly #limit: number;
  readonly #clock: Clock;
  readonly #listener: BytesListener;
  readonly #handlers: HandlerBytes[] = [];
  /** The handlers that would open a poll if there was room, in the order in which they began to wait. */
  readonly #waiting = new LinkedList<HandlerBytes>();
  /** The bytes that handlers hold beyond their own parts of the limit. */
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

  /** Returns the bytes that a handler may still take, if it holds `used`. */
  roomFor(used: number): number {
    if (this.#limit === Infinity) return Infinity;
    const shared = this.#limit - this.#own * this.#handlers.length - this.#beyondOwn;
    return Math.max(0, this.#own - used) + Math.max(0, shared);
  }

  /** Records that a handler holds `after` bytes instead of `before`. */
  moved(before: number, after: number): void {
    this.#beyondOwn += Math.max(0, after - this.#own) - Math.max(0, before - this.#own);
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

  /** The part of the limit that belongs to each handler. The only handler of a worker has all of it. */
  get #own(): number {
    const handlers = this.#handlers.length;
    return handlers === 1 ? this.#limit : this.#limit / 2 / handlers;
  }
}

/** The bytes that the tasks and the open polls of one handler hold. */
export class HandlerBytes implements Linked<HandlerBytes> {
  readonly name: string;
  readonly onRoom: () => void;
  readonly #all: BytesInFlight;
  #used = 0;
  /** True while the handler would open a poll but has no room for it. Set by {@link BytesInFlight.wait}. */
  waits = false;
  /** The number of its open polls, as of the last call of {@link wait}. */
  open = 0;
  previous: HandlerBytes | undefined;
  next: HandlerBytes | undefined;

  constructor(name: string, all: BytesInFlight, onRoom: () => void) {
    this.name = name;
    this.#all = all;
    this.onRoom = onRoom;
  }

  get used(): number {
    return this.#used;
  }

  /** The number of polls that may be opened now. */
  get polls(): number {
    const polls = Math.floor(this.#all.roomFor(this.#used) / POLL_BYTES);
    return this.#used === 0 ? Math.max(1, polls) : polls;
  }

  /** Counts bytes that are taken; a negative number gives them back. */
  take(bytes: number): void {
    const before = this.#used;
    this.#used += bytes;
    this.#all.moved(before, this.#used);
  }

  /** Records if the handler would open a poll but has no room for it. @param open the number of its open polls */
  wait(waits: boolean, open: number): void {
    this.open = open;
    this.#all.wait(this, waits);
  }

  /**
   * Lets handlers that wait open polls. To be called when bytes were given back, before this handler itself opens a
   * poll: the others have waited for longer.
   */
  wake(): void {
    this.#all.wake();
  }
}
