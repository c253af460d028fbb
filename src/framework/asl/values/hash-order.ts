/** Sorts keys into the order in which a Java HashMap returns them. */
export function inHashOrder(keys: readonly string[]): string[] {
  let size = 16;
  while (keys.length > size * 0.75) size *= 2;
  const slots = new Map<number, string[]>();
  for (const key of keys) {
    const hash = hashCode(key);
    const slot = (hash ^ (hash >>> 16)) & (size - 1);
    slots.set(slot, [...(slots.get(slot) ?? []), key]);
  }
  return [...slots].toSorted(([a], [b]) => a - b).flatMap(([, each]) => each);
}

/** Returns the hash code of a text, as Java's `String.hashCode` computes it. */
function hashCode(text: string): number {
  let hash = 0;
  for (let at = 0; at < text.length; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
  return hash;
}
