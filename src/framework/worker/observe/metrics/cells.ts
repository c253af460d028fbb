import {
  type Counter,
  type CounterName,
  type Histogram,
  type HistogramName,
  type Labels,
  METRICS,
} from './table.js';

/** The value of one counter, for one set of labels. */
export class CounterCell implements Counter {
  readonly name: CounterName;
  readonly labels: Labels;
  value = 0;

  constructor(name: CounterName, labels: Labels) {
    this.name = name;
    this.labels = labels;
  }

  add(by: number): void {
    this.value += by;
  }
}

/** The values of one histogram, for one set of labels. */
export class HistogramCell implements Histogram {
  readonly name: HistogramName;
  readonly labels: Labels;
  /**
   * The upper bounds of the histogram's buckets, in ascending order. A value that equals a bound counts for its bucket.
   */
  readonly bounds: readonly number[];
  /**
   * The number of values in each bucket. A bucket counts only the values above the bound of the bucket before it. The
   * last element counts the values above all bounds.
   */
  readonly counts: Float64Array;
  sum = 0;

  constructor(name: HistogramName, labels: Labels) {
    this.name = name;
    this.labels = labels;
    this.bounds = METRICS[name].buckets;
    this.counts = new Float64Array(this.bounds.length + 1);
  }

  record(value: number): void {
    let low = 0;
    for (let high = this.bounds.length; low < high;) {
      const middle = (low + high) >> 1;
      if (value <= (this.bounds[middle] as number)) high = middle;
      else low = middle + 1;
    }
    this.counts[low] = (this.counts[low] as number) + 1;
    this.sum += value;
  }
}

/**
 * All counters, or all histograms, by name and labels. Recording a value is only an addition; metrics libraries read
 * the numbers when they need them. If a library were called for each value instead, it would have to look up the labels
 * each time.
 */
export class Cells<Cell extends { readonly name: string; readonly labels: Labels }> {
  readonly #make: (name: Cell['name'], labels: Labels) => Cell;
  readonly #cells = new Map<string, Cell>();

  constructor(make: (name: Cell['name'], labels: Labels) => Cell) {
    this.#make = make;
  }

  of(name: Cell['name'], labels: Labels): Cell {
    const key = [name, ...Object.values(labels)].join('\0');
    const known = this.#cells.get(key);
    if (known) return known;
    const made = this.#make(name, labels);
    this.#cells.set(key, made);
    return made;
  }

  all(): Iterable<Cell> {
    return this.#cells.values();
  }
}
