import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { openScene } from '../scene.js';
import { VIEWS } from '../views.js';
import { say, wrong } from './report.js';

interface Finding {
  readonly id: string;
  readonly impact: string;
  readonly help: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** That axe finds nothing serious in any view, light and dark. */
export async function everybodyCanUseIt(browser: Browser): Promise<void> {
  say('axe: every view, light and dark');
  for (const colorScheme of ['light', 'dark'] as const) {
    // Anew for each: what is in it goes on meanwhile.
    const scene = await openScene();
    const context = await browser.newContext({
      viewport: { width: 1440, height: 900 },
      colorScheme,
      reducedMotion: 'reduce',
    });
    for (const view of VIEWS) {
      const page = await context.newPage();
      await view.open(page, scene);
      const serious = (await findings(page)).filter(
        ({ impact }) => impact === 'serious' || impact === 'critical',
      );
      for (const { id, help, nodes } of serious)
        wrong(
          `${view.name} (${colorScheme}): ${id}, ${help}: ${nodes[0]?.html} ${nodes[0]?.failureSummary ?? ''}`,
        );
      await page.close();
    }
    say(`  ${colorScheme}: ${VIEWS.length} views`);
    await context.close();
    await scene.close();
  }
}

/** The page's own policy lets no script in but its own; what is evaluated comes from outside of it. */
async function findings(page: Page): Promise<Finding[]> {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate<{ violations: Finding[] }>(
    'axe.run({ resultTypes: ["violations"] })',
  );
  return violations;
}
