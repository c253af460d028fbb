import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { startLocalService, type LocalService } from 'stepwright/local';
import { checkAxe } from './check/axe.js';
import { problems } from './check/report.js';
import { findChromium, startChromium } from './chromium.js';
import { call } from './scene.js';

jest.setTimeout(600_000);

const executablePath = findChromium();
const withChromium = executablePath === undefined ? describe.skip : describe;

const WAIT = JSON.stringify({
  StartAt: 'Rest',
  States: { Rest: { Type: 'Wait', Seconds: 3600, End: true } },
});
const MAP = JSON.stringify({
  StartAt: 'For each',
  States: {
    'For each': {
      Type: 'Map',
      ItemProcessor: { StartAt: 'One of them', States: { 'One of them': { Type: 'Pass', End: true } } },
      End: true,
    },
  },
});

withChromium('the console by keys, links and Back', () => {
  let browser: Browser;
  let service: LocalService;
  let page: Page;
  let waiting = '';
  let mapped = '';

  const start = async (stateMachineArn: string, name: string, input = '{}'): Promise<string> =>
    (await call(service.url, 'StartExecution', { stateMachineArn, name, input }))['executionArn'] ?? '';
  const open = async (path: string): Promise<void> => {
    await page.goto('about:blank');
    await page.goto(`${service.url}/#/${path}`);
    await page.locator('h1').waitFor();
  };
  const focused = (): Promise<string> => page.evaluate('document.activeElement.textContent.trim()');
  const query = (): string => decodeURIComponent(new URL(page.url()).hash.split('?')[1] ?? '');
  /** Resolves when the script in the page is true; fails after ten seconds. */
  const until = async (script: string): Promise<void> => {
    const stop = Date.now() + 10_000;
    while ((await page.evaluate(script)) !== true && Date.now() < stop)
      await new Promise((next) => setTimeout(next, 50));
    expect([script, await page.evaluate(script)]).toEqual([script, true]);
  };
  /** Opens the dialog that leads anywhere, and types. */
  const goTo = async (text: string): Promise<void> => {
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: /^Go to/ }).waitFor();
    await page.keyboard.type(text);
  };

  const scrollTo = (top: number): Promise<void> =>
    page.evaluate(`document.querySelector('.rows .view').scrollTo(0, ${top})`);

  beforeAll(async () => {
    browser = await startChromium(executablePath ?? '');
    service = await startLocalService({ port: 0, console: true });
    waiting = service.seedMachine({ name: 'Waiting', definition: WAIT });
    mapped = service.seedMachine({ name: 'Mapped', definition: MAP });
    for (let n = 0; n < 200; n++) await start(waiting, `rest-${n}`);
    page = await browser.newPage({ reducedMotion: 'reduce' });
  });
  afterAll(async () => {
    await browser.close();
    await service.close();
  });

  test('Back shows a list where it was left, with the focus on the link that led away', async () => {
    await open('executions');
    await page.getByRole('link', { name: 'rest-199' }).waitFor();
    await scrollTo(4000);
    await page.getByRole('link', { name: 'rest-95' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('.facts').waitFor();
    await page.goBack();
    await until("document.activeElement.textContent.trim() === 'rest-95'");
    expect(await page.evaluate("document.querySelector('.rows .view').scrollTop")).toBe(4000);
    // A link to the list shows it from its start.
    await page.getByRole('navigation').getByRole('link', { name: 'Machines' }).click();
    await page.getByRole('navigation').getByRole('link', { name: 'Executions' }).click();
    await page.getByRole('link', { name: 'rest-199' }).waitFor();
  });

  test('the focus and the place stay when rows arrive, and no screen reader counts them', async () => {
    await open('executions');
    await page.getByRole('link', { name: 'rest-199' }).waitFor();
    await scrollTo(4000);
    await page.getByRole('link', { name: 'rest-95' }).focus();
    const at = (): Promise<number> =>
      page.evaluate('Math.round(document.activeElement.getBoundingClientRect().top)');
    const before = await at();
    // The number that the filter has found is told once.
    await until("document.querySelector('main [role=status]').textContent !== ''");
    await page.evaluate(`
      globalThis.told = 0;
      for (const region of document.querySelectorAll('main [role=status]'))
        new MutationObserver(() => told++).observe(region, { subtree: true, childList: true, characterData: true });
    `);
    for (let n = 0; n < 30; n++) await start(mapped, `arrived-${Date.now()}-${n}`, '[]');
    await page.getByText('230 executions').filter({ visible: true }).first().waitFor();
    expect([await focused(), await at()]).toEqual(['rest-95', before]);
    // Even out of sight the row keeps the focus.
    await scrollTo(0);
    await page
      .getByRole('link', { name: /^arrived/ })
      .first()
      .waitFor();
    expect([await focused(), await page.evaluate('told')]).toEqual(['rest-95', 0]);
  });

  test('a link leads to a state, its iteration and tab, and an event; what is chosen is in the URL', async () => {
    const arn = encodeURIComponent(await start(mapped, 'linked', '[1,2,3]'));
    await open(`executions/${arn}?state=One+of+them&tab=data&iteration=For%2Beach%3D2&event=2&events=states`);
    await page.getByRole('region', { name: 'State One of them' }).waitFor();
    await page.getByRole('tab', { name: 'Input and output', selected: true }).waitFor();
    await page.getByRole('button', { name: /^For each\s*: iteration 2/ }).waitFor();
    // The link has selected the state: a click on it keeps it, with its tab.
    await page.locator('[data-state="One of them"]').dispatchEvent('click');
    await page.getByRole('tab', { name: 'Input and output', selected: true }).waitFor();
    await page.getByRole('region', { name: 'Events' }).getByRole('button', { name: 'One of them' }).click();
    await page.getByRole('region', { name: 'Event 2' }).waitFor();
    expect(query()).not.toMatch(/state=|tab=/);
    await page.locator('[data-state="For each"]').dispatchEvent('click');
    await page.getByRole('spinbutton', { name: 'Iteration' }).fill('1');
    await page.getByRole('tab', { name: 'Definition' }).click();
    await page.getByRole('button', { name: /^For each\s*: iteration 1/ }).waitFor();
    await page.getByRole('searchbox', { name: 'Search the events' }).fill('map');
    await until("document.querySelector('.events [role=status]').textContent.includes(' of ')");
    expect(query()).toMatch(/iteration=For\+each=1/);
    for (const field of ['state=For+each', 'tab=definition', 'event=2', 'events=states', 'find=map'])
      expect(query()).toContain(field);
    const isKept = async (): Promise<void> => {
      await page.getByRole('region', { name: 'State For each' }).waitFor();
      await page.getByRole('tab', { name: 'Definition', selected: true }).waitFor();
      expect(await page.getByRole('searchbox', { name: 'Search the events' }).inputValue()).toBe('map');
    };
    await page.reload();
    await isKept();
    await page.getByRole('navigation').getByRole('link', { name: 'Machines' }).click();
    await page.getByRole('heading', { name: 'Machines', level: 1 }).waitFor();
    await page.goBack();
    await isKept();
    // Another state begins at its first tab.
    await page.locator('[data-state="One of them"]').dispatchEvent('click');
    await page.getByRole('tab', { name: 'Status', selected: true }).waitFor();
  });

  test('a link to a state or an iteration that there is not shows the execution', async () => {
    const arn = encodeURIComponent(await start(mapped, 'odd-link', '[1]'));
    await open(`executions/${arn}?state=Nowhere&tab=nothing&iteration=For%2Beach%3D-1&visit=x&events=none`);
    await page.getByRole('region', { name: 'Execution', exact: true }).waitFor();
    await page.locator('[data-state="One of them"][data-progress="succeeded"]').waitFor();
    expect(await page.locator('.events .total').textContent()).toBe('10 events');
  });

  test('a link leads to an event far below, and Back to where its list was left', async () => {
    const input = JSON.stringify(Array.from({ length: 200 }, (_, n) => n));
    const arn = encodeURIComponent(await start(mapped, 'long', input));
    const top = (): Promise<number> =>
      page.evaluate("document.querySelector('.rows-events .view').scrollTop");
    await open(`executions/${arn}?event=500`);
    await page.getByRole('region', { name: 'Event 500' }).waitFor();
    expect(await top()).toBe(499 * 34);
    await until(
      "document.querySelector('.rows-events .view').getBoundingClientRect().bottom <= innerHeight + 1",
    );
    await page.evaluate("document.querySelector('.rows-events .view').scrollTo(0, 1700)");
    await page.getByRole('button', { name: 'Event 52', exact: true }).waitFor();
    await page.getByRole('navigation').getByRole('link', { name: 'Machines' }).click();
    await page.getByRole('heading', { name: 'Machines', level: 1 }).waitFor();
    await page.goBack();
    await page.getByRole('button', { name: 'Event 52', exact: true }).waitFor();
    expect(await top()).toBe(1700);
  });

  test('Escape closes the details of a state, and first the dialog over them', async () => {
    const arn = encodeURIComponent(await start(mapped, 'escaped', '[1]'));
    await open(`executions/${arn}?state=One+of+them`);
    const state = page.getByRole('region', { name: 'State One of them' });
    await page.getByRole('tab', { name: 'Status' }).focus();
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await state.waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('region', { name: 'Execution', exact: true }).waitFor();
    expect(await page.evaluate('document.activeElement.dataset.state')).toBe('One of them');
    // In a search the key clears the text first.
    await page.locator('[data-state="For each"]').dispatchEvent('click');
    await page.getByRole('searchbox', { name: 'Search the events' }).fill('map');
    await page.keyboard.press('Escape');
    await page.getByRole('region', { name: 'State For each' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('region', { name: 'Execution', exact: true }).waitFor();
  });

  test('events that arrive are not told to a screen reader', async () => {
    const arn = await start(waiting, 'told');
    await open(`executions/${encodeURIComponent(arn)}`);
    await until("document.querySelector('.events [role=status]').textContent === '2 events'");
    await call(service.url, 'StopExecution', { executionArn: arn });
    await page.locator('.events .total', { hasText: '3 events' }).waitFor();
    expect(await page.locator('.events [role=status]').textContent()).toBe('2 events');
  });

  test('arrow keys move through tabs', async () => {
    await open(`machines/${encodeURIComponent(waiting)}`);
    await page.getByRole('tab', { name: 'Graph' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.getByRole('tab', { name: 'Definition', selected: true }).waitFor();
    expect([await focused(), query()]).toEqual(['Definition', 'tab=definition']);
    await page.keyboard.press('Home');
    expect(await focused()).toBe('Graph');
  });

  test('keys lead anywhere', async () => {
    await open('machines');
    await page.getByRole('link', { name: 'Waiting' }).waitFor();
    await goTo('mapp');
    await page.getByRole('option', { name: 'Mapped Machine', selected: true }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Mapped', level: 1 }).waitFor();
    await goTo('rest-19');
    await page.getByRole('option', { name: /rest-199/, selected: true }).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.getByRole('option', { name: /rest-198/, selected: true }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'rest-198', level: 1 }).waitFor();
    expect(await page.title()).toBe('rest-198 · Stepwright');
  });

  test('the service filters the list, and several executions are run again and stopped at once', async () => {
    for (const n of [1, 2, 3]) await start(waiting, `picked-${n}`, `{"order":"A-${n}"}`);
    await open('executions');
    await page.getByRole('searchbox', { name: 'Input' }).fill('"A-');
    await page
      .getByText(/^3 of \d+ executions/)
      .first()
      .waitFor();
    expect(query()).toContain('input="A-');
    await page.getByRole('checkbox', { name: 'Choose picked-1' }).press('Space');
    await page.getByRole('checkbox', { name: 'Choose picked-2' }).press('Space');
    const bar = page.getByRole('toolbar', { name: 'Chosen executions' });
    /** Does something with the chosen ones, by keys alone. */
    const act = async (word: string): Promise<void> => {
      await bar.getByRole('button', { name: word, exact: true }).press('Enter');
      await page.getByRole('dialog').getByRole('button', { name: word, exact: true }).press('Enter');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    };
    await act('Run again');
    await page
      .getByText(/^5 of \d+ executions/)
      .first()
      .waitFor();
    await bar.getByRole('button', { name: 'Choose all' }).press('Enter');
    await act('Stop');
    await page.getByRole('combobox', { name: 'Status' }).selectOption('ABORTED');
    await page
      .getByText(/^5 of \d+ executions/)
      .first()
      .waitFor();
  });

  // `npm run check:console -- axe` has narrower screens.
  test('axe finds nothing in any view at 1,440 px, nor in the dark', async () => {
    await checkAxe(browser, [1440]);
    expect(problems).toEqual([]);
  });
});
