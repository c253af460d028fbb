import type { Table } from './support/show/table.js';

/** The figures of one contestant. */
export interface Figure {
  readonly who: string;
  readonly value: number;
  /** Further remarks. */
  readonly note?: string;
}

/** The contestants that could not be measured, and why. */
export interface Absence {
  readonly who: string;
  readonly absent: string;
}

/** One comparison: our figure, and those of the rivals from the same run. */
export interface Measured {
  /** The unit of the figures, such as `executions a second`. */
  readonly what: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  readonly ours: Figure;
  /** The bound that ours must keep. @default nothing is promised */
  readonly promised?: number;
  readonly rivals: readonly (Figure | Absence)[];
}

/** Many figures at once. */
export interface Findings {
  readonly tables: readonly Table[];
  /** Each promise of ours that does not hold, in words. */
  readonly broken: readonly string[];
  /** All figures, for a program. */
  readonly measured: unknown;
  /** An SVG of them. */
  readonly picture?: string;
}

/** A file `bench/NAME.bench.ts` exports one as its default; the runner finds it by NAME. */
export interface Benchmark {
  /** One line for the list. */
  readonly title: string;
  /**
   * Measures everybody. Ends by itself, and leaves no process behind.
   * @param args options after the name on the command line
   */
  run(args: readonly string[]): Promise<readonly Measured[] | Findings>;
}
