/**
 * True where long tests run in full: whole matrices of processes, many runs of a property. `npm run check:thorough` sets
 * it, in CI; `npm test`, which has to end within two minutes, runs a part.
 */
export const THOROUGH = process.env['STEPWRIGHT_THOROUGH'] === '1';

/** Returns all rows in a thorough run, else `count` of them, spread evenly and with the first one. */
export function sample<T>(rows: readonly T[], count: number): readonly T[] {
  if (THOROUGH || rows.length <= count) return rows;
  return Array.from({ length: count }, (_, i) => rows[Math.floor((i * rows.length) / count)] as T);
}

/** Returns the number of runs of a property: `all` in a thorough run, else a fifth of it. */
export const runs = (all: number): number => (THOROUGH ? all : Math.ceil(all / 5));
