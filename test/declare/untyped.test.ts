/* oxlint-disable typescript/no-extraneous-class -- the decorators are written onto an empty one */
import { describe, expect, test } from '@jest/globals';
import { Transform, Type } from 'class-transformer';
import * as classValidator from 'class-validator';
import {
  Allow,
  ArrayMinSize,
  IsArray,
  IsDate,
  IsDefined,
  IsIn,
  IsNotEmpty,
  IsObject,
  IsOptional,
  IsString,
  ValidateNested,
  getMetadataStorage,
} from 'class-validator';
import { OPEN_RULES } from '../../src/framework/declare/dto/conversion-problems.js';
import { dtoProblems } from '../../src/framework/declare/dto/dto-problems.js';
import { dtoOf, Item } from '../worker/handler/kinds/field.js';

/** A field as a compiler emits it that writes no types. */
const problemsOf = (...decorators: PropertyDecorator[]) =>
  dtoProblems(dtoOf({ field: [undefined, ...decorators] }), 'A.run', { groups: [], direction: 'input' });

describe('a field without a type that the compiler wrote', () => {
  test.each<[string, PropertyDecorator[], string]>([
    ['@IsDefined', [IsDefined()], '@ValidateNested() @Type(() => TheClass) for a class, @IsDate()'],
    ['@IsOptional alone', [IsOptional()], '@ValidateNested() @Type(() => TheClass)'],
    ['@IsNotEmpty', [IsNotEmpty()], '@Allow() for any value'],
    ['@IsObject', [IsObject()], '@Allow() for any value'],
    ['@IsArray', [IsArray(), ArrayMinSize(1)], '@ValidateNested({ each: true }) @Type(() => TheClass)'],
  ])('is refused with %s, with the fix', (_, decorators, fix) => {
    expect(problemsOf(...decorators)).toEqual([
      expect.objectContaining({ code: 'INPUT_TYPE_LOST', fix: expect.stringContaining(fix) }),
    ]);
  });

  test('is refused where the compiler wrote only Array', () => {
    const dto = dtoOf({ field: [Array, IsArray(), ArrayMinSize(1)] });
    expect(dtoProblems(dto, 'A.run', { groups: [], direction: 'input' })).toMatchObject([
      {
        code: 'INPUT_TYPE_LOST',
        what: expect.stringMatching(/wrote Array for \w+\.field, whatever its elements are/),
        fix: expect.stringContaining('@ValidateNested({ each: true }) @Type(() => TheClass)'),
      },
    ]);
    const any = dtoOf({ field: [Array, IsArray(), Allow()] });
    expect(dtoProblems(any, 'A.run', { groups: [], direction: 'input' })).toEqual([]);
  });

  test.each<[string, PropertyDecorator[]]>([
    ['a rule for its values', [IsDefined(), IsString()]],
    ['a rule for its elements', [IsArray(), IsString({ each: true })]],
    ['a list of values', [IsIn(['a'])]],
    ['@Allow', [IsDefined(), Allow()]],
    ['@Type', [IsDate(), Type(() => Date)]],
    ['a nested class', [ValidateNested(), Type(() => Item)]],
    ['@Transform', [IsDefined(), Transform(({ value }: { value: unknown }) => value)]],
  ])('is taken with %s', (_, decorators) => {
    expect(problemsOf(...decorators)).toEqual([]);
  });
});

/** The decorators of class-validator that are no rule, or whose verdict is an argument of theirs. */
const NO_RULES = [
  'ValidatorConstraint',
  'Validate',
  'ValidateBy',
  'ValidateIf',
  'ValidateNested',
  'ValidatePromise',
  'Allow',
  'IsOptional',
];
const ARGUMENTS: Record<string, unknown[]> = {
  ArrayContains: [[]],
  ArrayNotContains: [[]],
  ArrayMinSize: [0],
  ArrayMaxSize: [9],
  IsIn: [[]],
  IsNotIn: [[]],
  IsEnum: [{}],
  IsInstance: [Map],
  Equals: ['a'],
};

test('every rule of class-validator that an object or an array of objects satisfies is known as one', async () => {
  const probes = [{ probe: 1 }, [{ probe: 1 }]];
  const open: string[] = [];
  for (const [name, make] of Object.entries(classValidator)) {
    if (!/^[A-Z]/.test(name) || NO_RULES.includes(name) || /^[A-Z_0-9]+$/.test(name)) continue;
    if (typeof make !== 'function' || /^class /.test(Function.prototype.toString.call(make))) continue;
    class Probed {}
    try {
      Reflect.apply(make, undefined, ARGUMENTS[name] ?? [])(Probed.prototype, 'field');
    } catch {
      continue;
    }
    for (const { constraintCls } of getMetadataStorage().getTargetValidationMetadatas(
      Probed,
      '',
      false,
      false,
    )) {
      for (const { name: rule } of getMetadataStorage().getTargetValidatorConstraints(constraintCls)) {
        const broken = await Promise.all(
          probes.map((field) => classValidator.validate(Object.assign(new Probed(), { field }))),
        );
        if (broken.some((errors) => errors.length === 0)) open.push(rule);
      }
    }
  }
  expect(new Set(open)).toEqual(OPEN_RULES);
});
