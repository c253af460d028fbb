import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { EXECUTIONS, openBigScene, STATES } from './big-scene.js';
import { findChromium, startChromium } from './chromium.js';
import { openScene } from './scene.js';
import { VIEWS } from './views.js';

/**
 * What a person needs of the console and takes too long for `npm test`: that axe finds nothing serious in any view, light
 * and dark, and that it answers fast whatever there is to show. `npm run check:console`; ends with 1 where something is
 * not as it should be.
 */

const problems: string[] = [];
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const wrong = (what: string): void => {
  problems.push(what);
  say(`  WRONG: ${what}`);
};

interface Finding {
  readonly id: string;
  readonly impact: string;
  readonly help: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

async function everybodyCanUseIt(browser: Browser): Promise<void> {
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

/** What an interaction may take until the page shows its answer, and a view until it is there, in milliseconds. */
const ANSWER_MS = 100;
const FIRST_PAINT_MS = 1_000;
const TRIES = 5;

async function itStaysFast(browser: Browser): Promise<void> {
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
  /** How long the page takes to paint what comes of an action. */
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

/** By the middle one: a machine may be busy for once. */
function report(what: string, times: readonly number[], limit: number): void {
  const sorted = times.toSorted((a, b) => a - b);
  const middle = sorted[sorted.length >> 1] ?? 0;
  say(`  ${what}: ${Math.round(middle)} ms (${sorted.map((each) => Math.round(each)).join(', ')})`);
  if (middle > limit) wrong(`${what} takes ${Math.round(middle)} ms, more than ${limit}`);
}

const executablePath = findChromium();
if (executablePath === undefined)
  throw new Error('no Chromium here: apt-get install chromium, or name one in CHROMIUM');
const browser = await startChromium(executablePath);
const [only] = process.argv.slice(2);
if (only !== 'speed') await everybodyCanUseIt(browser);
if (only !== 'axe') await itStaysFast(browser);
await browser.close();
say(problems.length === 0 ? 'All as it should be' : `${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
