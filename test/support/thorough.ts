/**
 * Whether all is tried that takes long: whole matrices of processes, many runs of a property. `npm run check:thorough`
 * says so, which CI runs; `npm test` has to end within two minutes and tries a part.
 */
export const THOROUGH = process.env['STEPWRIGHT_THOROUGH'] === '1';

/** All of them where all is tried, else so many, spread evenly, the first one among them. */
export function sample<T>(rows: readonly T[], count: number): readonly T[] {
  if (THOROUGH || rows.length <= count) return rows;
  return Array.from({ length: count }, (_, i) => rows[Math.floor((i * rows.length) / count)] as T);
}

/** How often a property is tried: so often where all is tried, else a fifth of it. */
export const runs = (all: number): number => (THOROUGH ? all : Math.ceil(all / 5));
