const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;
const KEY_LIMIT = 80;

/** Where a value lies in another, as a chain that costs nothing until somebody asks for the path. */
export interface Place {
  /** Undefined: in the value as a whole. */
  readonly within: Place | undefined;
  /** A number is an index, a text a key. */
  readonly step: string | number;
}

/** As in `items[2].price` or `a["odd key"]`; empty for the value as a whole. */
export function pathOf(place: Place | undefined): string {
  if (!place) return '';
  const before = pathOf(place.within);
  const { step } = place;
  if (typeof step === 'number') return `${before}[${step}]`;
  const shown = step.length > KEY_LIMIT ? `${step.slice(0, KEY_LIMIT)}…` : step;
  if (!IDENTIFIER.test(shown)) return `${before}[${JSON.stringify(shown)}]`;
  return before === '' ? shown : `${before}.${shown}`;
}

/**
 * Changes the parts of a value: the elements of an array or a set, the values of a map, or else the value itself. The
 * one place that knows how a DTO's property holds its objects.
 */
export function mapParts(
  value: unknown,
  place: Place | undefined,
  change: (part: unknown, place: Place | undefined) => unknown,
): unknown {
  const element = (part: unknown, index: number): unknown => change(part, { within: place, step: index });
  if (Array.isArray(value)) return value.map(element);
  if (value instanceof Set) return new Set([...value].map(element));
  if (!(value instanceof Map)) return change(value, place);
  return new Map([...value].map(([key, part]) => [key, change(part, { within: place, step: String(key) })]));
}
