import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { Expose, Transform, Type } from 'class-transformer';
import {
  Allow,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsDate,
  IsEmail,
  IsEnum,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  Min,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import * as fc from 'fast-check';
import { checkedHandler } from '../../src/framework/check/handlers.js';
import { machineSource } from '../../src/framework/check/source/machine-source.js';
import { typesText } from '../../src/framework/cli/types/write-types.js';
import { resolveConfig, resolveHandler } from '../../src/framework/config/resolve.js';
import type { Constructor } from '../../src/framework/declare/class.js';
import { compileInput } from '../../src/framework/worker/handler/input/compile-input.js';
import { definitionOf } from '../support/definition.js';
import { byKind, dtoOf } from '../worker/handler/kinds/field.js';
import { tries } from '../support/effort.js';

const DTOS = tries(100);
const INPUTS = 8;
const SEED = 42;

/** A field: its declared type, its decorators, the key that it has in JSON, and values that it may take. */
interface Field {
  readonly type: unknown;
  readonly decorators: readonly PropertyDecorator[];
  readonly json: fc.Arbitrary<unknown>;
}

const field = (
  type: unknown,
  decorators: readonly PropertyDecorator[],
  json: fc.Arbitrary<unknown>,
): Field => ({
  type,
  decorators,
  json,
});

const EACH = { each: true };
const texts = fc.constantFrom('', 'a', '*/ x', '`${y}`', '"', '\\', '\u2028', 'ünï');
const numbers = fc.constantFrom(-1, 0, 1.5, 7, 1e21, 1e-7);
const dates = fc.constantFrom<unknown>('2026-01-31', '2026-01-31T10:00:00Z', 0);
const lists = (part: fc.Arbitrary<unknown>): fc.Arbitrary<unknown[]> => fc.array(part, { maxLength: 3 });
const maps = (part: fc.Arbitrary<unknown>): fc.Arbitrary<Record<string, unknown>> =>
  fc.dictionary(fc.constantFrom('a', 'b c', '1'), part, { maxKeys: 2 });
const Mixed = { One: 1, Two: 'two', Three: -3 } as const;

const PLAIN: readonly Field[] = [
  field(String, [IsString()], texts),
  field(String, [Length(0, 3)], texts),
  field(String, [Matches(/^[^*/]*\*?\/?$/u)], texts),
  field(String, [IsEmail()], fc.constant('a@example.com')),
  field(String, [IsIn(['', 'a', '"', '*/ x', '`${y}`'])], texts),
  field(Object, [IsIn([1, 'a', true, null])], fc.constantFrom(1, 'a', true, null)),
  field(Object, [IsEnum(Mixed)], fc.constantFrom(...Object.values(Mixed))),
  field(Array, [IsIn(['a', 'b'], EACH)], lists(fc.constantFrom('a', 'b'))),
  field(Number, [IsInt(), Min(-3), Max(9)], numbers),
  field(Number, [IsNumber(), Type(() => Number)], fc.oneof(numbers, fc.constant('7'))),
  field(Boolean, [IsBoolean()], fc.boolean()),
  field(Date, [IsDate(), Type(() => Date)], dates),
  field(Array, [IsString(EACH)], lists(texts)),
  field(Array, [Allow(), ArrayMinSize(1)], lists(fc.jsonValue({ maxDepth: 1 }))),
  field(Array, [IsInt(EACH), ArrayMinSize(1)], lists(numbers)),
  field(Array, [IsArray(EACH), Type(() => String)], lists(lists(texts))),
  field(Array, [IsArray(EACH), Type(() => Number)], lists(lists(numbers))),
  field(Set, [IsDate(EACH), Type(() => Date)], lists(dates)),
  field(Map, [IsString(EACH), Type(() => String)], maps(texts)),
  field(Object, [Transform(({ value }): unknown => value), IsOptional()], fc.jsonValue({ maxDepth: 1 })),
  field(String, [IsString(), ValidateIf(() => true)], texts),
  field(
    Object,
    [ValidateNested(), byKind(Object)],
    fc.oneof(
      numbers.map((radius) => ({ kind: 'circle', radius })),
      numbers.map((side) => ({ kind: 'square', side })),
    ),
  ),
  field(
    Array,
    [ValidateNested(EACH), byKind(Object)],
    lists(numbers.map((side) => ({ kind: 'square', side }))),
  ),
];

/** Fields of a class of ours: one, a list, a list of lists, a set, a map. */
const nestedIn = ({ dto, json }: Drawn): readonly Field[] => {
  const of = Type(() => dto);
  return [
    field(dto, [ValidateNested(), of], json),
    field(Array, [ValidateNested(EACH), of], lists(json)),
    field(Array, [IsArray(EACH), ValidateNested(EACH), of], lists(lists(json))),
    field(Set, [ValidateNested(EACH), of], lists(json)),
    field(Map, [ValidateNested(EACH), of], maps(json)),
  ];
};

interface Drawn {
  readonly dto: Constructor<object>;
  readonly json: fc.Arbitrary<unknown>;
}

const NAMES = ['a', 'b-c', 'default', '1', 'class', 'ü', "it's"];
/** Names of classes, some of which the written file or TypeScript uses itself. */
const CLASSES = [
  'Cell',
  'Cell',
  'Order',
  'Array',
  'Record',
  'Readonly',
  'Activities',
  'WorkerError',
  '$',
  'Ünï',
];

/** Draws a class of one to four fields. Some have nested classes, and some contain themselves. */
function dtos(depth: number): fc.Arbitrary<Drawn> {
  const plain = fc.constantFrom(...PLAIN);
  const nested = (): fc.Arbitrary<Field> =>
    dtos(depth - 1).chain((inner) => fc.constantFrom(...nestedIn(inner)));
  const drawn = fc.record({
    field: depth === 0 ? plain : fc.oneof(plain, nested()),
    isOptional: fc.boolean(),
    isRenamed: fc.boolean(),
  });
  return fc
    .record({
      name: fc.constantFrom(...CLASSES),
      fields: fc.array(drawn, { minLength: 1, maxLength: 4 }),
      isRecursive: fc.boolean(),
    })
    .map(({ name, fields, isRecursive }) => {
      const keyed = fields.map((each, at) => ({
        ...each,
        key: NAMES[(at + name.length) % NAMES.length] ?? '',
      }));
      const dto: Constructor<object> = dtoOf({
        ...Object.fromEntries(
          keyed.map(({ field: { type, decorators }, key, isOptional, isRenamed }) => [
            isRenamed ? `own_${key}` : key,
            [
              type,
              ...(isOptional ? [IsOptional()] : []),
              ...(isRenamed ? [Expose({ name: key })] : []),
              ...decorators,
            ] as const,
          ]),
        ),
        ...(isRecursive && {
          again: [Array, IsOptional(), IsArray(EACH), ValidateNested(EACH), Type(() => dto)] as const,
        }),
      });
      Object.defineProperty(dto, 'name', { value: name });
      return {
        dto,
        json: fc.record(
          Object.fromEntries(
            keyed.map(({ key, isOptional, field: { json } }) => [
              key,
              isOptional ? fc.oneof(json, fc.constantFrom(null, undefined)) : json,
            ]),
          ),
        ),
      };
    });
}

const drawn = dtos(2).chain(({ dto, json }) =>
  fc.record({ dto: fc.constant(dto), inputs: fc.array(json, { minLength: INPUTS, maxLength: INPUTS }) }),
);

const dir = mkdtempSync(join(tmpdir(), 'drawn-types-'));
afterAll(() => rmSync(dir, { recursive: true }));

const settings = resolveConfig({ config: {}, env: {} });

const task = {
  Type: 'Task',
  Resource: 'arn:aws:states:us-east-1:123456789012:activity:schema',
  End: true,
};
const each = { StartAt: 'Each', States: { Each: task } };
const given = { ...task, Arguments: '{% $states.input.order %}' };
const list = { Type: 'Map', ItemsPath: '$.orders', ItemProcessor: each, End: true };
/** Machines that hand their input to the handler: whole, a field of it, and the items of a list. */
const MACHINES = [
  machineSource('Whole', 'whole', JSON.stringify({ StartAt: 'A', States: { A: task } }), {}),
  machineSource(
    'Part',
    'part',
    JSON.stringify({ QueryLanguage: 'JSONata', StartAt: 'A', States: { A: given } }),
    {},
  ),
  machineSource('Each', 'each', JSON.stringify({ StartAt: 'A', States: { A: list } }), {}),
];

/** Returns the file of a class, as `types` writes it for a handler of it, with the inputs that are valid. */
async function fileOf(
  dto: Constructor<object>,
  inputs: readonly unknown[],
): Promise<{ text: string; valid: number }> {
  const definition = definitionOf({ input: dto, output: dto });
  const { options } = resolveHandler(definition, settings);
  const text = typesText([{ definition, ...checkedHandler({ definition, options }, {}) }], MACHINES, [
    'Declined',
  ]);
  const validate = compileInput(definition);
  const uses: string[] = [];
  for (const input of inputs) {
    const json = JSON.stringify(input);
    const isValid = await Promise.resolve()
      .then(() => validate(JSON.parse(json)))
      .then(
        () => true,
        () => false,
      );
    if (!isValid) continue;
    const name = `input${uses.length}`;
    uses.push(
      `export const ${name}: Activities['schema']['input'] = ${json};
       export const ${name}s: [Machines['Whole'], Machines['Part'], Machines['Each']] =
         [{ input: ${json} }, { input: { order: ${json} } }, { input: { orders: [${json}] } }];\n`,
    );
  }
  return { text: text + uses.join(''), valid: uses.length };
}

test(`what is written for ${DTOS} classes compiles, and takes every valid input`, async () => {
  let valid = 0;
  for (const [at, { dto, inputs }] of fc.sample(drawn, { numRuns: DTOS, seed: SEED }).entries()) {
    const file = await fileOf(dto, inputs);
    writeFileSync(join(dir, `dto-${at}.ts`), file.text);
    valid += file.valid;
  }
  const compilerOptions = { strict: true, noEmit: true, module: 'nodenext', types: [] };
  writeFileSync(join(dir, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  const tsc = resolve('node_modules/typescript/bin/tsc');
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', dir], { encoding: 'utf8' });
  expect(stdout).toBe('');
  expect(valid).toBeGreaterThan(DTOS);
}, 300_000);
