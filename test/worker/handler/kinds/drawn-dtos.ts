import { Expose, Exclude, Transform, Type, type TransformFnParams } from 'class-transformer';
import {
  Allow,
  ArrayContains,
  ArrayMaxSize,
  ArrayMinSize,
  ArrayNotContains,
  ArrayNotEmpty,
  ArrayUnique,
  Contains,
  Equals,
  IsAlphanumeric,
  IsArray,
  IsBoolean,
  IsDate,
  IsDefined,
  IsDivisibleBy,
  IsEmpty,
  IsEnum,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsNotIn,
  IsNumber,
  IsNumberString,
  IsObject,
  IsOptional,
  IsPositive,
  IsString,
  Length,
  Matches,
  Max,
  MaxDate,
  MaxLength,
  Min,
  NotEquals,
  ValidateIf,
  ValidateNested,
  registerDecorator,
} from 'class-validator';
import type { Constructor } from '../../../../src/framework/declare/class.js';
import { mulberry32 } from '../../../support/random.js';
import { dtoOf, Item, Shape } from './field.js';

/** Draws that a seed decides. */
export interface Random {
  readonly below: (limit: number) => number;
  readonly pick: <T>(from: readonly T[]) => T;
}

export function randomOf(seed: number): Random {
  const next = mulberry32(seed);
  const below = (limit: number): number => Math.floor(next() * limit);
  return { below, pick: <T>(from: readonly T[]) => from[below(from.length)] as T };
}

/** A field of a drawn class. */
export interface Field {
  readonly declared: unknown;
  readonly decorators: readonly PropertyDecorator[];
  /** JSON values that suit the field. */
  readonly suits: readonly unknown[];
  /** Returns true for the values, other than null, that docs/handlers.md says the field's type takes. */
  readonly takes: (value: unknown) => boolean;
  /** The key in JSON. @default the field's name */
  readonly key?: string;
  /** The value that a new instance has. */
  readonly initial?: unknown;
}

const each = { each: true };
const isText = (value: unknown): boolean => typeof value === 'string';
const isNumber = (value: unknown): boolean => Number.isFinite(value);
const isNumeric = (value: unknown): boolean =>
  isNumber(value) || (isText(value) && /^-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?$/i.test(String(value)));
const isBoolean = (value: unknown): boolean => typeof value === 'boolean';
const isDated = (value: unknown): boolean =>
  Number.isInteger(value) || value === '2026-01-31' || value === '2026-01-31T12:00:00Z';
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const anything = (): boolean => true;
const listOf = (holds: Field['takes']) => (value: unknown) => Array.isArray(value) && value.every(holds);
const mapOf = (holds: Field['takes']) => (value: unknown) =>
  isObject(value) && Object.values(value).every(holds);
const isItem = (value: unknown): boolean => isObject(value) && isText(value['name']);

class Circle {
  @IsNumber() radius!: number;
}
class Square {
  @IsNumber() side!: number;
  @IsOptional() @IsString() kind?: string;
}
class Tagged {
  @IsIn(['tagged']) kind!: string;
}
const subTypes = [
  { name: 'circle', value: Circle },
  { name: 'square', value: Square },
  { name: 'tagged', value: Tagged },
];
/** A base class with rules: an unknown type would become it. */
class Named {
  @IsString() kind!: string;
}
class Star extends Named {
  @IsInt() points!: number;
}
const starOf = (kept: boolean) => ({
  discriminator: {
    property: 'kind',
    subTypes: [{ name: 'star', value: Star }, ...(kept ? [{ name: 'named', value: Named }] : [])],
  },
  keepDiscriminatorProperty: true,
});
/** A nested class that contains itself, and fields of several kinds. */
class Node {
  @IsString() @Length(0, 3) name!: string;
  @IsOptional() @ValidateNested() @Type(() => Node) next?: Node;
  @IsOptional() @IsInt(each) @Type(() => Number) counts?: number[];
  @Allow() any?: unknown;
}
const isNode = (value: unknown): boolean =>
  isObject(value) &&
  isText(value['name']) &&
  ['next', 'counts'].every((key) => {
    const part = value[key] ?? null;
    return part === null || (key === 'next' ? isNode(part) : listOf(isNumeric)(part));
  });
