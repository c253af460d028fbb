import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { findChromium, startChromium } from './chromium.js';
import { call, openScene, type Scene } from './scene.js';

/**
 * Takes a picture of each view of the console, light and dark, on a wide and on a narrow screen, into the folder that is
 * given. They are there to be looked at: `npm run pictures -- /tmp/pictures`.
 */

interface View {
  readonly name: string;
  path(scene: Scene): string;
  /** Does something before the picture is taken. */
  readonly before?: (page: Page) => Promise<void>;
}

const state = (name: string) => async (page: Page) => {
  await page.locator(`[data-state="${name}"]`).first().dispatchEvent('click');
};

const VIEWS: readonly View[] = [
  { name: 'machines', path: () => 'machines' },
  { name: 'machine', path: ({ machine }) => `machines/${machine}` },
  { name: 'new-machine', path: ({ machine }) => `machines/new?from=${machine}` },
  { name: 'executions', path: () => 'executions' },
  { name: 'execution', path: ({ running }) => `executions/${running}`, before: state('Print label') },
  { name: 'execution-map', path: ({ running }) => `executions/${running}`, before: state('For each parcel') },
  { name: 'execution-retried', path: ({ running }) => `executions/${running}`, before: state('Check stock') },
  { name: 'execution-failed', path: ({ failed }) => `executions/${failed}` },
  {
    name: 'start',
    path: ({ machine }) => `machines/${machine}`,
    before: async (page) => {
      await page.getByRole('button', { name: 'Start execution' }).click();
      await page.locator('.cm-content').waitFor();
    },
  },
  { name: 'activities', path: () => 'activities' },
  { name: 'workers', path: () => 'workers' },
  {
    name: 'hand',
    path: ({ running }) => `executions/${running}`,
    before: async (page) => {
      await call(scene.service.url, 'StartExecution', {
        stateMachineArn: scene.machine,
        input: '{"order":9001}',
      });
      await page.goto(page.url().replace(/#.*/, '#/activities'));
      await page.getByRole('button', { name: 'Take the oldest task by hand' }).first().click();
      await page.locator('.drawer .cm-content').waitFor();
    },
  },
];

const SIZES = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } };

const [folder = 'pictures', only, ...sizes] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const executablePath = findChromium();
if (executablePath === undefined)
  throw new Error('no Chromium here: apt-get install chromium, or name one in CHROMIUM');
const scene = await openScene();
const browser = await startChromium(executablePath);
for (const [size, viewport] of Object.entries(SIZES)) {
  if (sizes.length > 0 && !sizes.includes(size)) continue;
  for (const colorScheme of ['light', 'dark'] as const) {
    const context = await browser.newContext({
      viewport,
      colorScheme,
      deviceScaleFactor: size === 'wide' ? 1 : 2,
      reducedMotion: 'reduce',
    });
    for (const view of VIEWS) {
      if (only !== undefined && !view.name.includes(only)) continue;
      const page = await context.newPage();
      page.on(
        'console',
        (message) => message.type() === 'error' && console.error(`${view.name}: ${message.text()}`),
      );
      page.on('pageerror', (error) => console.error(`${view.name}: ${error.message}`));
      await page.goto(`${scene.service.url}/#/${view.path(scene)}`);
      await page.locator('h1').waitFor();
      await view.before?.(page);
      await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 400)));
      const path = join(folder, `${view.name}-${size}-${colorScheme}.png`);
      await page.screenshot({ path, fullPage: size === 'narrow' });
      await page.close();
    }
    await context.close();
  }
}
await browser.close();
await scene.close();
