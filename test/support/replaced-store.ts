import type { Store } from '../../src/framework/base/store.js';

/** A store with some of its methods replaced. The others are those of the store under it. */
export function replaced(under: Store, methods: Partial<Store>): Store {
  return new Proxy(under, {
    get: (target, key) => {
      const value: unknown = Reflect.get(methods, key) ?? Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