const isShape = (value: unknown): boolean =>
  isObject(value) &&
  ((value['kind'] === 'circle' && isNumber(value['radius'])) ||
    (value['kind'] === 'square' && isNumber(value['side'])) ||
    value['kind'] === 'tagged');

function Later(): PropertyDecorator {
  return (object, propertyName) =>
    registerDecorator({
      name: 'later',
      target: object.constructor,
      propertyName: String(propertyName),
      options: { message: '$property is late' },
      validator: { validate: async (value) => value !== 'late' },
    });
}

const TEXTS = ['a', 'ab', '', 'late', '12'];
const NUMBERS = [0, 7, -1, 1.5, 1e-7];
const DATES = ['2026-01-31', '2026-01-31T12:00:00Z', 7];
const ITEMS = [{ name: 'tea' }, { name: 'tea', more: 1 }, { name: 7 }, {}];
const SHAPES = [
  { kind: 'circle', radius: 1 },
  { kind: 'square', side: 2, radius: 3 },
  { kind: 'tagged' },
  { kind: 'star', radius: 1 },
  { radius: 1 },
  { kind: 'circle', radius: 'x' },
];
const NODES = [
  { name: 'a' },
  { name: 'abcd' },
  { name: 'a', next: { name: 'b', next: null, extra: 1 }, counts: [1, '2'] },
  { name: 'a', next: { name: 7 }, counts: [1.5] },
  { name: 'a', any: { deep: [{ constructor: 1 }] } },
  { name: 'a', next: { any: [null] } },
];

/** An object with an own key `__proto__`, as JSON can have. */
const WITH_PROTO = Object.fromEntries([
  ['b', 1],
  ['__proto__', { a: 1 }],
]);

const TEXT_RULES = [
  IsString(),
  IsNotEmpty(),
  Length(1, 2),
  MaxLength(1),
  Matches(/^a/),
  Contains('b'),
  Equals('ab'),
  NotEquals('a'),
  IsEnum({ A: 'a', B: 'ab' }),
  IsNumberString(),
  IsAlphanumeric(),
  Allow(),
  IsIn(['a', 'ab', null]),
  IsNotIn(['a']),
];
const NUMBER_RULES = [
  IsNumber(),
  IsInt(),
  Min(1),
  Max(1),
  IsPositive(),
  IsDivisibleBy(7),
  Equals(7),
  Allow(),
  IsIn([0, 7, null]),
];
const LIST_RULES = [
  ArrayMinSize(1),
  ArrayMaxSize(2),
  ArrayNotEmpty(),
  ArrayUnique(),
  ArrayContains(['a']),
  ArrayNotContains(['ab']),
  IsArray(),
];
const CONDITIONS = ['a', null, undefined].map((not) => ValidateIf((_, value) => value !== not));

type Draw = (random: Random) => Field;
const lists = (values: readonly unknown[]): unknown[] => [[], ...values.map((one) => [one]), [...values]];
const maps = (values: readonly unknown[]): unknown[] => [
  {},
  ...values.map((one) => ({ k: one })),
  { 'a b': values[0], constructor: values[1] },
];

