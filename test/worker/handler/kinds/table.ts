import { Type } from 'class-transformer';
import {
  Allow,
  IsArray,
  IsBoolean,
  IsDate,
  IsNumber,
  IsOptional,
  IsString,
  ValidateNested,
} from 'class-validator';
import { byKind, Circle, Item, Shape } from './field.js';

/** Values for a key, each by a name; `absent` has no key. */
export const VALUES: Readonly<Record<string, string>> = {
  absent: '',
  null: 'null',
  text: '"a"',
  empty: '""',
  'number text': '"12"',
  'date text': '"2026-01-02"',
  number: '7',
  'too great': '1e999',
  boolean: 'true',
  object: '{}',
  item: '{"name":"tea"}',
  circle: '{"kind":"circle","radius":1}',
  'object of text': '{"k":"a"}',
  'object of number text': '{"k":"12"}',
  'object of number': '{"k":7}',
  'object of null': '{"k":null}',
  'object of item': '{"k":{"name":"tea"}}',
  'object of circle': '{"k":{"kind":"circle","radius":1}}',
  array: '[]',
  'array of null': '[null]',
  'array of text': '["a"]',
  'array of number text': '["12"]',
  'array of date text': '["2026-01-02"]',
  'array of number': '[7]',
  'array of too great': '[1e999]',
  'array of boolean': '[true]',
  'array of object': '[{}]',
  'array of item': '[{"name":"tea"}]',
  'array of circle': '[{"kind":"circle","radius":1}]',
  'array of array': '[[]]',
};

/** The accepted values, each with the value that arrives; others are refused. `'start'`: the declaration is refused. */
type Taken = 'start' | Readonly<Record<string, unknown>>;

interface Declaration {
  readonly name: string;
  readonly declared: unknown;
  readonly decorators: readonly PropertyDecorator[];
  readonly taken: Taken;
}

const TEXTS = { text: 'a', empty: '', 'number text': '12', 'date text': '2026-01-02' };
const NUMBERS = { number: 7 };
const NUMBERS_OR_TEXT = { number: 7, 'number text': 12 };
const DAY = { Date: '2026-01-02T00:00:00.000Z' };
const DATES = { 'date text': DAY, number: { Date: '1970-01-01T00:00:00.007Z' } };
const TEA = { Item: { name: 'tea' } };
const ROUND = { Circle: { radius: 1 } };
const TEXT_LISTS = {
  array: [],
  'array of text': ['a'],
  'array of number text': ['12'],
  'array of date text': ['2026-01-02'],
};
const ANY_LISTS = {
  ...TEXT_LISTS,
  'array of null': [null],
  'array of number': [7],
  'array of boolean': [true],
  'array of object': [{}],
  'array of item': [{ name: 'tea' }],
  'array of circle': [{ kind: 'circle', radius: 1 }],
  'array of array': [[]],
};
const set = (...items: unknown[]): object => ({ Set: items });
const map = (...values: unknown[]): object => ({ Map: values.map((value) => ['k', value]) });
const TEXT_SETS = {
  array: set(),
  'array of text': set('a'),
  'array of number text': set('12'),
  'array of date text': set('2026-01-02'),
};

const each = { each: true };

