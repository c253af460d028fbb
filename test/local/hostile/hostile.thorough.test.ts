import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { killAll, stepwright, type Run } from '../../support/cli.js';
import { bodies } from './bodies.js';
import { devised, named, type HostileInput } from './inputs.js';
import { Trial, type Outcome } from './trial.js';

/** The most milliseconds that an input may take, and may delay another execution's task and the end of the process. */
const LIMITS = { tookMs: 2_000, slowestMs: 100, endsMs: 1_000 };
/** A definition or a body of a megabyte delays others until it is read. */
const LARGE = { chars: 256 * 1024, slowestMs: 1_000, bodyMs: 250 };
/** Other processes take their share of this machine: the quickest of a few tries shows the cost of an input. */
const TRIES = 4;

const all = [...named, ...devised];

/** The compiled command, which catches signals. */
async function start(): Promise<{ service: Run; trial: Trial }> {
  const service = stepwright(['local', '--port', '0']);
  const [, url = ''] = await service.saw(/Endpoint: (http:\/\/[\d.]+:\d+)/);
  const trial = new Trial(url, service.child.pid ?? 0);
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
      const isLarge = JSON.stringify(input.machine).length > LARGE.chars;
      const slowestMs = isLarge ? LARGE.slowestMs : LIMITS.slowestMs;
      expect(await best(input.error, slowestMs, () => trial.run(input))).toBeLessThan(1);
    },
  );

  test.each(bodies.map((body) => [body.does, body] as const))('a body: %s', async (_does, body) => {
    const slowestMs = body.body.length > LARGE.chars ? LARGE.bodyMs : LIMITS.slowestMs;
    expect(await best(body.error, slowestMs, () => trial.send(body))).toBeLessThan(1);
  });
});

/** Returns the best attempt's largest share of a limit. Every attempt has to end as it should. */
async function best(
  error: HostileInput['error'],
  slowestMs: number,
  attempt: () => Promise<Outcome>,
): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let n = 0; n < TRIES && least >= 1; n++) {
    const outcome = await attempt();
    const wanted: unknown[] = Array.isArray(error) ? error : [error];
    expect({
      cause: outcome.cause,
      wanted,
      got: wanted.includes(outcome.error) ? 'one of these' : outcome.error,
    }).toMatchObject({ got: 'one of these' });
    least = Math.min(least, Math.max(outcome.tookMs / LIMITS.tookMs, outcome.slowestMs / slowestMs));
  }
  return least;
}

describe('a SIGTERM in the middle of it ends the process', () => {
  const groups: [title: string, inputs: readonly HostileInput[]][] = [
    ['those that once were fatal', named],
    ['all of them at once', all],
    ...all.map((input): [string, HostileInput[]] => [input.does.slice(0, 80), [input]]),
  ];

  test.each(groups)('%s', async (_title, inputs) => {
    let leastMs = Number.POSITIVE_INFINITY;
    for (let n = 0; n < TRIES && leastMs >= LIMITS.endsMs; n++) {
      const { service, trial } = await start();
      for (const input of inputs) await trial.start(input);
      const began = performance.now();
      service.child.kill('SIGTERM');
      expect(await service.ended).toMatchObject({ signal: null });
      leastMs = Math.min(leastMs, performance.now() - began);
    }
    expect(leastMs).toBeLessThan(LIMITS.endsMs);
  });
});

test('there are many inputs of our own beside those that once were fatal', () => {
  expect(named.length).toBe(16);
  expect(devised.length + bodies.length).toBeGreaterThanOrEqual(75);
  expect(new Set([...all, ...bodies].map(({ does }) => does)).size).toBe(all.length + bodies.length);
});
