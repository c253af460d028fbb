import { parseJson, type Json } from '../../values/json.js';
import { eachName } from '../../values/json-scan.js';

/**
 * Parses JSON like the function `$parse` of the live service. Returns undefined if the text isn't JSON, if an object in
 * it has the same key twice, or if a number in it is too large for a JavaScript number.
 */
export function parseStrictly(text: string): Json | undefined {
  const value = parseJson(text);
  return value === undefined || hasRepeatedKey(text) || !isFinite(value) ? undefined : value;
}

/** Returns true if an object in a JSON text has the same key twice. */
function hasRepeatedKey(text: string): boolean {
  const paths = new Set<string>();
  let names = 0;
  eachName(text, (keys) => {
    paths.add(JSON.stringify(keys));
    names++;
  });
  return paths.size < names;
}

function isFinite(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return typeof value !== 'number' || Number.isFinite(value);
  return Object.values(value).every(isFinite);
}
