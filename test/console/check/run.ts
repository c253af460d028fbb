import { findChromium, startChromium } from '../chromium.js';
import { checkAxe } from './axe.js';
import { checkKeyboard } from './keyboard.js';
import { checkLarge } from './large.js';
import { problems, say } from './report.js';
import { checkSpeed } from './speed.js';
import { checkThroughput } from './throughput.js';

/**
 * Checks of the console in a browser that take too long for `npm test`: `npm run check:console`, or one of them. Exits with
 * 1 where one finds something wrong.
 */
const PARTS = {
  axe: checkAxe,
  keyboard: checkKeyboard,
  speed: checkSpeed,
  large: checkLarge,
  throughput: checkThroughput,
};

const executablePath = findChromium();
if (executablePath === undefined)
  throw new Error('no Chromium here: apt-get install chromium, or name one in CHROMIUM');
const browser = await startChromium(executablePath);
const [only] = process.argv.slice(2);
for (const [name, check] of Object.entries(PARTS))
  if (only === undefined || only === name) await check(browser);
await browser.close();
say(problems.length === 0 ? 'All as it should be' : `${problems.length} problem(s)`);
process.exitCode = problems.length === 0 ? 0 : 1;
