import type { Browser } from 'playwright-core';
import { EXECUTIONS, openBigScene, STATES } from './big-scene.js';
import { answers, FIRST_PAINT_MS, report, say, TRIES } from './report.js';

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
  const type = (selector: string, text: string): string =>
    `const field = document.querySelector('${selector}'); field.value = ${text}; field.dispatchEvent(new Event('input', { bubbles: true }))`;

  await first('10,000 executions, first paint', 'executions', '.rows .all .row');
  await answers(
    page,
    'scroll through them',
    `document.querySelector('.rows .view').scrollTop = 40_000 * (TRY + 1)`,
  );
  await answers(page, 'filter them by name', type('.filters input', `'small-' + TRY`));
  await first(
    `${STATES} states, first paint`,
    `machines/${scene.wide}`,
    `[data-state="State ${STATES - 1}"]`,
  );
  await answers(page, 'select one', `document.querySelector('[data-state="State 20TRY"]').click()`);
  await answers(page, 'zoom', `document.querySelector('[aria-label="Zoom in"]').click()`);
  await first('25,000 events, first paint', `executions/${scene.long}`, '.rows-events .all .row');
  await answers(
    page,
    'select a state',
    `document.querySelector('[data-state="' + (TRY % 2 ? 'One' : 'Each') + '"]').click()`,
  );
  await answers(page, 'search the events', type('.events input', `'Exited' + (TRY % 2 ? '' : ' ')`));
  await answers(
    page,
    'scroll through them',
    `document.querySelector('.rows-events .view').scrollTop = 90_000 * (TRY + 1)`,
  );
  await answers(page, 'unfold one', `document.querySelectorAll('.fold')[TRY].click()`);
  await scene.service.close();
  await context.close();
}
