import type { CounterName, Labels } from './table.js';

/** What a counter has come to for one set of labels. */
interface Total {
  readonly counter: CounterName;
  readonly labels: Labels;
  value: number;
}

/**
 * Counts of a worker, which are handed on only when somebody asks for them: a library that is told of each step looks
 * its labels up each time, and costs a task more than all the rest.
 */
export class Totals {
  readonly #totals = new Map<string, Total>();

  add(counter: CounterName, labels: Labels, by: number): void {
    let key: string = counter;
    for (const name in labels) key += `\0${labels[name]}`;
    const total = this.#totals.get(key);
    if (total) total.value += by;
    else this.#totals.set(key, { counter, labels, value: by });
  }

  all(): Iterable<Readonly<Total>> {
    return this.#totals.values();
  }
}
