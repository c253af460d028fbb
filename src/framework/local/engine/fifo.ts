import { type Linked, LinkedList } from '../../base/linked-list.js';

/** A place in a queue. Kept by whoever may have to leave it early. */
export interface Place<T> extends Linked<Place<T>> {
  readonly value: T;
}

/** First in, first out; joining and leaving from anywhere take the same time at any length. */
export class Fifo<T> {
  readonly #places = new LinkedList<Place<T>>();

  get size(): number {
    return this.#places.size;
  }

  push(value: T): Place<T> {
    const place = { value, previous: undefined, next: undefined };
    this.#places.add(place);
    return place;
  }

  /** Takes the one that waited longest, or undefined where none waits. */
  shift(): T | undefined {
    const { first } = this.#places;
    if (first) this.#places.remove(first);
    return first?.value;
  }

  /** Leaves the queue. A place that was left already stays so. */
  remove(place: Place<T>): void {
    this.#places.remove(place);
  }

  /** In the order in which they joined. */
  *[Symbol.iterator](): Generator<T> {
    for (const { value } of this.#places) yield value;
  }

  /** The last to join. Walk on with `previous`, which leads nowhere from one that has left. */
  get last(): Place<T> | undefined {
    return this.#places.last;
  }
}