/** The shapes of fields, each with a name. Those in START are refused when a worker starts. */
export const SHAPES_OF_FIELDS: Readonly<Record<string, Draw>> = {
  text: (random) => ({
    declared: String,
    suits: TEXTS,
    takes: isText,
    decorators: [random.pick(TEXT_RULES)],
  }),
  'text, @Type': (random) => ({
    declared: String,
    suits: TEXTS,
    takes: isText,
    decorators: [random.pick(TEXT_RULES), Type(() => String)],
  }),
  'text, two rules, one of them asynchronous': () => ({
    declared: String,
    suits: TEXTS,
    takes: isText,
    decorators: [IsString(), Later()],
  }),
  number: (random) => ({
    declared: Number,
    suits: NUMBERS,
    takes: isNumber,
    decorators: [random.pick(NUMBER_RULES)],
  }),
  'number, @Type': (random) => ({
    declared: Number,
    suits: [...NUMBERS, '7', '-0.5e2'],
    takes: isNumeric,
    decorators: [random.pick(NUMBER_RULES), Type(() => Number)],
  }),
  'number, decimal places': () => ({
    declared: Number,
    suits: [...NUMBERS, 0.25, 1e-9],
    takes: isNumber,
    decorators: [IsNumber({ maxDecimalPlaces: 8 })],
  }),
  boolean: (random) => ({
    declared: Boolean,
    suits: [true, false],
    takes: isBoolean,
    decorators: [random.pick([IsBoolean(), Allow(), IsIn([true])])],
  }),
  'boolean, @Type': () => ({
    declared: Boolean,
    suits: [true, false],
    takes: isBoolean,
    decorators: [IsBoolean(), Type(() => Boolean)],
  }),
  'date, @Type': (random) => ({
    declared: Date,
    suits: DATES,
    takes: isDated,
    decorators: [
      random.pick([IsDate(), MaxDate(new Date('2026-01-31T06:00:00Z')), Allow()]),
      Type(() => Date),
    ],
  }),
  'a union': (random) => ({
    declared: Object,
    suits: ['a', 1, true, null],
    takes: anything,
    decorators: [random.pick([IsIn(['a', 1, null]), Allow(), IsDefined()])],
  }),
  'a number or null, @Type': (random) => ({
    declared: Object,
    suits: [...NUMBERS, '7', null],
    takes: isNumeric,
    decorators: [random.pick([IsNumber(), Allow(), IsNotIn([1])]), Type(() => Number)],
  }),
  'a date or null, @Type': (random) => ({
    declared: Object,
    suits: [...DATES, null],
    takes: isDated,
    decorators: [random.pick([IsDate(), Allow(), IsDefined()]), Type(() => Date)],
  }),
  'a class or null': (random) => ({
    declared: Object,
    suits: [...ITEMS, null],
    takes: isItem,
    decorators: [ValidateNested(), Type(() => Item), ...random.pick([[], [Allow()], [IsDefined()]])],
  }),
  'a list or null': (random) => ({
    declared: Object,
    suits: [...lists(ITEMS), null],
    takes: listOf(isItem),
    decorators: [ValidateNested(each), Type(() => Item), ...random.pick([[], [Allow()], [IsDefined()]])],
  }),
  'texts or null': (random) => ({
    declared: Object,
    suits: [...lists(TEXTS), null, 'a'],
    takes: Array.isArray,
    decorators: [IsString(each), ...random.pick([[], [Allow()], [ArrayMinSize(1)]])],
  }),
  'a number in a list, without each': () => ({
    declared: Array,
    suits: lists([...NUMBERS, '7', 'x']),
    takes: listOf(isNumeric),
    decorators: [IsArray(), Type(() => Number)],
  }),
  'two @Transforms': () => ({
    declared: String,
    suits: ['a', 7],
    takes: anything,
    decorators: [
      Transform(({ value }) => `${String(value)}!`),
      Transform(({ value }) => `${String(value)}?`),
      IsString(),
    ],
  }),
  'an open object': () => ({
    declared: Object,
    suits: [
      {},
      { a: { b: [1, null] } },
      WITH_PROTO,
      { then: 1, toString: 2 },
      { a: { constructor: 1, prototype: 2 } },
    ],
    takes: anything,
    decorators: [IsObject()],
  }),
  'a list of anything': () => ({
    declared: Array,
    suits: lists([1, 'a', null, { a: 1 }, [[]]]),
    takes: Array.isArray,
    decorators: [IsArray(), Allow()],
  }),
  'a list of texts': (random) => ({
    declared: Array,
    suits: lists(TEXTS),
    takes: Array.isArray,
    decorators: [
      random.pick([IsString(each), Length(1, 2, each), IsIn(['a'], each)]),
      random.pick(LIST_RULES),
    ],
  }),
  'a list of numbers, @Type': () => ({
    declared: Array,
    suits: lists([...NUMBERS, '7']),
    takes: listOf(isNumeric),
    decorators: [IsNumber({}, each), Type(() => Number)],
  }),
  'a list of dates, @Type': () => ({
    declared: Array,
    suits: lists(DATES),
    takes: listOf(isDated),
    decorators: [IsDate(each), Type(() => Date)],
  }),
  'a Set of texts': () => ({
    declared: Set,
    suits: [...lists(TEXTS), ['a', 'a']],
    takes: listOf(isText),
    decorators: [IsString(each), Length(1, 2, each), Type(() => String)],
  }),
  'a Set of items': () => ({
    declared: Set,
    suits: lists(ITEMS),
    takes: listOf(isItem),
    decorators: [ValidateNested(each), Type(() => Item)],
  }),
  'a Map of numbers': () => ({
    declared: Map,
    suits: maps([...NUMBERS, '7']),
    takes: mapOf(isNumeric),
    decorators: [Min(0, each), Type(() => Number)],
  }),
  'a Map of items': () => ({
    declared: Map,
    suits: maps(ITEMS),
    takes: mapOf(isItem),
    decorators: [ValidateNested(each), Type(() => Item)],
  }),
  'a nested class': () => ({
    declared: Node,
    suits: NODES,
    takes: isNode,
    decorators: [ValidateNested(), Type(() => Node)],
  }),
  'a list of a class': (random) => ({
    declared: Array,
    suits: lists(NODES),
    takes: listOf(isNode),
    decorators: [ValidateNested(random.pick([each, {}])), Type(() => Node)],
  }),
  'lists in a list': () => ({
    declared: Array,
    suits: lists(lists(ITEMS)),
    takes: listOf(listOf(isItem)),
    decorators: [IsArray(each), ValidateNested(each), Type(() => Item)],
  }),
  'a class without rules': () => ({
    declared: Plain,
    suits: [{}, { x: 1, y: { z: 2 } }],
    takes: isObject,
    decorators: [Allow(), Type(() => Plain)],
  }),
  subtypes: (random) => ({
    declared: random.pick([Shape, Object]),
    suits: SHAPES,
    takes: isShape,
    decorators: [
      ValidateNested(),
      Type(() => Object, {
        discriminator: { property: 'kind', subTypes },
        keepDiscriminatorProperty: random.pick([true, false]),
      }),
    ],
  }),
  'a list of subtypes': () => ({
    declared: Array,
    suits: lists(SHAPES),
    takes: listOf(isShape),
    decorators: [ValidateNested(each), Type(() => Object, { discriminator: { property: 'kind', subTypes } })],
  }),
  'a Set or a Map of subtypes': (random) => {
    const isSet = random.pick([true, false]);
    return {
      declared: isSet ? Set : Map,
      suits: isSet ? lists(SHAPES) : maps(SHAPES),
      takes: isSet ? listOf(isShape) : mapOf(isShape),
      decorators: [
        ValidateNested(each),
        Type(() => Object, { discriminator: { property: 'kind', subTypes } }),
      ],
    };
  },
  'subtypes, the base among them': () => ({
    declared: Named,
    suits: [{ kind: 'star', points: 5 }, { kind: 'named' }, { kind: 'moon' }, { points: 5 }, { kind: 7 }],
    takes: (value) => isObject(value) && isText(value['kind']),
    decorators: [ValidateNested(), Type(() => Named, starOf(true))],
  }),
  '@Transform of the value': () => ({
    declared: String,
    suits: [' a ', 'b'],
    takes: isText,
    decorators: [Transform(({ value }) => (isText(value) ? String(value).trim() : value)), IsString()],
  }),
  '@Transform of the object': () => ({
    declared: String,
    suits: [1, 'a'],
    takes: anything,
    decorators: [
      Transform(({ obj, key, value }: TransformFnParams) => [Object.keys(obj).sort(), key, value].join(' ')),
      IsString(),
    ],
  }),
  '@Transform of the options': () => ({
    declared: String,
    suits: [1, 'a'],
    takes: anything,
    decorators: [Transform(({ options, type }) => `${type} ${JSON.stringify(options)}`), IsString()],
  }),
  '@Transform after @Type': () => ({
    declared: Object,
    suits: [7, '8'],
    takes: isNumeric,
    decorators: [Transform(({ value }) => ({ is: value })), Type(() => Number), IsObject()],
  }),
  '@Transform into a Set': () => ({
    declared: Set,
    suits: [['a'], []],
    takes: listOf(isText),
    decorators: [
      Transform(({ value }) => (Array.isArray(value) ? new Set(value as unknown[]) : value)),
      IsString(each),
    ],
  }),
  '@Transform that throws': () => ({
    declared: BigInt,
    suits: ['12', 7, 'x'],
    takes: anything,
    decorators: [Transform(({ value }) => BigInt(value as string)), IsDefined()],
  }),
  '@Transform of an absent key, with @Expose': () => ({
    declared: String,
    suits: ['a'],
    takes: isText,
    initial: undefined,
    decorators: [Expose(), Transform(({ value }) => (value as unknown) ?? 'none'), IsString()],
  }),
  'another name in JSON': () => ({
    declared: Number,
    suits: NUMBERS,
    takes: isNumber,
    key: 'other_name',
    decorators: [Expose({ name: 'other_name' }), IsNumber()],
  }),
  'an initial value': () => ({
    declared: Number,
    suits: NUMBERS,
    takes: isNumber,
    initial: 3,
    decorators: [IsInt()],
  }),
  'an initial value, with @Expose': () => ({
    declared: Number,
    suits: NUMBERS,
    takes: isNumber,
    initial: 3,
    decorators: [Expose(), IsInt()],
  }),
  'a field that no input sets': () => ({
    declared: String,
    suits: ['a'],
    takes: anything,
    initial: 'kept',
    decorators: [Exclude()],
  }),
  'an excluded field with a rule': () => ({
    declared: String,
    suits: ['a'],
    takes: anything,
    decorators: [Exclude(), IsOptional(), IsString()],
  }),
  'a condition': (random) => ({
    declared: String,
    suits: TEXTS,
    takes: isText,
    decorators: [random.pick(CONDITIONS), IsString()],
  }),
  'a rule with a condition': () => ({
    declared: Number,
    suits: NUMBERS,
    takes: isNumber,
    decorators: [IsInt({ validateIf: () => false })],
  }),
  'a key that must be missing': () => ({
    declared: String,
    suits: [''],
    takes: isText,
    decorators: [IsEmpty()],
  }),
  'no rule, but a key of a new instance': () => ({
    declared: String,
    suits: ['a'],
    takes: anything,
    decorators: [() => undefined],
  }),
  'no rule, but @Type': () => ({
    declared: Date,
    suits: DATES,
    takes: anything,
    decorators: [Type(() => Date)],
  }),
  'no rule, but @Transform': () => ({
    declared: String,
    suits: ['a'],
    takes: anything,
    decorators: [Transform(({ value }) => value as unknown)],
  }),
  'a discriminator with an unlisted base': () => ({
    declared: Named,
    suits: [{ kind: 'moon' }],
    takes: anything,
    decorators: [ValidateNested(), Type(() => Named, starOf(false))],
  }),
  'a Set with @ArrayMinSize': () => ({
    declared: Set,
    suits: [['a']],
    takes: anything,
    decorators: [ArrayMinSize(1), IsString(each), Type(() => String)],
  }),
  'a Date without @Type': () => ({
    declared: Date,
    suits: DATES,
    takes: anything,
    decorators: [IsDate()],
  }),
  'a nested class without @Type': () => ({
    declared: Item,
    suits: ITEMS,
    takes: anything,
    decorators: [ValidateNested()],
  }),
  'a nested class without @ValidateNested': () => ({
    declared: Item,
    suits: ITEMS,
    takes: anything,
    decorators: [Allow(), Type(() => Item)],
  }),
};

