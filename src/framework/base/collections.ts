/** The links of an item to its neighbours in a list. An item can be in one list at a time. */
export interface Linked<T> {
  previous: T | undefined;
  next: T | undefined;
}

/**
 * A list of items in the order in which they were added. Adding and removing take constant time.
 *
 * It is used in place of a `Set` where items change many times a second: V8 links the old table of a Set to each new one,
 * so that an old table that isn't collected yet keeps all later ones in memory.
 */
export class LinkedList<T extends Linked<T>> implements Iterable<T> {
  #first: T | undefined;
  #last: T | undefined;
  #size = 0;

  get first(): T | undefined {
    return this.#first;
  }

  get last(): T | undefined {
    return this.#last;
  }

  get size(): number {
    return this.#size;
  }

  /** Appends an item. The item must not be in any list. */
  add(item: T): void {
    item.previous = this.#last;
    if (this.#last) this.#last.next = item;
    else this.#first = item;
    this.#last = item;
    this.#size++;
  }

  /** Removes an item. @returns true if it was in the list */
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

  /** Removes and returns the first item; undefined if the list is empty. */
  shift(): T | undefined {
    const first = this.#first;
    if (first) this.remove(first);
    return first;
  }

  /**
   * Iterates in the order of addition. If you remove items while you iterate, iterate over a copy: a removed item has
   * no link to the next one.
   */
  *[Symbol.iterator](): Generator<T, void> {
    for (let item = this.#first; item; item = item.next) yield item;
  }
}

/** The part of a Map or a WeakMap that {@link getOrMake} uses. */
interface Table<Key, Value> {
  get(key: Key): Value | undefined;
  set(key: Key, value: Value): unknown;
}

/** Returns the value that a map has for a key. If it has none, makes one and puts it there. */
export function getOrMake<Key, Value>(map: Table<Key, Value>, key: Key, make: (key: Key) => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make(key);
  map.set(key, made);
  return made;
}
