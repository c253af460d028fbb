import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { killAll, stepwright, type Run } from '../../support/cli.js';
import { devised, named, type HostileInput } from './inputs.js';
import { Trial, type Outcome } from './trial.js';

/** What an input may take, and how long another execution's task may be delayed by it, in milliseconds. */
const LIMITS = { tookMs: 2_000, slowestMs: 100 };
/** Other processes of this machine have their share too: the quickest of a few tries tells what an input costs. */
const TRIES = 4;

const all = [...named, ...devised];

/** The compiled command, which is the one that catches signals. */
async function start(): Promise<{ service: Run; trial: Trial }> {
  const service = stepwright(['local', '--port', '0']);
  const [, url = ''] = await service.saw(/Endpoint: (http:\/\/[\d.]+:\d+)/);
  const trial = new Trial(url);
  await trial.prepare();
  return { service, trial };
}

afterAll(killAll);

describe('while another execution goes on as if nothing were', () => {
  let trial: Trial;
  beforeAll(async () => {
    trial = (await start()).trial;
  });

  test.each(all.map((input, i) => [i, input.does.slice(0, 80), input] as const))(
    '%i: %s',
    async (_i, _does, input) => {
      let best: Outcome | undefined;
      for (let n = 0; n < TRIES && !(best && isWithin(best)); n++) {
        const outcome = await trial.run(input);
        expect({ error: outcome.error, cause: outcome.cause }).toMatchObject({ error: input.error });
        best = best && cost(best) < cost(outcome) ? best : outcome;
      }
      expect(best).toMatchObject({ tookMs: expect.any(Number) });
      expect(best?.tookMs).toBeLessThan(LIMITS.tookMs);
      expect(best?.slowestMs).toBeLessThan(LIMITS.slowestMs);
    },
  );
});

const isWithin = ({ tookMs, slowestMs }: Outcome): boolean =>
  tookMs < LIMITS.tookMs && slowestMs < LIMITS.slowestMs;
/** How near it is to its limits, at worst. */
const cost = ({ tookMs, slowestMs }: Outcome): number =>
  Math.max(tookMs / LIMITS.tookMs, slowestMs / LIMITS.slowestMs);

describe('a SIGTERM in the middle of it ends the process', () => {
  const groups: [title: string, inputs: readonly HostileInput[]][] = [
    ['those that once were fatal', named],
    ['all of them at once', all],
  ];

  test.each(groups)('%s', async (_title, inputs) => {
    const { service, trial } = await start();
    for (const input of inputs) await trial.start(input);
    const began = performance.now();
    service.child.kill('SIGTERM');
    expect(await service.ended).toMatchObject({ signal: null });
    // A second, and what other processes of this machine may take of it.
    expect(performance.now() - began).toBeLessThan(1_500);
  });
});

test('there are thirty inputs of our own beside those that once were fatal', () => {
  expect(named.length).toBe(6);
  expect(devised.length).toBeGreaterThanOrEqual(30);
});