/** The shapes that are errors when a worker starts. */
export const START = new Set(
  Object.keys(SHAPES_OF_FIELDS).filter(
    (name) => name.startsWith('no rule') || name.includes(' without @') || /unlisted|ArrayMinSize/.test(name),
  ),
);

class Plain {
  x?: unknown;
}

/** A drawn class: its fields by name, each with the name of its shape. */
export interface DrawnDto {
  readonly type: Constructor<object>;
  readonly fields: Readonly<Record<string, Field & { readonly shape: string }>>;
}

const NAMES = ['one', 'two', 'three'];

/** Draws a class of one to three fields. `shape`: the shape of the first one. */
export function drawDto(random: Random, shape: string): DrawnDto {
  const usual = Object.keys(SHAPES_OF_FIELDS).filter((name) => !START.has(name));
  const shapes = [
    shape,
    ...NAMES.slice(1).flatMap(() => (random.pick([true, false]) ? random.pick(usual) : [])),
  ];
  const fields = Object.fromEntries(
    shapes.map((name, index) => {
      const field = SHAPES_OF_FIELDS[name]?.(random);
      if (!field) throw new Error(`no shape ${name}`);
      const isOptional = field.initial === undefined && !START.has(name) && random.pick([true, false, false]);
      const decorators = isOptional ? [IsOptional(), ...field.decorators] : field.decorators;
      return [NAMES[index] ?? '', { ...field, decorators, shape: name }];
    }),
  );
  const Base = dtoOf({});
  // A compiler that defines fields gives a new instance each of them.
  class Drawn extends Base {
    constructor() {
      super();
      for (const [name, { initial }] of Object.entries(fields)) Reflect.set(this, name, initial);
    }
  }
  for (const [name, { declared, decorators }] of Object.entries(fields))
    Reflect.decorate([...decorators, Reflect.metadata('design:type', declared)], Drawn.prototype, name);
  return { type: Drawn, fields };
}

