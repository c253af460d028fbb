import type { Browser } from 'playwright-core';
import { EXECUTIONS, openBigScene, STATES } from './big-scene.js';
import { ANSWER_MS, FIRST_PAINT_MS, report, say, TRIES } from './report.js';

/** Checks that the page answers fast, however much it shows. */
export async function checkSpeed(browser: Browser): Promise<void> {
  say(`Speed: ${EXECUTIONS} executions, 25,000 events, ${STATES} states`);
  const scene = await openBigScene();
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  const first = async (what: string, path: string, selector: string): Promise<void> => {
    const times: number[] = [];
    for (let i = 0; i < TRIES; i++) {
      await page.goto('about:blank');
      await page.goto(`${scene.service.url}/#/${path}`);
      await page.locator(selector).first().waitFor();
      const paint = 'performance.now()';
      times.push(await page.evaluate<number>(paint));
    }
    report(what, times, FIRST_PAINT_MS);
  };
  /** Measures how long the page takes to paint the outcome of an action. */
  const answers = async (what: string, action: string): Promise<void> => {
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
  };
  const type = (selector: string, text: string): string =>
    `const field = document.querySelector('${selector}'); field.value = ${text}; field.dispatchEvent(new Event('input', { bubbles: true }))`;

  await first('10,000 executions, first paint', 'executions', '.rows .all .row');
  await answers(
    'scroll through them',
    `document.querySelector('.rows .view').scrollTop = 40_000 * (TRY + 1)`,
  );
  await answers('filter them by name', type('.filters input', `'small-' + TRY`));
  await first(
    `${STATES} states, first paint`,
    `machines/${scene.wide}`,
    `[data-state="State ${STATES - 1}"]`,
  );
  await answers('select one', `document.querySelector('[data-state="State 20TRY"]').click()`);
  await answers('zoom', `document.querySelector('[aria-label="Zoom in"]').click()`);
  await first('25,000 events, first paint', `executions/${scene.long}`, '.rows-events .all .row');
  await answers(
    'select a state',
    `document.querySelector('[data-state="' + (TRY % 2 ? 'One' : 'Each') + '"]').click()`,
  );
  await answers('search the events', type('.events input', `'Exited' + (TRY % 2 ? '' : ' ')`));
  await answers(
    'scroll through them',
    `document.querySelector('.rows-events .view').scrollTop = 90_000 * (TRY + 1)`,
  );
  await answers('unfold one', `document.querySelectorAll('.fold')[TRY].click()`);
  await scene.service.close();
  await context.close();
}
