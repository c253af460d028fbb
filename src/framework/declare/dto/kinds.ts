import { types } from 'node:util';
import { isBuiltIn } from '../class.js';

/** The JSON or JavaScript type that a value must have. */
export interface Kind {
  /** The rule that a violation names. */
  readonly rule: string;
  /** Its name in a message, as in `a string`. */
  readonly expected: string;
  holds(value: unknown): boolean;
}

const kind = (rule: string, expected: string, holds: (value: unknown) => boolean): Kind => ({
  rule,
  expected,
  holds,
});

const isText = (value: unknown): value is string => typeof value === 'string';
const STRING = kind('isString', 'a string', isText);
/** A number in JSON may be too great, such as 1e999, which is parsed as Infinity. */
const NUMBER = kind('isNumber', 'a number', Number.isFinite);
const BOOLEAN = kind('isBoolean', 'a boolean', (value) => typeof value === 'boolean');
export const ARRAY = kind('isArray', 'an array', Array.isArray);
export const OBJECT = kind('isObject', 'an object', isObject);

/** True for an object of JSON: an array is none. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The kinds of a bare value. */
export const SCALAR_KINDS = { string: STRING, number: NUMBER, boolean: BOOLEAN };

/** Types that JSON has values of. */
const IN_JSON = new Map<unknown, Kind>([
  [String, STRING],
  [Number, NUMBER],
  [Boolean, BOOLEAN],
  [Array, ARRAY],
]);

/** Types that `instanceof` can't check: they are no class, or another realm may have made the value. */
const OTHERS = new Map<unknown, Kind>([
  [Date, kind('isDate', 'a date', (value) => types.isDate(value) && !Number.isNaN(value.getTime()))],
  [Set, kind('isSet', 'a Set', types.isSet)],
  [Map, kind('isMap', 'a Map', types.isMap)],
  [BigInt, kind('isBigInt', 'a bigint', (value) => typeof value === 'bigint')],
  [Symbol, kind('isSymbol', 'a symbol', (value) => typeof value === 'symbol')],
  [Function, kind('isFunction', 'a function', (value) => typeof value === 'function')],
]);

/** The values whose parts a rule with `each: true` checks. Any other value would be checked as a whole. */
export const COLLECTION = kind(
  'isArray',
  'an array',
  (value) => Array.isArray(value) || types.isSet(value) || types.isMap(value),
);

/**
 * Returns the kind of a declared type. Undefined for `Object`, for nothing, and for a value that is no class (for an
 * imported enum swc emits the enum itself).
 * @param type the type that the compiler emitted.
 */
export function kindOf(type: unknown): Kind | undefined {
  if (type === Object || typeof type !== 'function') return undefined;
  const known = IN_JSON.get(type) ?? OTHERS.get(type);
  if (known) return known;
  const { name } = type;
  const isInstance = (value: unknown): boolean => value instanceof type;
  return isBuiltIn(type) ? kind(`is${name}`, `a ${name}`, isInstance) : { ...OBJECT, holds: isInstance };
}

/** True where JSON has values of this type, or nothing is known of it. */
export const isInJson = (type: unknown): boolean => kindOf(type) === undefined || IN_JSON.has(type);

/** Makes a value of the type that `@Type` names out of JSON. Its `holds` is true for the JSON that it takes. */
export interface Conversion extends Kind {
  make(value: unknown): unknown;
}

const NUMBER_TEXT = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const DATE_TEXT = /^((\d{4}|[+-]\d{6})-\d\d-(\d\d))(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/;
/** The most milliseconds from the epoch that a Date can hold (ECMAScript, "Time Values and Time Range"). */
const MOST_MILLISECONDS = 8.64e15;

const CONVERSIONS = new Map<unknown, Conversion>([
  [String, { ...STRING, make: (value) => value }],
  [Boolean, { ...BOOLEAN, make: (value) => value }],
  [
    Number,
    {
      ...kind('isNumber', 'a number, or a text that is one in JSON', isNumberOrText),
      make: Number,
    },
  ],
  [
    Date,
    {
      ...kind('isDate', 'an ISO date, a date-time with its offset, or whole milliseconds', isDateOrText),
      make: (value) => new Date(value as string | number),
    },
  ],
]);

/**
 * Returns the conversion to a type that `@Type` names; undefined for a class, which is made of an object, and all else.
 */
export const conversionTo = (type: unknown): Conversion | undefined => CONVERSIONS.get(type);

function isNumberOrText(value: unknown): boolean {
  if (!isText(value)) return NUMBER.holds(value);
  return NUMBER_TEXT.test(value) && Number.isFinite(Number(value));
}

function isDateOrText(value: unknown): boolean {
  if (!isText(value)) return Number.isInteger(value) && Math.abs(Number(value)) <= MOST_MILLISECONDS;
  const [, day, year, dayOfMonth] = DATE_TEXT.exec(value) ?? [];
  if (day === undefined || Number.isNaN(Date.parse(value))) return false;
  // Date.parse takes February 30th for March 2nd, and the year -000000 for 2001.
  const read = new Date(day);
  return read.getUTCFullYear() === Number(year) && read.getUTCDate() === Number(dayOfMonth);
}

/** Types that leave the values that they hold open. */
const OPEN = new Set<unknown>([undefined, Object, Array, Set, Map]);

/** True where `@Type` of this type leaves the parts open, as `@Type(() => Set)` does. */
export const isOpen = (type: unknown): boolean => OPEN.has(type);
