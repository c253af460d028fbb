import type { Rule } from '../dto/dto-property.js';

/** A JSON Schema, as an object; one without keys takes everything. */
export type JsonSchema = Readonly<Record<string, unknown>>;

type Write = (constraints: readonly unknown[]) => JsonSchema | undefined;

const number = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;

const bound =
  (type: string, key: string): Write =>
  ([limit]) => {
    const value = number(limit);
    return value === undefined ? undefined : { type, [key]: value };
  };

/** class-validator counts a variation selector and what it varies as one character, JSON Schema as two. */
const atMost = (max: number): JsonSchema => ({
  anyOf: [{ maxLength: max }, { pattern: '[\\uFE0E\\uFE0F]' }],
});

function length([min, max]: readonly unknown[]): JsonSchema | undefined {
  const [least, most] = [number(min), number(max)];
  return allOf([
    { type: 'string', ...(least !== undefined && least > 0 && { minLength: Math.ceil(least) }) },
    ...(most === undefined || most < 0 ? [] : [atMost(Math.floor(most))]),
  ]);
}

/** Of a list of values, those that JSON can hold. */
function oneOf(values: readonly unknown[]): JsonSchema {
  const held = values.filter(
    (value) => value === null || ['string', 'boolean'].includes(typeof value) || number(value) !== undefined,
  );
  return held.length > 0 ? { enum: [...new Set(held)] } : { not: {} };
}

/**
 * A pattern as JSON Schema has it, by code points. One that does not go by them is told where it means the same: without
 * a wildcard, a class of all but some, or a look-around.
 */
function pattern([expression]: readonly unknown[]): JsonSchema | undefined {
  if (!(expression instanceof RegExp)) return undefined;
  const { source, flags } = expression;
  const plain =
    flags.replaceAll(/[gd]/g, '') === '' &&
    !/(?:^|[^\\])\.|\[\^|\\[DWSBpPk\d]|\(\?[=!<]|[^\u0020-\u007e]|\\[ux]/.test(source);
  if (flags !== 'u' && !plain) return undefined;
  try {
    return RegExp(source, 'u') && { type: 'string', pattern: source };
  } catch {
    return undefined;
  }
}

const isEnum: Write = ([members]) =>
  typeof members === 'object' && members !== null ? oneOf(Object.values(members)) : undefined;

/** What is known of the rules of class-validator: never less than they take. */
const RULES: Readonly<Record<string, Write>> = {
  isString: () => ({ type: 'string' }),
  isNumber: () => ({ type: 'number' }),
  isInt: () => ({ type: 'integer' }),
  isBoolean: () => ({ type: 'boolean' }),
  isArray: () => ({ type: 'array' }),
  isObject: () => ({ type: 'object' }),
  isDefined: () => ({}),
  isNotEmpty: () => ({ minLength: 1 }),
  min: bound('number', 'minimum'),
  max: bound('number', 'maximum'),
  isPositive: () => ({ type: 'number', exclusiveMinimum: 0 }),
  isNegative: () => ({ type: 'number', exclusiveMaximum: 0 }),
  minLength: ([min]) => length([min]),
  maxLength: ([max]) => length([0, max]),
  isLength: length,
  matches: pattern,
  isIn: ([values]) => (Array.isArray(values) ? oneOf(values) : undefined),
  isEnum,
  equals: ([value]) => oneOf([value]),
  arrayNotEmpty: () => ({ type: 'array', minItems: 1 }),
  arrayMinSize: bound('array', 'minItems'),
  arrayMaxSize: bound('array', 'maxItems'),
};

/** Rules that only a text keeps, whatever else they ask of it. */
const OF_TEXTS = new Set(
  `contains isAlpha isAlphanumeric isAscii isBIC isBase32 isBase58 isBase64 isBooleanString isBtcAddress isByteLength
  isCreditCard isCurrency isDataURI isDateString isDecimal isEAN isEmail isEthereumAddress isFqdn IsFirebasePushId
  isFullWidth isHSL isHalfWidth isHash isHexColor isHexadecimal isIBAN isIp isIsbn isIsin isISO31661Alpha2
  isISO31661Alpha3 isIso8601 isISRC isISSN isIdentityCard isJson isJwt isLatLong isLocale isLowercase isMacAddress
  isMagnetURI isMilitaryTime isMimeType isMobilePhone isMongoId isMultibyte isNumberString isOctal isPassportNumber
  isPhoneNumber isPort isPostalCode isRFC3339 isRgbColor isSemVer isStrongPassword isSurrogatePair isTimeZone isUuid
  isUppercase isUrl isVariableWidth notContains`.split(/\s+/),
);

/** Rules that are told wholly by their schema. */
const WHOLLY = new Set(Object.keys(RULES));

/** What JSON Schema can tell of a rule; what it can't is named in its `$comment`. */
export function ruleSchema({ name, constraints }: Rule): JsonSchema {
  const written = Object.hasOwn(RULES, name) ? RULES[name]?.(constraints) : undefined;
  if (written && WHOLLY.has(name)) return written;
  return withComment(OF_TEXTS.has(name) || name === 'matches' ? { type: 'string' } : {}, [name]);
}

const COMMENT = 'not told here: ';

/** Marks what is left open. */
export function withComment(schema: JsonSchema, open: readonly string[]): JsonSchema {
  const { $comment: before } = schema;
  const said = typeof before === 'string' && before.startsWith(COMMENT) ? [before.slice(COMMENT.length)] : [];
  return { ...schema, $comment: `${COMMENT}${[...said, ...open].join(', ')}` };
}

/** All of them at once, as one object where their keys do not clash. */
export function allOf(schemas: readonly JsonSchema[]): JsonSchema {
  let merged: JsonSchema = {};
  const rest: JsonSchema[] = [];
  for (const { $comment, ...schema } of schemas) {
    if (typeof $comment === 'string' && $comment.startsWith(COMMENT))
      merged = withComment(merged, [$comment.slice(COMMENT.length)]);
    const both = join(merged, schema);
    if (both) merged = both;
    else rest.push(schema);
  }
  return rest.length > 0 ? { ...merged, allOf: rest } : merged;
}

function join(a: JsonSchema, b: JsonSchema): JsonSchema | undefined {
  const both: Record<string, unknown> = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const other = both[key] as string | undefined;
    if (other === undefined || other === value) both[key] = value;
    else if (key === 'type' && NARROWER.get(other) === value) continue;
    else if (key === 'type' && NARROWER.get(String(value)) === other) both[key] = value;
    else if (/^(min|exclusiveMin)/.test(key)) both[key] = Math.max(Number(other), Number(value));
    else if (/^(max|exclusiveMax)/.test(key)) both[key] = Math.min(Number(other), Number(value));
    else return undefined;
  }
  return both;
}

const NARROWER = new Map([['integer', 'number']]);
