import { expect, test } from '@jest/globals';
import { countDownDrain } from '../../src/framework/cli/start/run-worker.js';
import { activity, holding } from '../support/work.js';
import { ARN, useWorld, type WorkerWorld } from '../support/world.js';

const world = useWorld();
const { faults } = world;

/** Collects the lines that a drain logs from now on. */
function linesOf({ worker }: WorkerWorld, graceMs: number): { lines: string[]; looks: () => number } {
  const lines: string[] = [];
  let looks = 0;
  const say = (line: unknown): void => void lines.push(String(line));
  const log = { debug: say, info: say, warn: say, error: say, child: () => log };
  const watched = {
    on: worker.on.bind(worker),
    status: () => {
      looks++;
      return worker.status();
    },
  };
  countDownDrain(watched, { log, clock: world.clock, graceMs });
  return { lines, looks: () => looks };
}

test('a drain says what it waits for and for how long, with less time left each time', async () => {
  const { type, held } = holding();
  const machine = world.machine(ARN);
  // With a random number of 0 every wait before a retry would be 0.
  const w = await world.worker({ activities: [type], grace: '8s', pollers: 2 }, { random: 0.5 });
  await world.execute(machine);
  await world.clock.settle(() => held.length === 1);
  const { lines, looks } = linesOf(w, 8_000);
  void w.worker.stop();
  await world.clock.advance(900);
  expect(lines).toEqual([]);
  await world.clock.advance(200);
  expect(lines).toEqual([
    expect.stringMatching(
      /^the drain waits for 1 running task \(\w+\.run\): told to end in 7 s, and for 2 open polls \(\w+\.run\): 74 s at most$/,
    ),
  ]);
  await world.clock.advance(10_000);
  expect(lines.slice(1)).toEqual([
    expect.stringMatching(/1 running task .*: told to end in 2 s, .*69 s at most$/),
    expect.stringMatching(/1 running task .*: told to end, .*64 s at most$/),
  ]);
  faults.always('SendTaskSuccess', { kind: 'error', error: 'ThrottlingException' });
  held[0]?.succeed('done');
  await world.clock.advance(5_000);
  expect(lines.at(-1)).toMatch(/and for 1 unreported result \(\w+\.run\): 22 s at most$/);
  faults.always('SendTaskSuccess', undefined);
  await world.clock.advance(60_000);
  await w.done;
  const before = looks();
  await world.clock.advance(60_000);
  expect(looks()).toBe(before);
});

test('a drain that is over at once says nothing', async () => {
  const w = await world.worker({ activities: [activity(() => 1)] });
  await world.clock.advance(1_000);
  const { lines } = linesOf(w, 60_000);
  world.service.endPolls();
  void w.worker.stop();
  await world.clock.advance(500);
  await w.done;
  await world.clock.advance(20_000);
  expect(lines).toEqual([]);
});
