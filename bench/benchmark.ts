import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Figures in rows. The first column names the row. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Findings {
  readonly tables: readonly Table[];
  /** Each promise of Stepwright's that does not hold, in words. */
  readonly broken: readonly string[];
  /** An SVG of the figures. */
  readonly picture?: string;
}

/** The options of `npm run bench`, the same for all benchmarks. Each reads what it knows. */
export interface Options {
  /** `--rounds N`. @default each benchmark's own number */
  readonly rounds: number | undefined;
  /** `--seconds N`: the time of one measurement. @default each benchmark's own */
  readonly seconds: number | undefined;
  /** Returns true if the row of this name is asked for: its name has a text of `--only` in it, or there is none. */
  readonly includes: (row: string) => boolean;
  /** `--list` */
  readonly list: boolean;
}

/** A file `bench/NAME.bench.ts` exports one as its default; the runner finds it by NAME. */
export interface Benchmark {
  /** One line that says what is measured. */
  readonly title: string;
  /** Measures everybody. Ends by itself, and leaves no process behind. */
  run(options: Options): Promise<Findings>;
}

/** An object whose fields are all numbers. */
type Figures<T> = { readonly [K in keyof T]: number };

/** The medians of some rounds, field by field. @throws Error if there is no round */
export function medians<T extends Figures<T>>(rounds: readonly T[]): T {
  const [first] = rounds;
  if (!first) throw new Error('nothing was measured');
  const keys = Object.keys(first) as (keyof T)[];
  const middle = (key: keyof T): number => percentile(rounds.map((each) => each[key]));
  return Object.fromEntries(keys.map((key) => [key, middle(key)])) as unknown as T;
}

/** Measures each of these once in each round, so that other work of the machine affects all of them. */
export async function inTurns<K, T extends Figures<T>>(
  rounds: number,
  all: readonly K[],
  measure: (which: K) => Promise<T>,
): Promise<ReadonlyMap<K, T>> {
  const measured = new Map<K, T[]>(all.map((each) => [each, []]));
  for (let round = 1; round <= rounds; round++)
    for (const [which, figures] of measured) figures.push(await measure(which));
  return new Map([...measured].map(([which, figures]) => [which, medians(figures)]));
}

/** The value that this many of a hundred are below, by default the middle one; NaN of none. */
export function percentile(values: readonly number[], percent = 50): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN;
}

/** Returns what is said of the promises that don't hold. */
export const brokenOf = (promises: readonly (readonly [holds: boolean, otherwise: string])[]): string[] =>
  promises.flatMap(([holds, otherwise]) => (holds ? [] : [otherwise]));

/** Three digits that matter, and the unit. */
export function show(value: number, unit = ''): string {
  if (Number.isNaN(value)) return '-';
  const digits = Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
  return `${digits.toLocaleString('en', { maximumSignificantDigits: 21 })}${unit && ` ${unit}`}`;
}

/** Makes a folder, uses it, and removes it. */
export async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'stepwright-bench-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Linux counts in hundredths of a second, whatever the machine. */
const TICK_MS = 10;

/** The processor time that a process has used so far, in milliseconds; NaN where the system has no /proc. */
export function cpuMs(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold spaces; user and system time are the 12th and 13th field after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return Number.NaN;
  }
}

/** The resident memory of a process, in megabytes. */
export function rssMb(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1_024;
}
