import type { Kind } from '../../../declare/dto/kinds.js';
import type { Violation } from '../outcome/refusal.js';

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;
const KEY_LIMIT = 80;

/** The path of a value inside another, as a chain: only what is refused needs its text. */
export interface ValuePath {
  /** The path of what holds it; undefined for the value as a whole. */
  readonly within: ValuePath | undefined;
  /** An index is a number, a key a string. */
  readonly step: string | number;
}

/** Returns a path as text: `items[2].price`, `a["odd key"]`, or an empty text for the value as a whole. */
export function showPath(path: ValuePath | undefined): string {
  if (!path) return '';
  const before = showPath(path.within);
  const { step } = path;
  if (typeof step === 'number') return `${before}[${step}]`;
  const shown = step.length > KEY_LIMIT ? `${step.slice(0, KEY_LIMIT)}…` : step;
  if (!IDENTIFIER.test(shown)) return `${before}[${JSON.stringify(shown)}]`;
  return before === '' ? shown : `${before}.${shown}`;
}

/** A violation whose message begins with the path, as in `items[2].price must be a number`. */
export function violationAt(path: ValuePath | undefined, rule: string, fault: string): Violation {
  const shown = showPath(path);
  return { path: shown, rule, message: `${shown === '' ? 'the value' : shown} ${fault}` };
}

/** The violation of a value that is not of the kind that it must be. */
export const kindViolation = (path: ValuePath | undefined, { rule, expected }: Kind): Violation =>
  violationAt(path, rule, `must be ${expected}`);

/**
 * Changes the parts of a value: the elements of an array or a set, the values of a map, or else the value itself.
 * Only this function knows how a DTO's property holds its objects.
 */
export function mapParts(
  value: unknown,
  path: ValuePath | undefined,
  change: (part: unknown, path: ValuePath | undefined) => unknown,
): unknown {
  const element = (part: unknown, index: number): unknown => change(part, { within: path, step: index });
  if (Array.isArray(value)) return value.map(element);
  if (value instanceof Set) return new Set([...value].map(element));
  if (!(value instanceof Map)) return change(value, path);
  return new Map([...value].map(([key, part]) => [key, change(part, { within: path, step: String(key) })]));
}
