import type { Page } from 'playwright-core';

/** The most milliseconds until the page shows the answer to an interaction, and until a view is painted. */
export const ANSWER_MS = 100;
export const FIRST_PAINT_MS = 1_000;
export const TRIES = 5;

/** The problems found so far. */
export const problems: string[] = [];

export const say = (line: string): void => void process.stdout.write(`${line}\n`);

export function wrong(what: string): void {
  problems.push(what);
  say(`  WRONG: ${what}`);
}

/** Reports the median of the times, which one busy moment of the machine does not change. */
export function report(what: string, times: readonly number[], limit: number): void {
  const sorted = times.toSorted((a, b) => a - b);
  const middle = sorted[sorted.length >> 1] ?? 0;
  say(`  ${what}: ${Math.round(middle)} ms (${sorted.map((each) => Math.round(each)).join(', ')})`);
  if (middle > limit) wrong(`${what} takes ${Math.round(middle)} ms, more than ${limit}`);
}

/**
 * Measures how long a page takes to paint the outcome of an action.
 * @param action code that runs in the page, with the number of the try in place of `TRY`
 */
export async function answers(page: Page, what: string, action: string): Promise<void> {
  const times: number[] = [];
  for (let i = 0; i < TRIES; i++)
    times.push(
      await page.evaluate<number>(`(async () => {
        const begin = performance.now();
        ${action.replaceAll('TRY', String(i))};
        await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
        return performance.now() - begin;
      })()`),
    );
  report(what, times, ANSWER_MS);
}
