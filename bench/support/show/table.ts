/** Figures in rows. The first column names the row. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** For a terminal. */
export function asText({ title, columns, rows }: Table): string {
  const widths = widthsOf([columns, ...rows]);
  const line = (cells: readonly string[]): string =>
    `  ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ')}`;
  return [`\n  ${title}`, ...[columns, ...rows].map(line)].join('\n');
}

/** For docs/benchmarks.md, as Prettier leaves it. */
export function asMarkdown({ title, columns, rows }: Table): string {
  const widths = widthsOf([columns, ...rows]).map((width) => Math.max(width, 3));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  const rule = line(widths.map((width) => '-'.repeat(width)));
  return [`${title}:`, '', line(columns), rule, ...rows.map(line)].join('\n');
}

function widthsOf(rows: readonly (readonly string[])[]): number[] {
  return (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
}

/** Three digits that matter, and no more. */
export const round = (value: number): string =>
  Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
