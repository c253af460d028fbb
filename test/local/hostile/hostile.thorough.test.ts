import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { endpointOf, killAll, stepwright, type Run } from '../../support/cli.js';
import { bodies } from './bodies.js';
import { devised, named } from './inputs.js';
import { Trial, type Outcome } from './trial.js';
import { oneOf } from '../../support/effort.js';

/** The heaps of the service, in megabytes. `HOSTILE_HEAPS=256,512` tries a larger one too. */
const HEAPS = process.env['HOSTILE_HEAPS']?.split(',').map(Number) ?? [256];
/**
 * The most milliseconds of the main thread before another execution is served, of real time until another expression has
 * had its turn, and until the process has ended. An expression that never ends is ended after 10 s of processor time.
 */
const LIMITS = { slowestMs: 1_000, turnMs: 9_000, endsMs: 5_000 };
/** Other processes take their share of this machine: the quickest of a few tries shows the cost of an input. */
const TRIES = 3;

/** One of so many of our own inputs is tried. */
const SHARE = oneOf(10);
const shareOf = <T>(inputs: readonly T[]): T[] => inputs.filter((_, n) => n % SHARE === 0);
const all = [...named, ...devised];

async function start(heapMb: number): Promise<{ service: Run; trial: Trial }> {
  const service = stepwright(['local', '--port', '0'], { NODE_OPTIONS: `--max-old-space-size=${heapMb}` });
  const trial = new Trial(await endpointOf(service), service.child.pid ?? 0);
  await trial.prepare();
  return { service, trial };
}

afterAll(killAll);

describe.each(HEAPS)('in a heap of %i MB, while other executions go on as if nothing were', (heapMb) => {
  let trial: Trial;
  beforeAll(async () => {
    trial = (await start(heapMb)).trial;
  });

  test.each([...named, ...shareOf(devised)].map((input) => [input.does.slice(0, 80), input] as const))(
    '%s',
    async (_does, input) => {
      const errors = [input.error, ...(input.goesOn ? ['ABORTED'] : [])].flat();
      expect(await best(errors, () => trial.run(input))).toBeLessThan(1);
    },
    600_000,
  );

  test.each(shareOf(bodies).map((body) => [body.does, body] as const))('a body: %s', async (_does, body) => {
    expect(await best([body.error].flat(), () => trial.send(body))).toBeLessThan(1);
  });
});

/** Returns the best attempt's largest share of a limit. Every attempt has to end as it should. */
async function best(wanted: readonly unknown[], attempt: () => Promise<Outcome>): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let n = 0; n < TRIES && least >= 1; n++) {
    const { error: got, cause, slowestMs, turnMs } = await attempt();
    expect({ cause, wanted, got: wanted.includes(got) ? 'one of these' : got }).toMatchObject({
      got: 'one of these',
    });
    least = Math.min(least, Math.max(slowestMs / LIMITS.slowestMs, turnMs / LIMITS.turnMs));
  }
  return least;
}

test('a SIGTERM in the middle of what once was fatal and of what never ends ends the process', async () => {
  const inputs = new Set([...named, ...all.filter(({ goesOn }) => goesOn)]);
  let leastMs = Number.POSITIVE_INFINITY;
  for (let n = 0; n < TRIES && leastMs >= LIMITS.endsMs; n++) {
    const { service, trial } = await start(512);
    for (const input of inputs) await trial.start(input);
    const began = performance.now();
    service.child.kill('SIGTERM');
    expect(await service.ended).toMatchObject({ signal: null });
    leastMs = Math.min(leastMs, performance.now() - began);
  }
  expect(leastMs).toBeLessThan(LIMITS.endsMs);
}, 900_000);

test('there are many inputs of our own beside those that once were fatal', () => {
  expect(named.length).toBe(18);
  expect(devised.length + bodies.length).toBeGreaterThanOrEqual(75);
  expect(new Set([...all, ...bodies].map(({ does }) => does)).size).toBe(all.length + bodies.length);
});
