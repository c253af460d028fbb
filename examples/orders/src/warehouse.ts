import { ErrorName } from 'stepwright';
import { singleton } from 'tsyringe';

@ErrorName('OutOfStock')
export class OutOfStock extends Error {}

/** What lies in the warehouse, and what is kept for which order. In memory: it forgets when the worker ends. */
@singleton()
export class Warehouse {
  readonly #stock = new Map([
    ['tea', 100],
    ['cup', 20],
    ['samovar', 2],
  ]);
  /** By order, then by SKU. */
  readonly #reserved = new Map<string, Map<string, number>>();

  /** Keeps so many for an order. Asked again for the same, as after a lost worker, it keeps no more. */
  reserve(order: string, sku: string, count: number): void {
    const kept = this.#reserved.get(order) ?? new Map<string, number>();
    const missing = count - (kept.get(sku) ?? 0);
    const left = this.#stock.get(sku) ?? 0;
    if (missing > left) throw new OutOfStock(`${count} of '${sku}' are ordered, and ${left} are left`);
    this.#stock.set(sku, left - missing);
    this.#reserved.set(order, kept.set(sku, count));
  }

  /** Puts back what was kept for an order. Of one that it does not know, nothing was. */
  release(order: string): void {
    for (const [sku, count] of this.#reserved.get(order) ?? [])
      this.#stock.set(sku, (this.#stock.get(sku) ?? 0) + count);
    this.#reserved.delete(order);
  }

  leftOf(sku: string): number {
    return this.#stock.get(sku) ?? 0;
  }
}
