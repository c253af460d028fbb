/** A line of a difference between two texts. */
export interface DiffLine {
  readonly kind: 'same' | 'removed' | 'added';
  readonly text: string;
}

/** The most comparisons of lines for the parts of two texts that differ. */
const MOST_COMPARISONS = 4_000_000;

/**
 * Returns the lines of two texts in order: those that both have, that only the first has, and that only the second has.
 * If the texts are too different to be compared line by line, everything between their common ends is shown as replaced.
 */
export function diffLines(before: string, after: string): DiffLine[] {
  const [a, b] = [before.split('\n'), after.split('\n')];
  let start = 0;
  while (start < Math.min(a.length, b.length) && a[start] === b[start]) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const same = (lines: readonly string[]): DiffLine[] => lines.map((text) => ({ kind: 'same', text }));
  return [
    ...same(a.slice(0, start)),
    ...middle(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...same(a.slice(a.length - end)),
  ];
}

function middle(a: readonly string[], b: readonly string[]): DiffLine[] {
  const lines: DiffLine[] = [];
  const width = b.length + 1;
  const isTooMuch = a.length * b.length > MOST_COMPARISONS;
  const common = isTooMuch ? new Uint32Array(0) : commonLengths(a, b);
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [left, right] = [a[i], b[j]];
    if (!isTooMuch && left !== undefined && left === right) {
      lines.push({ kind: 'same', text: left });
      i++;
      j++;
    } else if (left !== undefined && (right === undefined || isTooMuch || isLonger(common, i, j, width))) {
      lines.push({ kind: 'removed', text: left });
      i++;
    } else if (right !== undefined) {
      lines.push({ kind: 'added', text: right });
      j++;
    }
  }
  return lines;
}

/** Returns true if more lines stay the same when the line of the first text is removed. */
const isLonger = (common: Uint32Array, i: number, j: number, width: number): boolean =>
  (common[(i + 1) * width + j] ?? 0) >= (common[i * width + j + 1] ?? 0);

/** Returns for each pair of ends of two lists how many lines they have in common, in the same order. */
function commonLengths(a: readonly string[], b: readonly string[]): Uint32Array {
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      lengths[i * width + j] =
        a[i] === b[j]
          ? (lengths[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(lengths[(i + 1) * width + j] ?? 0, lengths[i * width + j + 1] ?? 0);
  return lengths;
}

/** The lines that are shown around a change. */
const AROUND = 3;

/** Returns the lines near changes. Each group of other lines is replaced by the number of lines in it. */
export function hunksOf(lines: readonly DiffLine[]): (DiffLine | number)[] {
  const near = new Set<number>();
  for (const [at, { kind }] of lines.entries())
    if (kind !== 'same') for (let by = -AROUND; by <= AROUND; by++) near.add(at + by);
  const shown: (DiffLine | number)[] = [];
  for (const [at, line] of lines.entries()) {
    const last = shown.at(-1);
    if (near.has(at)) shown.push(line);
    else if (typeof last === 'number') shown[shown.length - 1] = last + 1;
    else shown.push(1);
  }
  return shown;
}
