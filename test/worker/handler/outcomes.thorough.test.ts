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
import { difference } from './rows/row.js';

const parts = { clock: systemClock, random: Math.random, log: silentLog };

/** A host runs one handler, so each row starts one: of all rows, so many are enough to show what the channel changes. */
const EACH = 40;

const module = compiled('test/worker/handler/rows/all.ts');

describe.each([
  ['thread', () => new ThreadHost()],
  ['process', () => new ProcessHost()],
] as const)('the same in a %s', (_, spawn) => {
  test.each(ROWS.map(([name, rows]) => [name, rows] as const))('%s', async (_, rows) => {
    for (const row of rows.filter((_, index) => index % EACH === 0)) {
      const handler = `${classOf(row)}.handle`;
      const host = { module, baseDir: '.', globs: undefined, handler, sourceMaps: false };
      const pool = new Pool({ spawn, host, ...parts });
      const context = createTaskContext({ handler, rawInput: row.json });
      const outcome = await outcomeOf(hostedHandler(pool, systemClock), row.json, context);
      await pool.close();
      const result =
        'output' in outcome ? { ...outcome, output: JSON.parse(outcome.output) as unknown } : outcome;
      if (result.status === 'deferred') throw new Error('no row defers its task');
      expect([row.name, difference(result, row.expected)]).toEqual([row.name, undefined]);
    }
  });
});
