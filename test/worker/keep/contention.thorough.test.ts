import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as nap } from 'node:timers/promises';
import { afterAll, describe, expect, test } from '@jest/globals';
import { directory, type Store } from 'stepwright';
import { dynamoDbAt, s3At, startStores } from '../../aws/stores/stores.js';
import { killPrograms, type Program, startProgram } from '../../support/crash/program.js';
import { tries } from '../../support/effort.js';
import { mulberry32 } from '../../support/random.js';

const PROCESSES = 4;
/** So often one of them has the record. */
const HAD = tries(24);
const KILLS = tries(9);

const root = mkdtempSync(join(tmpdir(), 'stepwright-contention-'));
const moto = await startStores();
afterAll(async () => {
  killPrograms();
  rmSync(root, { recursive: true, force: true });
  await moto?.stop();
});

interface Place {
  readonly kind: 'directory' | 's3' | 'dynamodb';
  readonly at: string;
  readonly open: () => Store;
}
const folder = join(root, 'store');
const places: readonly Place[] = [
  { kind: 'directory', at: folder, open: () => directory(folder) },
  ...(moto
    ? ([
        { kind: 'dynamodb', at: moto.url, open: () => dynamoDbAt(moto.url) },
        // Behind a proxy, as moto 5.1.1 ignores `If-Match`.
        { kind: 's3', at: moto.s3Url, open: () => s3At(moto.s3Url) },
      ] as const)
    : []),
];

/** Starts a fixture with a place and more arguments. */
const start = (fixture: string, { kind, at }: Place, ...more: readonly string[]): Program =>
  startProgram(`test/fixtures/keep/${fixture}.mjs`, { args: [kind, at, ...more] });

describe.each(places)('in $kind', (place) => {
  test('four processes that create and remove one record never have it at once', async () => {
    const marker = join(root, `marker-${place.kind}`);
    const programs = Array.from({ length: PROCESSES }, () => start('contender', place, marker));
    const total = (what: string): number =>
      programs.flatMap((program) => program.said().filter((each) => each === what)).length;
    const isEnough = (): boolean => total('has') > HAD && total('leaves') > 0 && total('waits') > 0;
    await Promise.race(programs.map((program) => program.until(isEnough)));
    for (const program of programs) program.signal('SIGTERM');
    const endings = await Promise.all(programs.map(({ ended }) => ended));
    expect(endings.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
      programs.map(() => ({ code: 0, stderr: '' })),
    );
    const counts: Record<string, number> = {};
    for (const { said } of endings)
      for (const each of said) counts[String(each)] = (counts[String(each)] ?? 0) + 1;
    console.log(`${place.kind}: ${JSON.stringify(counts)}`);
    expect(Object.keys(counts).toSorted()).toEqual(['has', 'leaves', 'waits']);
  }, 200_000);

  test(`a counter has every count that was acknowledged after ${KILLS} kills`, async () => {
    const store = place.open();
    await store.put('counted/one', Buffer.from('0'));
    const random = mulberry32(KILLS);
    const all: Program[] = [];
    const run = async (kills: number): Promise<void> => {
      for (let kill = 0; kill < kills; kill++) {
        const program = start('counter', place);
        all.push(program);
        const counts = 1 + Math.floor(random() * 12);
        await program.until(() => program.said().length >= counts);
        await nap(random() * 5);
        program.signal('SIGKILL');
        const { signal, stderr } = await program.ended;
        expect({ signal, stderr }).toEqual({ signal: 'SIGKILL', stderr: '' });
      }
    };
    await Promise.all([
      run(KILLS - 2 * Math.floor(KILLS / 3)),
      run(Math.floor(KILLS / 3)),
      run(Math.floor(KILLS / 3)),
    ]);
    const counted = all
      .flatMap((program) => program.said() as { counted?: number }[])
      .flatMap(({ counted: count }) => count ?? []);
    const { value } = (await store.get('counted/one')) ?? {};
    const count = Number(Buffer.from(value ?? []).toString());
    console.log(`${place.kind}: ${counted.length} counts were acknowledged, the record says ${count}`);
    expect(all).toHaveLength(KILLS);
    expect(new Set(counted).size).toBe(counted.length);
    expect(count).toBeGreaterThanOrEqual(Math.max(...counted));
    // Each kill may have cut off one answer.
    expect(count).toBeGreaterThanOrEqual(counted.length);
    expect(count).toBeLessThanOrEqual(counted.length + KILLS);
  }, 600_000);
});
