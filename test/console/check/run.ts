import { findChromium, startChromium } from '../chromium.js';
import { everybodyCanUseIt } from './everybody.js';
import { keysAreEnough } from './keyboard.js';
import { problems, say } from './report.js';
import { itStaysFast } from './speed.js';
import { theEngineHardlyNotices } from './throughput.js';

/**
 * What a person needs of the console and takes too long for `npm test`: `npm run check:console`, or one part of it. Ends
 * with 1 where something is not as it should be.
 */
const PARTS = {
  axe: everybodyCanUseIt,
  keyboard: keysAreEnough,
  speed: itStaysFast,
  throughput: theEngineHardlyNotices,
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
