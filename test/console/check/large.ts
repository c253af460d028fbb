import type { Browser, Page } from 'playwright-core';
import { openLargeScene } from '../large.js';
import { answers, FIRST_PAINT_MS, report, say, TRIES } from './report.js';

/** Checks that two large machines are drawn fast, and that the page of a run of 20,000 events answers fast. */
export async function checkLarge(browser: Browser): Promise<void> {
  say('Large: two machines of more than 40 states, 1,000 iterations, 20,000 events, 250 KB of data');
  const scene = await openLargeScene();
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  const url = (path: string, arn: string): string =>
    `${scene.service.url}/#/${path}/${encodeURIComponent(arn)}`;
  const drawn = 'document.querySelectorAll("[data-state]").length > 40';
  const whole = `${drawn} && document.querySelector('.events .total').textContent === '20,072 events'`;
  await first(page, 'recordings', url('machines', scene.recordings), drawn);
  await first(page, 'catalogue', url('machines', scene.catalogue), drawn);
  await first(page, 'a run of recordings', url('executions', scene.recorded), drawn);
  await first(page, 'a run of the catalogue, to its last event', url('executions', scene.catalogued), whole);
  const name = 'For each article of the catalogue, in the order of its pages';
  const state = (text: string): string => `document.querySelector('[data-state="${text}"]').click()`;
  await answers(
    page,
    'select the Map, and another state',
    `TRY % 2 ? ${state('Step 16 of the long way on which a catalogue is read')} : ${state(name)}`,
  );
  await answers(page, 'select an iteration', `document.querySelectorAll('.square')[TRY].click()`);
  await answers(page, 'show all iterations', `document.querySelector('.timeline-fold').click()`);
  await answers(
    page,
    'scroll through them',
    `document.querySelector('.timeline-rows').scrollTop = 900 * (TRY + 1)`,
  );
  await answers(page, 'zoom', `document.querySelector('[aria-label="Zoom in"]').click()`);
  await answers(page, 'unfold an event', `document.querySelector('.fold').click()`);
  await context.close();
  await scene.service.close();
}

/** Measures the time until a page is drawn as far as `until` says, from the start of its loading. */
async function first(page: Page, what: string, url: string, until: string): Promise<void> {
  const times: number[] = [];
  for (let i = 0; i < TRIES; i++) {
    await page.goto('about:blank');
    await page.goto(url);
    times.push(
      await page.evaluate<number>(`new Promise((resolve) => {
        const look = () => (${until}) ? resolve(performance.now()) : requestAnimationFrame(look);
        look();
      })`),
    );
  }
  report(what, times, FIRST_PAINT_MS);
}
