import { cut, readThrown, toJson } from '../failure/thrown.js';

/** A value as JSON can hold it: what can't be written is replaced by a note that says why. Never throws. */
export function writable(value: unknown): unknown {
  try {
    const text = toJson(value);
    return text === undefined ? `(a ${typeof value}, which JSON can't hold)` : (JSON.parse(text) as unknown);
  } catch (error) {
    const { message } = readThrown(error);
    const what = message.startsWith('Converting circular') ? 'a circular structure' : cut(message, 500);
    return `(JSON can't hold it: ${what})`;
  }
}
