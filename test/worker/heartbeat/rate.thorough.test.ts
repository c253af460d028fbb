import { afterEach, expect, test } from '@jest/globals';
import type { Fault } from 'stepwright/local';
import { activity } from '../../support/work.js';
import { ARN, createWorld, type World } from '../../support/world.js';

let world: World | undefined;
afterEach(() => world?.close());

const [RATE, TASKS] = [10, 60];

const error = (name: Extract<Fault, { kind: 'error' }>['error']): Fault => ({ kind: 'error', error: name });

const EACH_MS = 30_000;
/** How the service answers heartbeats, for this long each. `part`: the part of them that fails. @default 1 */
const ANSWERS: readonly { readonly fault?: Fault; readonly part?: number }[] = [
  {},
  { fault: error('ThrottlingException') },
  { fault: error('ThrottlingException'), part: 0.3 },
  { fault: { kind: 'status', status: 500 } },
  { fault: error('AccessDeniedException') },
  { fault: error('ExpiredTokenException') },
  { fault: { kind: 'reset-before' } },
  { fault: { kind: 'reset-after' }, part: 0.5 },
  { fault: { kind: 'answer-lost' }, part: 0.5 },
  {},
];

test('no more heartbeats than the rate reach the service in any second, whatever it answers and after stalls', async () => {
  const arrived: number[] = [];
  let began = Infinity;
  world = await createWorld({
    fault: ({ operation, index }) => {
      if (operation !== 'SendTaskHeartbeat' || !world) return undefined;
      const now = world.clock.now();
      arrived.push(now);
      const { fault, part = 1 } = ANSWERS[Math.floor((now - began) / EACH_MS)] ?? {};
      return index % 10 < part * 10 ? fault : undefined;
    },
  });
  const { clock } = world;
  const ends: (() => void)[] = [];
  // They need half as many heartbeats again as the rate allows, and each tenth task asks for more.
  const work = activity(
    async (n, task) => {
      const held = new Promise<void>((resolve) => ends.push(resolve));
      if (Number(n) % 10 === 0)
        void (async () => {
          while (!task.signal.aborted)
            await task
              .heartbeat()
              .catch(() => {})
              .then(() => clock.sleep(100));
        })();
      await held;
    },
    { heartbeat: '4s', concurrency: TASKS },
  );
  await world.worker({ activities: [work], heartbeatRate: RATE }, { random: 0.5 });
  const machine = world.machine(ARN);
  for (let n = 0; n < TASKS; n++) await world.execute(machine, n);
  await clock.advance(2_000);
  expect(ends).toHaveLength(TASKS);
  began = clock.now();
  const until = began + ANSWERS.length * EACH_MS;
  for (let stalls = 0; clock.now() < until; stalls++) {
    await clock.advance(24_000);
    clock.stall(stalls % 2 === 0 ? 10_000 : 700);
  }
  arrived.sort((one, other) => one - other);
  let mostInASecond = 0;
  for (let first = 0, last = 0; last < arrived.length; last++) {
    while ((arrived[last] ?? 0) - (arrived[first] ?? 0) >= 1_000) first++;
    mostInASecond = Math.max(mostInASecond, last - first + 1);
  }
  expect(arrived.length).toBeGreaterThan(1_000);
  expect(mostInASecond).toBeGreaterThan(0.9 * RATE);
  expect(mostInASecond).toBeLessThanOrEqual(RATE);
  for (const end of ends) end();
  await clock.advance(30_000);
}, 300_000);
