/** A place in a queue. Kept by whoever may have to leave it early. */
export interface Place<T> {
  readonly value: T;
  next: Place<T> | undefined;
  previous: Place<T> | undefined;
  queued: boolean;
}

/** First in, first out; joining and leaving from anywhere take the same time at any length. */
export class Fifo<T> {
  #first: Place<T> | undefined;
  #last: Place<T> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(value: T): Place<T> {
    const place: Place<T> = { value, next: undefined, previous: this.#last, queued: true };
    if (this.#last) this.#last.next = place;
    else this.#first = place;
    this.#last = place;
    this.#size++;
    return place;
  }

  /** Takes the one that waited longest, or undefined where none waits. */
  shift(): T | undefined {
    const place = this.#first;
    if (!place) return undefined;
    this.remove(place);
    return place.value;
  }

  /** Leaves the queue. A place that was left already stays so. */
  remove(place: Place<T>): void {
    if (!place.queued) return;
    place.queued = false;
    if (place.previous) place.previous.next = place.next;
    else this.#first = place.next;
    if (place.next) place.next.previous = place.previous;
    else this.#last = place.previous;
    this.#size--;
  }

  /** In the order in which they joined. */
  *[Symbol.iterator](): Generator<T> {
    for (let place = this.#first; place; place = place.next) yield place.value;
  }

  /** The last to join. Walk on with `previous`. */
  get last(): Place<T> | undefined {
    return this.#last;
  }
}