/** Values of every kind, for any field. */
const ODD: readonly unknown[] = [
  null,
  'a',
  '',
  '0x10',
  ' 7 ',
  '7',
  7,
  1.5,
  true,
  {},
  [],
  [null],
  [7],
  ['a'],
  [[]],
  { k: 'a' },
  { name: 'tea' },
  [{ name: 'tea' }],
  '2026-01-31T12:00:00',
  '2026-02-30',
  'true',
  { kind: 'circle', radius: 1 },
  { ['constructor']: { name: 'x' } },
  WITH_PROTO,
];

/** Draws the text of an input, mostly one that suits the class. */
export function drawInput(random: Random, { fields }: DrawnDto): string {
  const entries: [string, unknown][] = [];
  for (const [name, { suits, key = name }] of Object.entries(fields)) {
    const chance = random.below(10);
    if (chance === 0) continue;
    entries.push([key, chance < 3 ? random.pick(ODD) : random.pick(suits)]);
  }
  if (random.below(4) === 0) entries.push([random.pick(['extra', 'constructor', 'toString', 'length']), 1]);
  if (random.below(8) === 0) entries.push(['__proto__', { polluted: true }]);
  if (random.below(2) === 0) entries.reverse();
  const members = entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  return `{${members.join()}}`;
}

/** Inputs that are tried with every class. */
export const WHOLE = [
  `{"extra":${'['.repeat(300)}${']'.repeat(300)}}`,
  'null',
  '[]',
  '"a"',
  '7',
  '{}',
  '[{}]',
  '{"__proto__":{"one":"a"}}',
];
