import type { Constructor } from '../../../declare/class.js';
import { currentTask } from '../context/current-task.js';

/** The most keys that are remembered for a handler. More than that are data, such as the keys of a dictionary. */
const MOST_NAMES = 100;
const NAME_LIMIT = 80;

/**
 * Returns a function that is called with each key of an input that is dropped. It logs each key once, at the level debug,
 * with the number of different keys that were dropped so far, and logs no more than 100 keys.
 */
export function logDroppedKeys(): (key: string, type: Constructor<object>) => void {
  const known = new Map<Constructor<object>, Set<string>>();
  let count = 0;
  return (whole, type) => {
    const key = whole.length > NAME_LIMIT ? `${whole.slice(0, NAME_LIMIT)}…` : whole;
    let keys = known.get(type);
    if (!keys) known.set(type, (keys = new Set()));
    if (count >= MOST_NAMES || keys.has(key)) return;
    keys.add(key);
    count++;
    currentTask()?.log.debug(
      { key, class: type.name, dropped: count },
      'a key is dropped: its class has no rule for it',
    );
  };
}