/** Written by hand, as a person who reads the declaration expects it. */
const required: Declaration[] = [
  { name: 'string', declared: String, decorators: [IsString()], taken: TEXTS },
  { name: 'string, @Type', declared: String, decorators: [IsString(), Type(() => String)], taken: TEXTS },
  { name: 'number', declared: Number, decorators: [IsNumber()], taken: NUMBERS },
  {
    name: 'number, @Type',
    declared: Number,
    decorators: [IsNumber(), Type(() => Number)],
    taken: NUMBERS_OR_TEXT,
  },
  { name: 'boolean', declared: Boolean, decorators: [IsBoolean()], taken: { boolean: true } },
  {
    name: 'boolean, @Type',
    declared: Boolean,
    decorators: [IsBoolean(), Type(() => Boolean)],
    taken: { boolean: true },
  },
  { name: 'Date', declared: Date, decorators: [IsDate()], taken: 'start' },
  { name: 'Date, @Type', declared: Date, decorators: [IsDate(), Type(() => Date)], taken: DATES },
  { name: 'array', declared: Array, decorators: [IsArray()], taken: 'start' },
  { name: 'array, @IsArray, @Allow', declared: Array, decorators: [IsArray(), Allow()], taken: ANY_LISTS },
  { name: 'array, each', declared: Array, decorators: [IsString(each)], taken: TEXT_LISTS },
  {
    name: 'array, each, @Type',
    declared: Array,
    decorators: [IsNumber({}, each), Type(() => Number)],
    taken: { array: [], 'array of number': [7], 'array of number text': [12] },
  },
  {
    name: 'array of dates, @Type',
    declared: Array,
    decorators: [IsDate(each), Type(() => Date)],
    taken: {
      array: [],
      'array of date text': [DAY],
      'array of number': [{ Date: '1970-01-01T00:00:00.007Z' }],
    },
  },
  { name: 'Set', declared: Set, decorators: [IsString(each)], taken: 'start' },
  {
    name: 'Set, each, @Type',
    declared: Set,
    decorators: [IsString(each), Type(() => String)],
    taken: TEXT_SETS,
  },
  { name: 'Map', declared: Map, decorators: [IsString(each)], taken: 'start' },
  {
    name: 'Map, each, @Type',
    declared: Map,
    decorators: [IsString(each), Type(() => String)],
    taken: {
      object: map(),
      item: { Map: [['name', 'tea']] },
      'object of text': map('a'),
      'object of number text': map('12'),
    },
  },
  { name: 'nested', declared: Item, decorators: [ValidateNested()], taken: 'start' },
  {
    name: 'nested, @Type',
    declared: Item,
    decorators: [ValidateNested(), Type(() => Item)],
    taken: { item: TEA },
  },
  { name: 'a class without @ValidateNested', declared: Item, decorators: [Allow()], taken: 'start' },
  {
    name: 'array of nested, each, @Type',
    declared: Array,
    decorators: [ValidateNested(each), Type(() => Item)],
    taken: { array: [], 'array of item': [TEA] },
  },
  {
    name: 'Set of nested, each, @Type',
    declared: Set,
    decorators: [ValidateNested(each), Type(() => Item)],
    taken: { array: set(), 'array of item': set(TEA) },
  },
  {
    name: 'Map of nested, each, @Type',
    declared: Map,
    decorators: [ValidateNested(each), Type(() => Item)],
    taken: { object: map(), 'object of item': map(TEA) },
  },
  {
    name: 'subtype',
    declared: Shape,
    decorators: [ValidateNested(), byKind(Circle)],
    taken: { circle: ROUND },
  },
  {
    name: 'array of subtypes, each',
    declared: Array,
    decorators: [ValidateNested(each), byKind(Object)],
    taken: { array: [], 'array of circle': [ROUND] },
  },
  {
    name: 'union by discriminator',
    declared: Object,
    decorators: [ValidateNested(), byKind(Object)],
    taken: { circle: ROUND },
  },
  {
    name: 'union by discriminator, each',
    declared: Object,
    decorators: [ValidateNested(each), byKind(Object)],
    taken: { array: [], 'array of circle': [ROUND] },
  },
];

/** No rule at all, or no type from the compiler: whatever is known still holds. */
const bare: Declaration[] = [
  { name: 'string, @Allow', declared: String, decorators: [Allow()], taken: { ...TEXTS, absent: 'absent' } },
  {
    name: 'number, @Allow',
    declared: Number,
    decorators: [Allow()],
    taken: { ...NUMBERS, absent: 'absent' },
  },
  {
    name: 'boolean, @Allow',
    declared: Boolean,
    decorators: [Allow()],
    taken: { boolean: true, absent: 'absent' },
  },
  {
    name: 'Date, @Type, @Allow',
    declared: Date,
    decorators: [Allow(), Type(() => Date)],
    taken: { ...DATES, absent: 'absent' },
  },
  {
    name: 'array, @Allow',
    declared: Array,
    decorators: [Allow()],
    taken: { ...ANY_LISTS, absent: 'absent' },
  },
  { name: 'no metadata: string', declared: undefined, decorators: [IsString()], taken: TEXTS },
  { name: 'no metadata: each', declared: undefined, decorators: [IsString(each)], taken: TEXT_LISTS },
  {
    name: 'no metadata: @Type number',
    declared: undefined,
    decorators: [IsNumber(), Type(() => Number)],
    taken: NUMBERS_OR_TEXT,
  },
  {
    name: 'no metadata: @Type date',
    declared: undefined,
    decorators: [IsDate(), Type(() => Date)],
    taken: DATES,
  },
  {
    name: 'no metadata: nested',
    declared: undefined,
    decorators: [ValidateNested(), Type(() => Item)],
    taken: { item: TEA },
  },
  {
    name: 'no metadata: array of nested',
    declared: undefined,
    decorators: [ValidateNested(each), Type(() => Item)],
    taken: { array: [], 'array of item': [TEA] },
  },
];

const optional = ({ name, declared, decorators, taken }: Declaration): Declaration => ({
  name: `optional ${name}`,
  declared,
  decorators: [IsOptional(), ...decorators],
  taken: taken === 'start' ? 'start' : { ...taken, absent: 'absent', null: null },
});

export const DECLARATIONS = [...required, ...bare, ...required.map(optional)];
