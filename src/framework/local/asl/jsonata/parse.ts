import { parseJson, type Json } from '../values/json.js';

const TOKEN = /\s*("(?:[^"\\]|\\.)*"|[^\s"])/y;

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
  const open: Set<string>[] = [];
  let last = '';
  const token = new RegExp(TOKEN);
  for (let found = token.exec(text); found; found = token.exec(text)) {
    const [, each = ''] = found;
    if (each === '{' || each === '[') open.push(new Set());
    else if (each === '}' || each === ']') open.pop();
    else if (each === ':') {
      const keys = open.at(-1);
      if (keys?.has(last)) return true;
      keys?.add(last);
    } else if (each.startsWith('"'))
      last = each.includes('\\') ? (JSON.parse(each) as string) : each.slice(1, -1);
  }
  return false;
}

function isFinite(value: Json): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  return Object.values(value).every(isFinite);
}
