import { isPlainObject } from '../base/plain-object.js';
import type { Store } from '../base/store/store.js';
import { isCount, isFunction, MOST_AT_ONCE, type Rule } from '../declare/rule.js';

/** Where tasks are kept whose handlers have deferred them with `task.defer()`. */
export interface DeferredSettings {
  /** The store. Every process that takes over or completes these tasks needs the same. */
  store: Store;
  /** The most deferred tasks that one worker holds. Further ones wait, and use a slot until then. @default 10,000 */
  most?: number;
}

const METHODS = ['put', 'putIfAbsent', 'get', 'delete', 'list', 'replace', 'deleteIf'];

function isStore(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return METHODS.every((name) => isFunction(Reflect.get(value, name)));
}

export const deferredRule: Rule = {
  expected: `an object { store, most? }: a store that can replace records, such as directory('/var/lib/stepwright'), and a whole number from 1 to ${MOST_AT_ONCE}`,
  ok(value) {
    if (!isPlainObject(value)) return false;
    const { store, most, ...rest } = value;
    return isStore(store) && (most === undefined || isCount(most)) && Object.keys(rest).length === 0;
  },
};
