/** What can be in one list at a time. */
export interface Linked<T> {
  previous: T | undefined;
  next: T | undefined;
}

/**
 * Items in the order of their additions; one is added and taken out at the same cost however many there are. A set has
 * that, too, but where all that it holds changes many times a second it leaves, with each table that it outgrows, what
 * was in it to the slow collector: V8 links an old table to its successor, so that one which has lived long keeps all
 * later ones. Here nothing leads away from what was taken out.
 */
export class LinkedList<T extends Linked<T>> implements Iterable<T> {
  #first: T | undefined;
  #last: T | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): T | undefined {
    return this.#first;
  }

  get last(): T | undefined {
    return this.#last;
  }

  /** @param item one that is in no list */
  add(item: T): void {
    item.previous = this.#last;
    if (this.#last) this.#last.next = item;
    else this.#first = item;
    this.#last = item;
    this.#size++;
  }

  /** @returns whether it was there */
  remove(item: T): boolean {
    const { previous, next } = item;
    if (!previous && this.#first !== item) return false;
    if (previous) previous.next = next;
    else this.#first = next;
    if (next) next.previous = previous;
    else this.#last = previous;
    item.previous = undefined;
    item.next = undefined;
    this.#size--;
    return true;
  }

  /** Whoever takes items out on the way goes over a copy: from one that is out, no way leads on. */
  *[Symbol.iterator](): Generator<T, void> {
    for (let item = this.#first; item; item = item.next) yield item;
  }
}
