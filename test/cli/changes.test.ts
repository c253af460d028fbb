import { getEventListeners } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { systemClock } from '../../src/framework/base/time/clock.js';
import { Changes } from '../../src/framework/cli/dev/changes.js';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'stepwright-changes-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

test('however many changes there are, none leaves a listener at the signal of the stop', async () => {
  const stop = new AbortController();
  const changes = await Changes.watch([dir], undefined, systemClock);
  try {
    for (const name of ['a.ts', 'b.ts']) {
      const changed = changes.next(stop.signal);
      writeFileSync(join(dir, name), '');
      expect([...(await changed)]).toEqual([join(dir, name)]);
      expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
    }
    const none = changes.next(stop.signal);
    stop.abort();
    expect([...(await none)]).toEqual([]);
  } finally {
    await changes.close();
  }
});
