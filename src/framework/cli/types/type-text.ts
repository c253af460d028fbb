import { isPlainObject } from '../../base/json.js';
import { DATE_TEXT, definitionName, type JsonSchema, NUMBER_TEXT } from '../../declare/schema/dto-schema.js';
import { openRules, VARIATION, VARIATION_LENGTH } from '../../declare/schema/schema-rules.js';

/** The TypeScript types for the types of JSON Schema that need no further keywords. */
const NAMES: Readonly<Record<string, string>> = {
  string: 'string',
  number: 'number',
  integer: 'number',
  boolean: 'boolean',
  null: 'null',
};

/** The keywords that a TypeScript type can't express. They are written as tags of a comment. */
const TAGS = [
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'pattern',
  'format',
  'minItems',
  'maxItems',
  'uniqueItems',
];

/** Returns the TypeScript type of the values that a schema accepts; `unknown` if it accepts any value. */
export function typeText(schema: JsonSchema): string {
  const all = new Set(partsOf(schema));
  all.delete('unknown');
  if (all.size === 0) return 'unknown';
  // Named types are easier to read before the members of an object.
  const parts = [...all].toSorted((a, b) => Number(a.startsWith('{')) - Number(b.startsWith('{')));
  return parts.length === 1 ? parts.join('') : parts.map(grouped).join(' & ');
}

function* partsOf(schema: JsonSchema): Generator<string> {
  const { $ref, allOf, anyOf, type } = schema;
  if (typeof $ref === 'string') yield typeName(definitionName($ref));
  if (Array.isArray(allOf)) for (const each of allOf as JsonSchema[]) yield* partsOf(each);
  if (Array.isArray(anyOf)) yield union((anyOf as JsonSchema[]).map(typeText));
  const values = Array.isArray(schema['enum']) ? schema['enum'] : 'const' in schema ? [schema['const']] : [];
  if (values.length > 0) yield union(values.map((value) => JSON.stringify(value)));
  else if (type === 'array') yield listText(schema);
  else if (isPlainObject(schema['properties']) || type === 'object') yield objectText(schema);
  else if (typeof type === 'string') yield NAMES[type] ?? 'unknown';
}

function union(texts: readonly string[]): string {
  if (texts.includes('unknown')) return 'unknown';
  return [...new Set(texts)].map((text) => (text.includes(' & ') ? `(${text})` : text)).join(' | ');
}

const grouped = (text: string): string => (text.includes(' | ') ? `(${text})` : text);

function listText({ items }: JsonSchema): string {
  const text = isPlainObject(items) ? typeText(items) : 'unknown';
  return / [|&] |^readonly /.test(text) ? `readonly (${text})[]` : `readonly ${text}[]`;
}

function objectText(schema: JsonSchema): string {
  const { properties, additionalProperties } = schema;
  if (isPlainObject(properties) && Object.keys(properties).length > 0)
    return `{\n${indent(membersText(schema))}\n}`;
  const values = isPlainObject(additionalProperties) ? typeText(additionalProperties) : 'unknown';
  return `Readonly<Record<string, ${values}>>`;
}

/** Returns the members of an object's type, one a line. */
export function membersText({ properties, required }: JsonSchema): string {
  const entries = isPlainObject(properties) ? Object.entries(properties) : [];
  const needed: unknown[] = Array.isArray(required) ? required : [];
  return entries
    .map(([key, value]) => {
      const schema = isPlainObject(value) ? value : {};
      const optional = needed.includes(key) ? '' : '?';
      return `${comment(rulesOf(schema))}readonly ${keyText(key)}${optional}: ${typeText(schema)};`;
    })
    .join('\n');
}

/** Alternatives that say nothing of the rules of a value. */
const isAside = ({ type, pattern }: JsonSchema): boolean =>
  type === 'null' || pattern === NUMBER_TEXT || pattern === VARIATION;

/** The descriptions of values that handlers convert, by the pattern of their texts. */
const CONVERTED = new Map<unknown, string>([
  [NUMBER_TEXT, 'a number, or a text that is one in JSON'],
  [DATE_TEXT, 'a date, a date-time with an offset, or whole milliseconds'],
]);

/**
 * Returns a line for each rule of a schema that the type doesn't express. Of a rule that JSON Schema doesn't express
 * either, it is the name.
 * @param of the part of the value that the rules are about, such as `items.`
 */
function rulesOf(schema: JsonSchema, of = ''): string[] {
  const own = TAGS.filter((key) => Object.hasOwn(schema, key)).map(
    (key) => `@${of}${key} ${String(schema[key])}`,
  );
  const { type, allOf, anyOf, items, additionalProperties } = schema;
  const open = openRules(schema).filter((name) => name !== VARIATION_LENGTH);
  const all = Array.isArray(anyOf) ? (anyOf as JsonSchema[]) : [];
  const alternatives = all.filter((each) => !isAside(each));
  const types = [...(type === 'integer' ? [type] : []), ...all.map(({ pattern }) => CONVERTED.get(pattern))];
  const inner = [
    ...(Array.isArray(allOf) ? (allOf as JsonSchema[]) : []),
    ...(alternatives.length === 1 ? alternatives : []),
  ];
  return [
    ...types.filter((each) => each !== undefined).map((each) => `@${of}type ${each}`),
    ...own,
    ...open.map((name) => `@${of}rule ${name}`),
    ...inner.flatMap((each) => rulesOf(each, of)),
    ...(isPlainObject(items) ? rulesOf(items, `${of}items.`) : []),
    ...(isPlainObject(additionalProperties) ? rulesOf(additionalProperties, `${of}values.`) : []),
  ];
}

/** Returns a doc comment with a line for each text; an empty string if there is none. */
export function comment(lines: readonly string[]): string {
  if (lines.length === 0) return '';
  const safe = lines.map((line) => line.replaceAll('*/', '*\\/').replaceAll(/\s+/g, ' '));
  return safe.length === 1
    ? `/** ${safe[0]} */\n`
    : `/**\n${safe.map((line) => ` * ${line}\n`).join('')} */\n`;
}

export const indent = (text: string): string => text.replaceAll(/^(?=.)/gm, '  ');

const IDENTIFIER = /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u;

/** Returns the key of an object as TypeScript writes it. */
export const keyText = (key: string): string => (IDENTIFIER.test(key) ? key : JSON.stringify(key));

/** Returns the name of a type for a class of this name, which may contain any characters. */
export const typeName = (name: string): string => {
  const safe = name.replaceAll(/[^\p{ID_Continue}$]/gu, '_');
  return IDENTIFIER.test(safe) ? safe : `_${safe}`;
};
