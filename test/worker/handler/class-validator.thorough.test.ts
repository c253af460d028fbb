import { expect, test } from '@jest/globals';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  Contains,
  Equals,
  IsBoolean,
  IsDefined,
  IsEmail,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  Min,
  registerDecorator,
  validate,
  ValidateIf,
  ValidateNested,
  type ValidationError,
  type ValidationOptions,
} from 'class-validator';
import * as fc from 'fast-check';
import type { Violation } from '../../../src/framework/worker/handler/outcome/own-errors.js';
import { brokenRules } from '../../../src/framework/worker/handler/input/broken-rules.js';
import { dtoOf } from './kinds/field.js';
import { tries } from '../../support/effort.js';

/** PROPERTY_RUNS=50000 runs them all. */
const RUNS = tries(500);

const groups = fc.constantFrom<string[]>([], ['a'], ['b'], ['a', 'b']);

const Later =
  (options: ValidationOptions): PropertyDecorator =>
  (object, propertyName) =>
    registerDecorator({
      name: 'later',
      target: object.constructor,
      propertyName: String(propertyName),
      options: { message: '$property of $target is late: $value, $constraint1', ...options },
      constraints: [['x', 'y']],
      validator: { validate: async (value) => value !== 'late' },
    });

const makers: ((options: ValidationOptions) => PropertyDecorator)[] = [
  IsString,
  IsInt,
  IsBoolean,
  IsNotEmpty,
  IsDefined,
  Later,
  (options) => IsNumber({}, options),
  (options) => IsEmail({}, options),
  (options) => Min(3, options),
  (options) => Max(5, { message: '$value is above $constraint1', ...options }),
  (options) => Length(2, 4, options),
  (options) => Matches(/^a/, { message: ({ property }) => `${property}!`, ...options }),
  (options) => Contains('a', options),
  (options) => Equals(7, options),
  (options) => IsIn(['a', 7], options),
];
const collectionRules: PropertyDecorator[] = [ArrayMinSize(1), ArrayMaxSize(2)];
const conditions: PropertyDecorator[] = [
  IsOptional(),
  ValidateIf((object: { b?: unknown }) => object.b !== 'off'),
  ValidateIf((_, value) => value !== 'off'),
];

const options = fc.record({
  each: fc.boolean(),
  groups: fc.constantFrom<string[] | undefined>(undefined, ['a'], ['b']),
  always: fc.constantFrom<boolean | undefined>(undefined, true),
  validateIf: fc.constantFrom<((object: unknown, value: unknown) => boolean) | undefined>(
    undefined,
    (_, value) => value !== 'off',
  ),
});
const rule = fc
  .tuple(fc.constantFrom(...makers), options)
  .map(([make, each]) => make(each as unknown as ValidationOptions));
const field = fc
  .tuple(
    fc.uniqueArray(rule, { maxLength: 3 }),
    fc.subarray(collectionRules),
    fc.subarray(conditions, { maxLength: 1 }),
  )
  .map((lists) => lists.flat());

const scalar = fc.constantFrom<unknown>('a', 'abc', 'off', 'late', '', 'a@b.co', 0, 4, 7, 7.5, true);
const value = fc.oneof(
  scalar,
  fc.array(scalar, { maxLength: 3 }),
  fc.array(scalar, { maxLength: 3 }).map((each) => new Set(each)),
  fc.array(scalar, { maxLength: 3 }).map((each) => new Map(each.map((part, index) => [String(index), part]))),
);

type Broken = [path: string, rule: string, message: string];

function flat(errors: readonly ValidationError[], before = ''): Broken[] {
  return errors.flatMap((error) => {
    const step =
      Array.isArray(error.target) || error.target instanceof Set ? `[${error.property}]` : error.property;
    const path = before === '' || step.startsWith('[') ? `${before}${step}` : `${before}.${step}`;
    const own = Object.entries(error.constraints ?? {}).map(([name, message]): Broken => [
      path,
      name,
      message,
    ]);
    return [...own, ...flat(error.children ?? [], path)];
  });
}

/** class-validator reports the last of two rules by one name; we report both. */
const ordered = (broken: readonly Broken[]): Broken[] =>
  [...new Map(broken.map((each) => [`${each[0]} ${each[1]}`, each])).values()].toSorted(([a, b], [c, d]) =>
    `${a} ${b}` < `${c} ${d}` ? -1 : 1,
  );

/** class-validator doesn't say which elements break a rule with `each: true`: only nested objects have a path. */
const whole = (broken: readonly Violation[]): Broken[] =>
  broken.map(({ path, rule: name, message }) => [
    path.replace(/\b([abc])(\[\d+\]|\["\d+"\])$/, '$1'),
    name,
    message,
  ]);

test('rules are asked as class-validator asks them, with the same words', async () => {
  let broken = 0;
  await fc.assert(
    fc.asyncProperty(field, field, field, value, value, value, groups, async (a, b, c, x, y, z, inGroups) => {
      const Inner = dtoOf({ c: [undefined, IsDefined({ always: true }), ...c] });
      const Outer = dtoOf({
        a: [undefined, IsDefined({ always: true }), ...a],
        b: [undefined, ...b],
        inner: [undefined, ValidateNested({ always: true }), Type(() => Inner)],
        list: [undefined, ValidateNested({ each: true, always: true }), Type(() => Inner)],
      });
      const inner = (): object => Object.assign(new Inner(), { c: z });
      const outer = Object.assign(new Outer(), { a: x, b: y, inner: inner(), list: [inner(), inner()] });
      const ours = whole(await brokenRules(outer, { groups: inGroups, showValues: true }));
      const theirs = flat(await validate(outer, { groups: inGroups, forbidUnknownValues: true }));
      broken += theirs.length;
      expect(ordered(ours)).toEqual(ordered(theirs));
    }),
    { numRuns: RUNS },
  );
  expect(broken).toBeGreaterThan(RUNS);
}, 120_000);
