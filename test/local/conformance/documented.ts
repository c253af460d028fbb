import { errorRows } from './documented/errors.js';
import { dataRows } from './documented/input-output.js';
import { intrinsicRows } from './documented/intrinsics.js';
import { jsonataRows } from './documented/jsonata.js';
import { mapRows } from './documented/map.js';
import { pathRows } from './documented/paths.js';
import type { MachineRow } from './row.js';

/** The examples of the Developer Guide's pages, each with the outcome that the page describes. */
export const documented: MachineRow[] = [
  ...pathRows,
  ...intrinsicRows,
  ...dataRows,
  ...jsonataRows,
  ...errorRows,
  ...mapRows,
];
