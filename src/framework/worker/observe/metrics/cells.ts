import {
  type Counter,
  type CounterName,
  type Histogram,
  type HistogramName,
  type Labels,
  METRICS,
} from './table.js';

/** What one counter has come to. */
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

/** What one histogram has come to. */
export class HistogramCell implements Histogram {
  readonly name: HistogramName;
  readonly labels: Labels;
  /** Upper bounds, ascending. */
  readonly bounds: readonly number[];
  /** How many values fell between each bound and the one before; the last is what is beyond all. */
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
 * Cells by their name and labels. A step is an addition here; they are read when somebody asks, since a library that is
 * told of each step looks its labels up each time.
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
