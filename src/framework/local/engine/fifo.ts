import { type Linked, LinkedList } from '../../base/linked-list.js';

/** An entry of a queue. `remove` takes the entry out from anywhere in the queue. */
export interface QueueEntry<T> extends Linked<QueueEntry<T>> {
  readonly value: T;
}

/** A queue, first in, first out. To add a value, or to remove one from anywhere, takes the same time at any length. */
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

  /** Takes out the value that has waited longest; undefined where the queue is empty. */
  shift(): T | undefined {
    const { first } = this.#entries;
    if (first) this.#entries.remove(first);
    return first?.value;
  }

  /** Takes out the value that has waited longest of those that are wanted; undefined where there is none. */
  take(isWanted: (value: T) => boolean): T | undefined {
    for (const entry of this.#entries) {
      if (!isWanted(entry.value)) continue;
      this.#entries.remove(entry);
      return entry.value;
    }
    return undefined;
  }

  /** Removes an entry. Does nothing where the entry was removed before. */
  remove(entry: QueueEntry<T>): void {
    this.#entries.remove(entry);
  }

  /** The values in the order in which they joined. */
  *[Symbol.iterator](): Generator<T> {
    for (const { value } of this.#entries) yield value;
  }

  /**
   * The entry that joined last; undefined where the queue is empty. Its `previous` is the entry before; a removed entry
   * has none.
   */
  get last(): QueueEntry<T> | undefined {
    return this.#entries.last;
  }
}
