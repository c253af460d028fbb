import { expect, test } from '@jest/globals';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { inject } from 'tsyringe';
import { Activity, CLOCK, Handle, type Clock } from 'stepwright';
import { createTestBed, createTestMachine } from 'stepwright/testing';

let work: (clock: Clock) => Promise<unknown>;

@Activity('work', { concurrency: 10 })
class Work {
  constructor(@inject(CLOCK) private readonly clock: Clock) {}
  @Handle() run(): Promise<unknown> {
    return work(this.clock);
  }
}

/** A machine whose state times out before unseen work would have ended. */
const machineOf = (TimeoutSeconds: number) =>
  createTestMachine(
    {
      StartAt: 'Work',
      States: {
        Work: {
          Type: 'Task',
          Resource: 'arn:aws:states:eu-west-1:123456789012:activity:work',
          TimeoutSeconds,
          End: true,
        },
      },
    },
    { activities: [Work] },
  );

test('sixty executions over ten slots take exact times', async () => {
  work = (clock) => clock.sleep(1000);
  const machine = await machineOf(600);
  const results = await Promise.all(Array.from({ length: 60 }, () => machine.execute()));
  const took = results.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  expect(took).toEqual(Array.from({ length: 60 }, (_, i) => 1000 * (1 + Math.floor(i / 10))));
});

/** The result of the work in a test machine, the one in a test bed, and its time on the clock of the bed. */
async function results(): Promise<object[]> {
  const inMachine = await (await machineOf(60)).execute();
  const bed = await createTestBed(Work);
  const from = bed.clock.now();
  return [inMachine, await bed.run(), { tookMs: bed.clock.now() - from }];
}

const both = (output: string, tookMs: number): object[] => [
  { status: 'succeeded', output, tookMs },
  { status: 'succeeded', output },
  { tookMs },
];

test('an import is waited for', async () => {
  const imports = [() => import('./late.js'), () => import('./later.js')];
  work = async () => (await imports.shift()?.())?.late;
  expect(await results()).toMatchObject(both('loaded', 0));
});

test('UDP is waited for', async () => {
  const echo = createSocket('udp4', (message, { port }) => setTimeout(() => echo.send(message, port), 30));
  echo.bind(0, '127.0.0.1').unref();
  await once(echo, 'listening');
  work = async () => {
    const socket = createSocket('udp4');
    socket.send('hello', echo.address().port, '127.0.0.1');
    const [message] = await once(socket, 'message');
    socket.close();
    return String(message);
  };
  expect(await results()).toMatchObject(both('hello', 0));
  echo.close();
});

test('timers of Node run on the clock', async () => {
  work = async () => {
    await once(AbortSignal.timeout(25), 'abort');
    return sleep(25, 'slept', { ref: false });
  };
  expect(await results()).toMatchObject(both('slept', 50));
  work = (clock) => Promise.race([sleep(20_000, 'lost'), clock.sleep(1000).then(() => 'won')]);
  expect(await results()).toMatchObject(both('won', 1000));
});
