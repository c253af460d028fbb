import { types } from 'node:util';
import { isBuiltIn } from '../class.js';

/** A JSON or JavaScript type that a value must have, and its check. */
export interface Kind {
  /** The name of the rule that a validation error shows if a value isn't of this type. */
  readonly rule: string;
  /** The type's name in messages, such as `a string`. */
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
/** The type of finite numbers. JSON can contain a number such as 1e999, which JavaScript parses as Infinity. */
const NUMBER = kind('isNumber', 'a number', Number.isFinite);
const BOOLEAN = kind('isBoolean', 'a boolean', (value) => typeof value === 'boolean');
export const ARRAY = kind('isArray', 'an array', Array.isArray);
export const OBJECT = kind('isObject', 'an object', isObject);

/** Returns true for a JSON object. Returns false for an array and for null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The types of an input that is neither an object nor an array. */
export const SCALAR_KINDS = { string: STRING, number: NUMBER, boolean: BOOLEAN };

/** The types whose values JSON can express. */
const IN_JSON = new Map<unknown, Kind>([
  [String, STRING],
  [Number, NUMBER],
  [Boolean, BOOLEAN],
  [Array, ARRAY],
]);

/**
 * The types for which `instanceof` is no sufficient check: primitives, and classes of which the value may come from
 * another realm (a `vm` context).
 */
const OTHERS = new Map<unknown, Kind>([
  [Date, kind('isDate', 'a date', (value) => types.isDate(value) && !Number.isNaN(value.getTime()))],
  [Set, kind('isSet', 'a Set', types.isSet)],
  [Map, kind('isMap', 'a Map', types.isMap)],
  [BigInt, kind('isBigInt', 'a bigint', (value) => typeof value === 'bigint')],
  [Symbol, kind('isSymbol', 'a symbol', (value) => typeof value === 'symbol')],
  [Function, kind('isFunction', 'a function', (value) => typeof value === 'function')],
]);

/**
 * The collections that a rule with `each: true` checks element by element. If a value is no such collection,
 * class-validator checks the value itself.
 */
export const COLLECTION = kind(
  'isArray',
  'an array',
  (value) => Array.isArray(value) || types.isSet(value) || types.isMap(value),
);

/**
 * Returns the check of a declared type. Returns undefined for a type that shows nothing about the value: `Object`,
 * undefined, or a value that isn't a class (for an imported enum, the compiler swc emits the enum itself).
 * @param type the type that the compiler emitted
 */
export function kindOf(type: unknown): Kind | undefined {
  if (type === Object || typeof type !== 'function') return undefined;
  const known = IN_JSON.get(type) ?? OTHERS.get(type);
  if (known) return known;
  const { name } = type;
  const isInstance = (value: unknown): boolean => value instanceof type;
  return isBuiltIn(type) ? kind(`is${name}`, `a ${name}`, isInstance) : { ...OBJECT, holds: isInstance };
}

/** Returns true if JSON can express values of this type, or if the type isn't known. */
export const isInJson = (type: unknown): boolean => kindOf(type) === undefined || IN_JSON.has(type);

/** Converts a JSON value to the type that `@Type` names. `holds` returns true for JSON values that can be converted. */
export interface Conversion extends Kind {
  make(value: unknown): unknown;
}

const NUMBER_TEXT = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const DATE_TEXT = /^((\d{4}|[+-]\d{6})-\d\d-(\d\d))(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/;
/**
 * The largest number of milliseconds, before or after the epoch, that a Date can represent (ECMAScript, "Time Values
 * and Time Range").
 */
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
 * Returns the conversion of JSON values to a built-in type, such as Date, that `@Type` names. Returns undefined for any
 * other type, such as a user's class, whose instances are made in another way.
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
  // Date.parse reads February 30th as March 2nd, and the year -000000 as 2001.
  const read = new Date(day);
  return read.getUTCFullYear() === Number(year) && read.getUTCDate() === Number(dayOfMonth);
}

/** The types that show nothing about a value or, for a collection, about its elements. */
const OPEN = new Set<unknown>([undefined, Object, Array, Set, Map]);

/**
 * Returns true if `@Type` with this type shows nothing about the values or the elements, such as `@Type(() => Set)`.
 */
export const isOpen = (type: unknown): boolean => OPEN.has(type);
