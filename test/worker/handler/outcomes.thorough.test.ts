import { describe, expect, test } from '@jest/globals';
import { createTaskContext } from 'stepwright/testing';
import { systemClock } from '../../../src/framework/base/time/clock.js';
import { hostedHandler } from '../../../src/framework/worker/pool/hosted-handler.js';
import { Pool } from '../../../src/framework/worker/pool/pool.js';
import { ProcessHost } from '../../../src/framework/worker/pool/process.js';
import { ThreadHost } from '../../../src/framework/worker/pool/thread.js';
import { outcomeOf } from '../../support/outcome.js';
import { silentLog } from '../../../src/framework/base/log/log.js';
import { compiled } from '../../support/hosted.js';
import { classOf, ROWS } from './rows/all.js';
import { difference, type Row } from './rows/row.js';

const parts = { clock: systemClock, random: Math.random, log: silentLog };

/**
 * Every so many rows of a list run here. A host runs one handler, so each row needs a host of its own, which takes about
 * half a second: all rows would take minutes. All of them run on the main thread, in outcomes.test.ts. A host compiles
 * and runs a handler by the same code, so only its start and the messages of its channel can change an outcome: for
 * them, an outcome is a text, or the name and cause of an error, whichever row it comes from.
 */
const EACH = 16;
/** So many rows run at once. */
const LANES = 4;

const module = compiled('test/worker/handler/rows/all.ts');

describe.each([
  ['thread', () => new ThreadHost()],
  ['process', () => new ProcessHost()],
] as const)('the same in a %s', (_, spawn) => {
  /** Returns the first difference from the outcome that a row expects, in a host of its own. */
  async function differenceOf(row: Row): Promise<string | undefined> {
    const handler = `${classOf(row)}.handle`;
    const host = { module, baseDir: '.', globs: undefined, handler, sourceMaps: false };
    const pool = new Pool({ spawn, host, ...parts });
    const context = createTaskContext({ handler, rawInput: row.json });
    const outcome = await outcomeOf(hostedHandler(pool, systemClock), row.json, context);
    await pool.close();
    const result =
      'output' in outcome ? { ...outcome, output: JSON.parse(outcome.output) as unknown } : outcome;
    if (result.status === 'deferred') throw new Error('no row defers its task');
    return difference(result, row.expected);
  }

  test.each(ROWS.map(([name, rows]) => [name, rows] as const))('%s', async (_, rows) => {
    const left = rows.filter((_, index) => index % EACH === 0);
    const run = async (): Promise<void> => {
      for (let row = left.shift(); row; row = left.shift())
        expect([row.name, await differenceOf(row)]).toEqual([row.name, undefined]);
    };
    await Promise.all(Array.from({ length: LANES }, run));
  });
});
