import { type Linked, LinkedList } from '../../base/linked-list.js';

/** An entry of a queue. `remove` can remove it from anywhere in the queue. */
export interface QueueEntry<T> extends Linked<QueueEntry<T>> {
  readonly value: T;
}

/**
 * A first-in, first-out queue. Adding a value, and removing one from anywhere, take the same time for any length of the
 * queue.
 */
export class Fifo<T> {
  readonly #entries = new LinkedList<QueueEntry<T>>();

  get size(): number {
    return this.#entries.size;
  }

  push(value: T): QueueEntry<T> {
    const entry = { value, previous: undefined, next: undefined };
    this.#entries.add(entry);
    return entry;
  }

  /** Removes and returns the oldest value; undefined if the queue is empty. */
  shift(): T | undefined {
    const { first } = this.#entries;
    if (first) this.#entries.remove(first);
    return first?.value;
  }

  /** Removes and returns the oldest value for which `isWanted` returns true. Returns undefined if there is none. */
  take(isWanted: (value: T) => boolean): T | undefined {
    for (const entry of this.#entries) {
      if (!isWanted(entry.value)) continue;
      this.#entries.remove(entry);
      return entry.value;
    }
    return undefined;
  }

  /** Removes an entry. Does nothing if the entry was already removed. */
  remove(entry: QueueEntry<T>): void {
    this.#entries.remove(entry);
  }

  /** The values, in the order in which they were added. */
  *[Symbol.iterator](): Generator<T> {
    for (const { value } of this.#entries) yield value;
  }

  /** The oldest value; undefined if the queue is empty. */
  get first(): T | undefined {
    return this.#entries.first?.value;
  }

  /**
   * The entry that was added last; undefined if the queue is empty. Its `previous` is the entry before it. An entry
   * that was removed has no `previous`.
   */
  get last(): QueueEntry<T> | undefined {
    return this.#entries.last;
  }
}
