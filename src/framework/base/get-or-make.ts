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
