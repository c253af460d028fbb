import { type Linked, LinkedList } from '../../base/linked-list.js';

/** An entry of a queue, by which it can be removed from anywhere in it. */
export interface QueueEntry<T> extends Linked<QueueEntry<T>> {
  readonly value: T;
}

/** A queue, first in, first out. Joining and leaving it from anywhere take the same time at any length. */
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

  /** Removes an entry. One that was removed already stays so. */
  remove(entry: QueueEntry<T>): void {
    this.#entries.remove(entry);
  }

  /** The values in the order in which they joined. */
  *[Symbol.iterator](): Generator<T> {
    for (const { value } of this.#entries) yield value;
  }

  /** The entry that joined last. Its `previous` is the one before; a removed entry has none. */
  get last(): QueueEntry<T> | undefined {
    return this.#entries.last;
  }
}
