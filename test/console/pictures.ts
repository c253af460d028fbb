import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findChromium, startChromium } from './chromium.js';
import { openScene } from './scene.js';
import { VIEWS } from './views.js';

/**
 * Takes a picture of each view of the console, light and dark, on a wide and on a narrow screen. They are there to be
 * looked at: `npm run pictures -- FOLDER [part of a view's name] [wide|narrow]`. With `docs` as the folder, those that
 * the documentation shows.
 */

const SIZES = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } };
const THEMES = ['light', 'dark'] as const;
const IN_DOCS = ['execution', 'execution-failed', 'execution-map', 'hand', 'new-machine-wrong', 'workers'];

const [folder = 'pictures', only = '', ...sizes] = process.argv.slice(2);
const forDocs = folder === 'docs';
const views = VIEWS.filter(({ name }) => (forDocs ? IN_DOCS.includes(name) : name.includes(only)));
const fileOf = (view: string, size: string, theme: string): string =>
  forDocs ? `docs/images/console-${view}.png` : join(folder, `${view}-${size}-${theme}.png`);

mkdirSync(forDocs ? 'docs/images' : folder, { recursive: true });
const executablePath = findChromium();
if (executablePath === undefined)
  throw new Error('no Chromium here: apt-get install chromium, or name one in CHROMIUM');
const browser = await startChromium(executablePath);
for (const [size, viewport] of Object.entries(SIZES)) {
  if (forDocs ? size !== 'wide' : sizes.length > 0 && !sizes.includes(size)) continue;
  for (const colorScheme of forDocs ? THEMES.slice(0, 1) : THEMES) {
    // A new scene for each: its executions go on meanwhile.
    const scene = await openScene();
    const deviceScaleFactor = size === 'wide' ? 1 : 2;
    const context = await browser.newContext({
      viewport,
      colorScheme,
      deviceScaleFactor,
      reducedMotion: 'reduce',
    });
    for (const view of views) {
      const page = await context.newPage();
      page.on(
        'console',
        (message) => message.type() === 'error' && console.error(`${view.name}: ${message.text()}`),
      );
      page.on('pageerror', (error) => console.error(`${view.name}: ${error.message}`));
      await view.open(page, scene);
      await page.screenshot({
        path: fileOf(view.name, size, colorScheme),
        fullPage: size === 'narrow',
      });
      await page.close();
    }
    await context.close();
    await scene.close();
  }
}
await browser.close();
