import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from '@jest/globals';
import { endpointOf, killAll, stepwright } from '../../support/cli.js';
import { Connections } from './connections.js';
import { Generator } from './generated.js';
import { Random } from './random.js';
import { Trial, type Outcome } from './trial.js';
import { tries } from '../../support/effort.js';

/** The machines for each heap; `HOSTILE_SEED=2` tries other ones. */
const MACHINES = tries(15);
const SEED = Number(process.env['HOSTILE_SEED'] ?? 1);
const HEAPS = process.env['HOSTILE_HEAPS']?.split(',').map(Number) ?? [256];

/**
 * The most milliseconds of the main thread before another execution is served, and of real time until another expression
 * has had its turn; the share of the heap that may be used; and the most milliseconds until the process has ended.
 */
const LIMITS = { slowestMs: 1_000, turnMs: 9_000, heap: 0.8, endsMs: 5_000 };
/** Other processes take their share of this machine: the quickest of a few tries shows the cost. */
const TRIES = 3;
const PROBE = pathToFileURL(resolve('test/fixtures/heap-probe.mjs')).href;

afterAll(killAll);

const share = ({ slowestMs, turnMs }: Outcome): number =>
  Math.max(slowestMs / LIMITS.slowestMs, turnMs / LIMITS.turnMs);

test.each(HEAPS)(
  'machines that are made up leave others what they need, in a heap of %i MB',
  async (heapMb) => {
    const notes = join(mkdtempSync(join(tmpdir(), 'heap-')), 'most');
    const NODE_OPTIONS = `--max-old-space-size=${heapMb} --import ${PROBE}`;
    const service = stepwright(['local', '--port', '0'], { NODE_OPTIONS, HEAP_PROBE: notes });
    const url = await endpointOf(service);
    const trial = new Trial(url, service.child.pid ?? 0);
    await trial.prepare();
    const connections = new Connections(Number(new URL(url).port), new Random(SEED));
    const generator = new Generator(SEED);
    const costly: object[] = [];
    for (let n = 0; n < MACHINES; n++) {
      const { machine, input } = generator.machine();
      let worst = Number.POSITIVE_INFINITY;
      let seen: object = {};
      for (let each = 0; each < TRIES && worst >= 1; each++) {
        const outcome = await trial.run({ does: '', machine, input, error: undefined, goesOn: true });
        if (share(outcome) < worst) seen = outcome;
        worst = Math.min(worst, share(outcome));
      }
      if (worst >= 1) costly.push({ n, ...seen, machine: JSON.stringify(machine).slice(0, 1_000) });
      const { body, operation } = generator.body();
      const sent = await trial.send({ does: '', operation, body, error: undefined });
      if (share(sent) >= 1) costly.push({ n, ...sent, operation, body: body.slice(0, 1_000) });
      const disturbed = await trial.during(() => connections.disturb());
      if (share(disturbed) >= 1) costly.push({ n, ...disturbed, connections: true });
    }
    connections.close();
    expect(costly).toEqual([]);
    expect(Number(readFileSync(notes, 'utf8')) / 1024 ** 2 / heapMb).toBeLessThan(LIMITS.heap);
    const began = performance.now();
    service.child.kill('SIGTERM');
    expect(await service.ended).toMatchObject({ signal: null });
    expect(performance.now() - began).toBeLessThan(LIMITS.endsMs);
  },
  60_000 + MACHINES * 15_000,
);
