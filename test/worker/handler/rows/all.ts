import { defineConfig } from 'stepwright';
import { aroundRows } from './around.js';
import { inputRows } from './inputs.js';
import { resultRows } from './results.js';
import { activityOf, type Row } from './row.js';
import { thrownRows } from './thrown.js';

export const ROWS: readonly (readonly [string, readonly Row[]])[] = [
  ['what comes in', inputRows],
  ['what is returned', resultRows],
  ['what is thrown', thrownRows],
  ['what stands around', aroundRows],
];

/** The name of a row's activity class in the config. */
export const classOf = (row: Row): string => `Row${ROWS.flatMap(([, rows]) => rows).indexOf(row)}`;

/** All rows as the handlers of one config, for threads and processes. */
export default defineConfig({
  activities: ROWS.flatMap(([, rows]) => rows).map((row, n) => activityOf(row, `Row${n}`)),
});
