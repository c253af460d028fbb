/** An item of a heap. It can be in one heap at a time. */
export interface HeapItem {
  /** The item's index in the heap. The heap keeps it up to date. */
  heapIndex: number;
}

/**
 * A binary heap (priority queue): `first` is the item with the smallest key. Each item stores its own index, so any
 * item can be removed quickly. An item's key is read when the item is added, and again in `rebuild`, but not when the
 * key changes.
 */
export class Heap<T extends HeapItem> {
  readonly #items: T[] = [];
  readonly #keys: number[] = [];
  readonly #keyOf: (item: T) => number;

  constructor(keyOf: (item: T) => number) {
    this.#keyOf = keyOf;
  }

  get first(): T | undefined {
    return this.#items[0];
  }

  get firstKey(): number | undefined {
    return this.#keys[0];
  }

  get size(): number {
    return this.#items.length;
  }

  add(item: T): void {
    this.#rise(item, this.#keyOf(item), this.#items.length);
  }

  remove(item: T): void {
    const last = this.#items.pop();
    const key = this.#keys.pop();
    if (last === undefined || key === undefined || last === item) return;
    this.#sink(last, key, this.#rise(last, key, item.heapIndex));
  }

  /** Calls `change` for each item, so that it can change the item's key. Then restores the order. */
  rebuild(change: (item: T) => void): void {
    const items = this.#items.splice(0);
    this.#keys.length = 0;
    for (const item of items) {
      change(item);
      this.add(item);
    }
  }

  /**
   * Moves the item at the index `from` towards the front, until no item before it on its way has a larger key.
   * @returns the item's new index
   */
  #rise(item: T, key: number, from: number): number {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.#keyAt(parent) <= key) break;
      this.#copy(parent, index);
      index = parent;
    }
    this.#put(item, key, index);
    return index;
  }

  /** Moves the item at the index `from` towards the end, until no item below it has a smaller key. */
  #sink(item: T, key: number, from: number): void {
    let index = from;
    for (;;) {
      const left = 2 * index + 1;
      const child = this.#keyAt(left + 1) < this.#keyAt(left) ? left + 1 : left;
      if (this.#keyAt(child) >= key) break;
      this.#copy(child, index);
      index = child;
    }
    this.#put(item, key, index);
  }

  #keyAt(index: number): number {
    return this.#keys[index] ?? Number.POSITIVE_INFINITY;
  }

  #copy(from: number, to: number): void {
    const item = this.#items[from];
    if (item) this.#put(item, this.#keyAt(from), to);
  }

  #put(item: T, key: number, index: number): void {
    this.#items[index] = item;
    this.#keys[index] = key;
    item.heapIndex = index;
  }
}
