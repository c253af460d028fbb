import { types } from 'node:util';
import { isBuiltIn } from '../class.js';

/** What a value is held to. */
export interface Kind {
  /** Names the violation. */
  readonly rule: string;
  /** What a value must be, as in `a string`. */
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
/** JSON may spell a number that is too great for one, such as 1e999; it is parsed as Infinity. */
const NUMBER = kind('isNumber', 'a number', Number.isFinite);
const BOOLEAN = kind('isBoolean', 'a boolean', (value) => typeof value === 'boolean');
export const ARRAY = kind('isArray', 'an array', Array.isArray);
export const OBJECT = kind('isObject', 'an object', isObject);

/** True for an object of JSON: an array is none. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a bare value is held to. */
export const SCALAR_KINDS = { string: STRING, number: NUMBER, boolean: BOOLEAN };

/** The types that JSON has values of. */
const IN_JSON = new Map<unknown, Kind>([
  [String, STRING],
  [Number, NUMBER],
  [Boolean, BOOLEAN],
  [Array, ARRAY],
]);

/** Types that are no class to be an instance of, or whose instances another realm may have made. */
const OTHERS = new Map<unknown, Kind>([
  [Date, kind('isDate', 'a date', (value) => types.isDate(value) && !Number.isNaN(value.getTime()))],
  [Set, kind('isSet', 'a Set', types.isSet)],
  [Map, kind('isMap', 'a Map', types.isMap)],
  [BigInt, kind('isBigInt', 'a bigint', (value) => typeof value === 'bigint')],
  [Symbol, kind('isSymbol', 'a symbol', (value) => typeof value === 'symbol')],
  [Function, kind('isFunction', 'a function', (value) => typeof value === 'function')],
]);

/** What a rule with `each: true` is asked of the parts of; of anything else it would be asked as a whole. */
export const COLLECTION = kind(
  'isArray',
  'an array',
  (value) => Array.isArray(value) || types.isSet(value) || types.isMap(value),
);

/**
 * What a value of a declared type is held to.
 * @param type what the compiler wrote for it. `Object`, nothing, and what is no class (swc writes an imported enum
 * itself) say nothing: undefined.
 */
export function kindOf(type: unknown): Kind | undefined {
  if (type === Object || typeof type !== 'function') return undefined;
  const known = IN_JSON.get(type) ?? OTHERS.get(type);
  if (known) return known;
  const { name } = type;
  const isInstance = (value: unknown): boolean => value instanceof type;
  return isBuiltIn(type) ? kind(`is${name}`, `a ${name}`, isInstance) : { ...OBJECT, holds: isInstance };
}

/** Whether a value of this type can stand in JSON as it is. */
export const isInJson = (type: unknown): boolean => kindOf(type) === undefined || IN_JSON.has(type);

/** How JSON becomes a value of a type that `@Type` names; `holds` says of which JSON. */
export interface Conversion extends Kind {
  make(value: unknown): unknown;
}

const NUMBER_TEXT = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const DATE_TEXT = /^((\d{4}|[+-]\d{6})-\d\d-(\d\d))(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/;
/** The longest way from the epoch that a Date can hold (ECMAScript, "Time Values and Time Range"). */
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

/** For the types that `@Type` converts to; undefined for a class, which is made of an object, and for all else. */
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

/** Types that hold what they are given as it comes, in a container or not. */
const OPEN = new Set<unknown>([undefined, Object, Array, Set, Map]);

/** Whether `@Type` of this says nothing about the parts, as `@Type(() => Set)`. */
export const isOpen = (type: unknown): boolean => OPEN.has(type);
