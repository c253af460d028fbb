import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { type ConsoleWorker, type LocalService, startLocalService } from 'stepwright/local';
import { findChromium, startChromium } from './chromium.js';
import { FLEET } from './scene.js';

// A page is drawn without a graphics card, on a machine that may be busy.
jest.setTimeout(180_000);

const executablePath = findChromium();
if (executablePath === undefined)
  process.stderr.write(
    '\n*** The console is NOT tested: there is no Chromium here (apt-get install chromium) ***\n\n',
  );
const withChromium = executablePath === undefined ? describe.skip : describe;

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const KINDS = [390, 1_024, 1_440].flatMap((width) =>
  (['light', 'dark'] as const).map((colorScheme) => ({ width, colorScheme })),
);

withChromium('the workers of a fleet, in a real Chromium', () => {
  let browser: Browser;
  let service: LocalService;
  let workers: readonly ConsoleWorker[] = FLEET;
  const broken: string[] = [];

  beforeAll(async () => {
    execFileSync(process.execPath, ['src/console/build.mjs', '--strict']);
    service = await startLocalService({ port: 0, console: { workers: () => workers } });
    browser = await startChromium(executablePath ?? '');
  });

  afterAll(async () => {
    await browser?.close();
    await service?.close();
  });

  async function open(width: number, colorScheme: 'light' | 'dark', path = 'workers'): Promise<Page> {
    const context = await browser.newContext({
      viewport: { width, height: 900 },
      colorScheme,
      reducedMotion: 'reduce',
    });
    const page = await context.newPage();
    page.on('request', (request) => request.url().startsWith(service.url) || broken.push(request.url()));
    page.on('console', (message) => message.type() === 'error' && broken.push(message.text()));
    page.on('pageerror', (error) => broken.push(error.message));
    await page.goto(`${service.url}/#/${path}`);
    await page.locator('table.fleet tbody tr').first().waitFor();
    return page;
  }

  test.each(KINDS)(
    'at $width px, $colorScheme: the page is no wider than the screen, and axe finds nothing',
    async (kind) => {
      const key = encodeURIComponent('10.0.12.32:8080');
      const page = await open(kind.width, kind.colorScheme, `workers/${key}`);
      await page.getByRole('listitem', { name: 'Worker packing-7d9f5c-2' }).waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      await page.evaluate(AXE);
      const { violations } = await page.evaluate<{ violations: { id: string; help: string }[] }>(
        'axe.run({ resultTypes: ["violations"] })',
      );
      expect(violations.map(({ id, help }) => `${id}: ${help}`)).toEqual([]);
      await page.context().close();
    },
  );

  test('each worker has a row with what it does, and its details by a click', async () => {
    const page = await open(1_440, 'light');
    const rows = page.locator('table.fleet tbody tr');
    expect(await rows.count()).toBe(6);
    const cells = async (n: number): Promise<string> =>
      (await rows.nth(n).innerText()).replaceAll(/\s+/g, ' ');
    expect(await cells(1)).toMatch(
      /^packing-7d9f5c-1 10\.0\.12\.31:8080 1\.2\.0 3 h Ready 4 of 10 Kubernetes, for 3 h 2 h 5 min InvoiceActivity\.render$/,
    );
    expect(await cells(2)).toMatch(
      / Ready LabelActivity\.print paused by a task, 9 min \d+ s left 4 of 10 – /,
    );
    expect(await cells(3)).toMatch(/ 1\.1\.4 3 h Draining grace ends in 9 min \d+ s /);
    expect(await cells(4)).toMatch(/ Not ready .* waiting for the service \(unreachable\) for 3 h /);
    expect(await cells(5)).toMatch(/^10\.0\.12\.35:8080 Can't be read no answer within 2 s ?$/);
    expect(await page.locator('li.worker').count()).toBe(0);
    await page.getByRole('link', { name: 'packing-7d9f5c-3' }).click();
    const panel = page.getByRole('listitem', { name: 'Worker packing-7d9f5c-3' });
    await panel.getByText('the worker is draining').waitFor();
    expect(await page.locator('li.worker').count()).toBe(1);
    // A second click closes it.
    await page.getByRole('link', { name: 'packing-7d9f5c-3' }).click();
    await panel.waitFor({ state: 'detached' });
    await page.context().close();
  });

  test('a worker that goes leaves the table, and one that comes is in it', async () => {
    const page = await open(1_024, 'light');
    workers = [
      ...FLEET.slice(0, 2),
      { ...FLEET[0], name: 'new-1', address: '10.0.12.99:8080' } as ConsoleWorker,
    ];
    await page.getByRole('link', { name: 'new-1' }).waitFor();
    expect(await page.locator('table.fleet tbody tr').count()).toBe(3);
    // Few workers are shown with their details at once.
    expect(await page.locator('li.worker').count()).toBe(3);
    workers = FLEET;
    await page.context().close();
  });

  test('the page asked nobody else for anything, and its policy stopped nothing', () => {
    expect(broken).toEqual([]);
  });
});
