/** The links of an item, which can be in one list at a time. */
export interface Linked<T> {
  previous: T | undefined;
  next: T | undefined;
}

/**
 * Items in the order in which they were added. Adding and removing take constant time. A `Set` has that too, but its
 * garbage lives long where items change many times a second: V8 links a table that a Set has outgrown to the table
 * after it, so that an old table keeps all later ones alive. Here a removed item links nowhere.
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

  /** Appends an item, which must be in no list. */
  add(item: T): void {
    item.previous = this.#last;
    if (this.#last) this.#last.next = item;
    else this.#first = item;
    this.#last = item;
    this.#size++;
  }

  /** Removes an item. @returns true where it was in the list */
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

  /** Iterates in order. Copy the items first to remove some on the way, since a removed item links nowhere. */
  *[Symbol.iterator](): Generator<T, void> {
    for (let item = this.#first; item; item = item.next) yield item;
  }
}
