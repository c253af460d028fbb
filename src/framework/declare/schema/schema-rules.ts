import { type DtoRule, enumValues } from '../dto/dto-property.js';

/** A JSON Schema. If it has no keys, it accepts every value. */
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

/** The pattern of a text whose length class-validator and JSON Schema count differently. */
export const VARIATION = '[\\uFE0E\\uFE0F]';

/** The name of the difference in a `$comment`. */
export const VARIATION_LENGTH = 'the length of a text with variation selectors';

/**
 * Returns the schema of a maximum length in characters. class-validator doesn't count variation selectors, but JSON
 * Schema does. So that no valid text is rejected, the schema accepts any text that contains one.
 */
const atMost = (max: number): JsonSchema => ({
  anyOf: [{ maxLength: max }, { pattern: VARIATION }],
});

function length([min, max]: readonly unknown[]): JsonSchema | undefined {
  const [least, most] = [number(min), number(max)];
  const schema = allOf([
    { type: 'string', ...(least !== undefined && least > 0 && { minLength: Math.ceil(least) }) },
    ...(most === undefined || most < 0 ? [] : [atMost(Math.floor(most))]),
  ]);
  return withComment(schema, [VARIATION_LENGTH]);
}

/** Returns a schema that accepts the listed values, except those that JSON can't express. */
function oneOf(values: readonly unknown[]): JsonSchema {
  const held = values.filter(
    (value) => value === null || ['string', 'boolean'].includes(typeof value) || number(value) !== undefined,
  );
  return held.length > 0 ? { enum: [...new Set(held)] } : { not: {} };
}

/**
 * Returns the schema of a regular expression. JSON Schema matches by code points. Returns undefined if the expression
 * lacks the flag `u` and may match differently by code points (because of a wildcard, a negated class, or a
 * look-around).
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
  typeof members === 'object' && members !== null ? oneOf(enumValues(members)) : undefined;

/**
 * Functions that return the schemas of class-validator's rules, by the rules' names. No schema rejects a value that its
 * rule accepts.
 */
const RULES: Readonly<Record<string, Write>> = {
  isString: () => ({ type: 'string' }),
  isNumber: ([options]) =>
    typeof options === 'object' &&
    options !== null &&
    number(Reflect.get(options, 'maxDecimalPlaces')) !== undefined
      ? withComment({ type: 'number' }, ['maxDecimalPlaces'])
      : { type: 'number' },
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

/** Rules that only a string can satisfy. */
const OF_TEXTS = new Set(
  `contains isAlpha isAlphanumeric isAscii isBIC isBase32 isBase58 isBase64 isBooleanString isBtcAddress isByteLength
  isCreditCard isCurrency isDataURI isDateString isDecimal isEAN isEmail isEthereumAddress isFqdn IsFirebasePushId
  isFullWidth isHSL isHalfWidth isHash isHexColor isHexadecimal isIBAN isIp isIsbn isIsin isISO31661Alpha2
  isISO31661Alpha3 isIso8601 isISRC isISSN isIdentityCard isJson isJwt isLatLong isLocale isLowercase isMacAddress
  isMagnetURI isMilitaryTime isMimeType isMobilePhone isMongoId isMultibyte isNumberString isOctal isPassportNumber
  isPhoneNumber isPort isPostalCode isRFC3339 isRgbColor isSemVer isStrongPassword isSurrogatePair isTimeZone isUuid
  isUppercase isUrl isVariableWidth notContains`.split(/\s+/),
);

/** Returns the schema of a rule. If the schema can't express the whole rule, a `$comment` names the rule. */
export function ruleSchema({ name, constraints }: DtoRule): JsonSchema {
  const written = Object.hasOwn(RULES, name) ? RULES[name]?.(constraints) : undefined;
  if (written) return written;
  return withComment(OF_TEXTS.has(name) || name === 'matches' ? { type: 'string' } : {}, [name]);
}

const COMMENT = 'not checked here: ';

/** Returns a schema with a `$comment` that names the rules which the schema doesn't express. */
export function withComment(schema: JsonSchema, open: readonly string[]): JsonSchema {
  const all = new Set([...openRules(schema), ...open]);
  return all.size === 0 ? schema : { ...schema, $comment: `${COMMENT}${[...all].join(', ')}` };
}

/** Returns the names of the rules that a schema doesn't express. */
export const openRules = ({ $comment }: JsonSchema): string[] =>
  typeof $comment === 'string' && $comment.startsWith(COMMENT)
    ? $comment.slice(COMMENT.length).split(', ')
    : [];

/**
 * Returns a schema that accepts a value if all given schemas accept it. It is a single schema object, as far as their
 * keys don't conflict.
 */
export function allOf(schemas: readonly JsonSchema[]): JsonSchema {
  let merged: JsonSchema = {};
  const rest: JsonSchema[] = [];
  for (const each of schemas) {
    const { $comment: _, ...schema } = each;
    const open = openRules(each);
    if (open.length > 0) merged = withComment(merged, open);
    const both = join(merged, schema);
    if (both) merged = both;
    else rest.push(schema);
  }
  return rest.length > 0 ? { ...merged, allOf: rest } : merged;
}

/**
 * Returns one schema object that accepts a value if both schemas accept it; undefined if one schema object can't
 * express that.
 */
function join(a: JsonSchema, b: JsonSchema): JsonSchema | undefined {
  const both: Record<string, unknown> = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const joined = key in both ? joinValues(key, both[key], value) : value;
    if (joined === undefined) return undefined;
    both[key] = joined;
  }
  return both;
}

function joinValues(key: string, a: unknown, b: unknown): unknown {
  if (a === b) return a;
  if (key === 'type')
    return [a, b].every((type) => type === 'integer' || type === 'number') ? 'integer' : undefined;
  if (/^(min|exclusiveMin)/.test(key)) return Math.max(Number(a), Number(b));
  return /^(max|exclusiveMax)/.test(key) ? Math.min(Number(a), Number(b)) : undefined;
}
