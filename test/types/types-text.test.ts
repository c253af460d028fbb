import { expect, test } from '@jest/globals';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsDate,
  IsEmail,
  IsEnum,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  Min,
  MinLength,
  ValidateNested,
} from 'class-validator';
import { checkedHandler } from '../../src/framework/check/handlers.js';
import { typesText } from '../../src/framework/cli/types/write-types.js';
import { resolveConfig, resolveHandler } from '../../src/framework/config/resolve.js';
import type { Constructor } from '../../src/framework/declare/class.js';
import { definitionOf } from '../support/definition.js';

const settings = resolveConfig({ config: {}, env: {} });

/** Returns the file that `types` writes for a handler whose input is of this class. */
function written(input: Constructor<object>): string {
  const definition = definitionOf({ input });
  const { options } = resolveHandler(definition, settings);
  return typesText([{ definition, ...checkedHandler({ definition, options }, {}) }], [], []);
}

class Cell {
  @IsInt() value!: number;
}

test('a list of lists has brackets where TypeScript needs them', () => {
  class Sheet {
    @IsArray({ each: true }) @ValidateNested({ each: true }) @Type(() => Cell) rows!: Cell[][];
  }
  expect(written(Sheet)).toContain('readonly rows: readonly (readonly Cell[])[];');
});

test('every rule that the type does not express is in the comment of its field', () => {
  class Order {
    @IsInt() @Min(1) @Max(9) count!: number;
    @Type(() => Number) @IsNumber() @Max(5) price!: number;
    @IsEmail() mail!: string;
    @Length(2, 4) code!: string;
    @IsOptional() @Matches(/^a/u) name?: string;
    @IsArray() @ArrayMaxSize(3) @MinLength(2, { each: true }) tags!: string[];
    @IsNumber({ maxDecimalPlaces: 2 }) cents!: number;
    @IsInt({ each: true }) sizes!: number[];
    @IsOptional() @IsDate() @Type(() => Date) due?: Date;
    @IsBoolean() plain!: boolean;
  }
  const text = written(Order).replaceAll(/\n\s*(?:\* (?!\/))?/g, ' ');
  const commentOf = (key: string): string | undefined =>
    new RegExp(`/\\*\\*? ((?:(?!\\*/).)*) \\*/ readonly ${key}\\??:`).exec(text)?.[1]?.trim();
  expect(commentOf('count')).toBe('@type integer @minimum 1 @maximum 9');
  expect(commentOf('price')).toBe('@type a number, or a text that is one in JSON @maximum 5');
  expect(commentOf('mail')).toBe('@rule isEmail');
  expect(commentOf('code')).toBe('@minLength 2 @maxLength 4');
  expect(commentOf('name')).toBe('@pattern ^a');
  expect(commentOf('tags')).toBe('@maxItems 3 @items.minLength 2');
  expect(commentOf('cents')).toBe('@rule maxDecimalPlaces');
  expect(commentOf('sizes')).toBe('@items.type integer');
  expect(commentOf('due')).toBe(
    '@type a date, a date-time with an offset, or whole milliseconds @rule impossible dates',
  );
  expect(commentOf('plain')).toBeUndefined();
});

test('an enum has its values, and not the names that the compiler writes into it', () => {
  enum Size {
    Small = 1,
    Large = 2,
    Other = 'other',
  }
  class Box {
    @IsEnum(Size) size!: Size;
  }
  expect(written(Box)).toContain('readonly size?: 1 | 2 | "other";');
});

test('two classes never get the same name', () => {
  class WorkerError {
    @IsString() text!: string;
  }
  class Other {
    @IsInt() code!: number;
  }
  Object.defineProperty(Other, 'name', { value: 'WorkerError' });
  class Pair {
    @ValidateNested() @Type(() => WorkerError) first!: WorkerError;
    @ValidateNested() @Type(() => Other) second!: Other;
  }
  const text = written(Pair);
  const names = text.match(/export (interface|type) \w+/g) ?? [];
  expect(names).toEqual([...new Set(names)]);
  expect(text).toMatch(/readonly first: (\w+);\n {2}readonly second: (?!\1;)/);
});
