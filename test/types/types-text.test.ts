import { expect, test } from '@jest/globals';
import { Type } from 'class-transformer';
import { IsArray, IsInt, IsString, ValidateNested } from 'class-validator';
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
