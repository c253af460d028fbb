import type { MachineRow, Source } from '../row.js';

export const PATHS: Source = 'AWS: Using JSONPath paths';
export const INTRINSICS: Source = 'AWS: Intrinsic functions for JSONPath states in Step Functions';
export const JSONATA: Source = 'AWS: Transforming data with JSONata in Step Functions';
export const IO: Source = 'AWS: Processing input and output in Step Functions';
export const MAP: Source = 'AWS: Using Map state in Inline mode in Step Functions workflows';
export const ITEMS_PATH: Source = 'AWS: ItemsPath (Map, JSONPath only)';
export const ITEM_SELECTOR: Source = 'AWS: ItemSelector (Map)';
export const CONTEXT: Source = 'AWS: Accessing execution data from the Context object in Step Functions';
export const ERRORS: Source = 'AWS: Handling errors in Step Functions workflows';

export const example = (
  from: Source,
  does: string,
  machine: object,
  input: unknown,
  expect: MachineRow['expect'],
  more: Partial<MachineRow> = {},
): MachineRow => ({ does: `the page's example: ${does}`, from, machine, input, expect, ...more });
