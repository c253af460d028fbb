import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTaskContext } from 'stepwright/testing';
import { systemClock } from '../../../src/framework/base/time/clock.js';
import { hostedHandler } from '../../../src/framework/worker/pool/hosted-handler.js';
import type { Host } from '../../../src/framework/worker/pool/host.js';
import { Pool } from '../../../src/framework/worker/pool/pool.js';
import { ProcessHost } from '../../../src/framework/worker/pool/process.js';
import { ThreadHost } from '../../../src/framework/worker/pool/thread.js';
import { outcomeOf } from '../../support/outcome.js';
import { silentLog } from '../../../src/framework/base/log/log.js';
import { compiled } from '../../support/hosted.js';
import { classOf, ROWS } from './rows/all.js';
import { difference } from './rows/row.js';

const parts = { clock: systemClock, random: Math.random, log: silentLog };

describe.each([
  ['thread', () => new ThreadHost()],
  ['process', () => new ProcessHost()],
] as const)('the same in one %s, which runs all of them', (_, spawn) => {
  let pool: Pool;
  const hosts: Host[] = [];
  beforeAll(() => {
    const module = compiled('test/worker/handler/rows/all.ts');
    const host = { module, baseDir: '.', globs: undefined, handlers: [], sourceMaps: false };
    pool = new Pool({ spawn: () => hosts[hosts.push(spawn()) - 1] as Host, host, ...parts });
  });
  afterAll(() => pool.close());

  test.each(ROWS.map(([name, rows]) => [name, rows] as const))('%s', async (_, rows) => {
    const handle = hostedHandler(pool, systemClock);
    for (const row of rows) {
      const context = createTaskContext({ handler: `${classOf(row)}.handle`, rawInput: row.json });
      const outcome = await outcomeOf(handle, row.json, context);
      const result =
        'output' in outcome ? { ...outcome, output: JSON.parse(outcome.output) as unknown } : outcome;
      if (result.status === 'deferred') throw new Error('no row defers its task');
      expect([row.name, difference(result, row.expected)]).toEqual([row.name, undefined]);
    }
    expect(hosts).toHaveLength(1);
  });
});
