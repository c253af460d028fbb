import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { openScene } from '../scene.js';
import { VIEWS } from '../views.js';
import { say, wrong } from './report.js';

interface Finding {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** A desk's screen, a small one, and a telephone's. */
const VIEWPORTS = [
  { width: 1440, height: 900 },
  { width: 1024, height: 768 },
  { width: 390, height: 844 },
];

/**
 * Checks that axe finds nothing in any view, on a wide and on a narrow screen, and in the dark.
 * @param widths the screens, by their widths. @default all
 */
export async function checkAxe(browser: Browser, widths?: readonly number[]): Promise<void> {
  say('axe: every view, wide and narrow, in the dark on the widest');
  for (const viewport of VIEWPORTS.filter(({ width }) => widths?.includes(width) ?? true)) {
    const isWidest = viewport === VIEWPORTS[0];
    // A new scene for each: its executions go on meanwhile.
    const scene = await openScene();
    const context = await browser.newContext({ viewport, reducedMotion: 'reduce' });
    for (const view of VIEWS) {
      const page = await context.newPage();
      await view.open(page, scene);
      // The colours are the same at every width.
      for (const colorScheme of isWidest ? (['light', 'dark'] as const) : (['light'] as const)) {
        await page.emulateMedia({ colorScheme });
        const kind = `${colorScheme}, ${viewport.width} px`;
        for (const { id, help, nodes } of await findings(page, colorScheme))
          wrong(
            `${view.name} (${kind}): ${id}, ${help}: ${nodes[0]?.html} ${nodes[0]?.failureSummary ?? ''}`,
          );
      }
      await page.close();
    }
    say(`  ${viewport.width} px: ${VIEWS.length} views`);
    await context.close();
    await scene.close();
  }
}

/** The page's own policy lets no script in but its own; what is evaluated comes from outside of it. */
async function findings(page: Page, colorScheme: 'light' | 'dark'): Promise<Finding[]> {
  await page.evaluate(AXE);
  // In the dark only colours differ.
  const only = colorScheme === 'dark' ? 'runOnly: ["color-contrast"], ' : '';
  const { violations } = await page.evaluate<{ violations: Finding[] }>(
    `axe.run({ ${only}resultTypes: ["violations"] })`,
  );
  return violations;
}
