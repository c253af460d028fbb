import { describe, expect, jest, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type DependencyContainer, inject } from 'tsyringe';
import { Activity, CLOCK, Handle, type Clock, type TaskContext } from 'stepwright';
import type { Constructor } from '../../src/framework/declare/class.js';
import { createTestBed, createTestMachine } from 'stepwright/testing';

const signals: AbortSignal[] = [];

@Activity('hangs')
class Hanging {
  @Handle({ input: 'any' }) run(_input: unknown, task: TaskContext): Promise<never> {
    signals.push(task.signal);
    return new Promise(() => {});
  }
}
@Activity('sleeps')
class Sleeping {
  constructor(@inject(CLOCK) private readonly clock: Clock) {}
  @Handle() async run(): Promise<never> {
    for (;;) await this.clock.sleep(1000);
  }
}
@Activity('naps')
class Napping {
  @Handle({ input: 'any' }) async run(_input: unknown, task: TaskContext): Promise<void> {
    while (!task.signal.aborted) await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

const machineOf = (name: string): object => ({
  StartAt: 'Work',
  States: {
    Work: { Type: 'Task', Resource: `arn:aws:states:eu-west-1:123456789012:activity:${name}`, End: true },
  },
});

type Endless = Constructor<object>;

/** The calls of a bed and a machine that wait for a handler for ever. */
const CALLS = {
  'a bed': async (type: Endless, realTimeLimit: string) =>
    (await createTestBed([type], { realTimeLimit })).runText('null'),
  'a test machine': async (type: Endless, realTimeLimit: string) =>
    (
      await createTestMachine(machineOf(NAMES.get(type) ?? ''), { activities: [type], realTimeLimit })
    ).execute(),
};
const NAMES = new Map<Endless, string>([
  [Hanging, 'hangs'],
  [Sleeping, 'sleeps'],
  [Napping, 'naps'],
]);

describe.each(Object.entries(CALLS))('%s ends, and names', (_, call) => {
  test('a handler that never settles', async () => {
    await expect(call(Hanging, '200ms')).rejects.toThrow(
      /^Hanging\.run has not ended in 0\.2 real seconds: no file or socket .*, and nothing is due by the clock\nFix: mock/,
    );
  });

  test('one that sleeps on CLOCK for ever', async () => {
    await expect(call(Sleeping, '100ms')).rejects.toThrow(
      /^Sleeping\.run has not ended, however far the clock runs ahead: .* in \d+ steps\nFix: mock/,
    );
  });

  test('one that sleeps on timers of Node for ever', async () => {
    await expect(call(Napping, '100ms')).rejects.toThrow(
      /^Napping\.run has not ended, however far the clock runs ahead: .* in \d+ steps\nFix: mock/,
    );
  });
});

test('by default after 1 s without known work, and after 5 s of real work', async () => {
  @Activity('silent')
  class Asking {
    @Handle() run(): Promise<unknown> {
      return fetch(url);
    }
  }
  const server = createServer(() => {}).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const [hanging, asking] = [await createTestBed(Hanging), await createTestBed(Asking)];
  await Promise.all([
    expect(hanging.run(null)).rejects.toThrow('Hanging.run has not ended in 1 real seconds'),
    expect(asking.run()).rejects.toThrow(
      /^Asking\.run waits for an HTTP request, begun at test\/testing\/ends.*, for more than 5 s of real time/,
    ),
  ]);
  server.closeAllConnections();
  server.close();
}, 20_000);

/** Runs `fn` while real time, as a bed and a machine see it, is `now`. */
async function withRealTime(now: () => number, fn: () => Promise<unknown>): Promise<unknown> {
  const clock = jest.spyOn(performance, 'now').mockImplementation(now);
  try {
    return await fn();
  } finally {
    clock.mockRestore();
  }
}

describe.each(Object.entries(CALLS))('%s', (_, call) => {
  test('counts the steps of time, however fast the machine is', async () => {
    const now = performance.now();
    await withRealTime(
      () => now,
      () => expect(call(Sleeping, '100ms')).rejects.toThrow(/ in 401 steps\n/),
    );
  });

  test('bears a handler of which nothing is known to be on its way for as long as it is told', async () => {
    let settle: (output: string) => void = () => {};
    @Activity('hangs')
    class Unseen {
      @Handle({ input: 'any' }) run(): Promise<string> {
        return new Promise((resolve) => (settle = resolve));
      }
    }
    let now = performance.now();
    const by = now + 90_000;
    const real = (): number => {
      now += 500;
      if (now > by) settle('woke');
      return now;
    };
    NAMES.set(Unseen, 'hangs');
    expect(await withRealTime(real, () => call(Unseen, '100s'))).toMatchObject({ output: 'woke' });
  });
});

test('a handler that waits for very long by the clock is none of them', async () => {
  @Activity('sleeps', { heartbeat: '10s' })
  class Patient {
    constructor(@inject(CLOCK) private readonly clock: Clock) {}
    @Handle() async run(): Promise<string> {
      await this.clock.sleep(10_000_000);
      return 'woke';
    }
  }
  const options = { activities: [Patient], realTimeLimit: '100ms' };
  const machine = await createTestMachine(machineOf('sleeps'), options);
  expect(await machine.execute()).toMatchObject({ output: 'woke', tookMs: 10_000_000 });
});

describe('close', () => {
  test('ends what a bed runs, and aborts its signals', async () => {
    signals.length = 0;
    const bed = await createTestBed(Hanging);
    const task = await bed.start(null);
    const run = bed.run(null);
    while (signals.length < 2) await new Promise(setImmediate);
    await Promise.all([bed.close(), expect(run).rejects.toThrow('the bed was closed')]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(task.context.signal.reason).toMatchObject({ kind: 'shutdown' });
    await expect(bed.run(null)).rejects.toThrow('the bed was closed');
  });

  test('ends what a test machine executes, and aborts its signals', async () => {
    signals.length = 0;
    const machine = await createTestMachine(machineOf('hangs'), { activities: [Hanging] });
    const execution = machine.execute();
    while (signals.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([machine.close(), expect(execution).rejects.toThrow('the test machine was closed')]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    await expect(machine.execute()).rejects.toThrow('the test machine was closed');
  });

  test.each(Object.keys(CALLS))('of %s follows a signal', async (which) => {
    const aborter = new AbortController();
    const options = { signal: aborter.signal };
    const running =
      which === 'a bed'
        ? (await createTestBed(Hanging, options)).run(null)
        : (await createTestMachine(machineOf('hangs'), { ...options, activities: [Hanging] })).execute();
    aborter.abort();
    await expect(running).rejects.toThrow('was closed');
  });

  test('disposes of providers once, also of a value of setup that has a dispose, and of no mock', async () => {
    const disposed: string[] = [];
    const closing = (name: string) => ({ dispose: async () => void disposed.push(name) });
    class Pool {
      dispose(): void {
        disposed.push('pool');
      }
    }
    const setup = (container: DependencyContainer): void => {
      container.registerSingleton(Pool).resolve(Pool);
      container.register('value', { useValue: closing('value') });
      container.register('mocked', { useValue: closing('real') });
    };
    const mocked = closing('mock');
    const options = { setup, mocks: [['mocked', mocked]] as const };
    {
      await using bed = await createTestBed(Hanging, options);
      await bed.close();
    }
    expect(disposed.sort()).toEqual(['pool', 'real', 'value']);
    disposed.length = 0;
    await (await createTestMachine(machineOf('hangs'), { ...options, activities: [Hanging] })).close();
    expect(disposed.sort()).toEqual(['pool', 'real', 'value']);
  });

  test('names a provider that does not end', async () => {
    const setup = (container: DependencyContainer): void =>
      void container.register('stuck', { useValue: { dispose: () => new Promise(() => {}) } });
    const bed = await createTestBed(Hanging, { setup, realTimeLimit: '50ms' });
    await expect(bed.close()).rejects.toThrow(/were not disposed of within 0\.05 s of real time/);
  });
});

/** The part of a script that has the handlers, and a machine that hangs or loops by them. */
const HANDLERS = `
    import { Activity, Handle, CLOCK } from 'stepwright';
    import { createTestBed, createTestMachine } from 'stepwright/testing';
    import { inject } from 'tsyringe';
    const decorate = (type) => {
      Handle({ input: 'any' })(type.prototype, 'run', Object.getOwnPropertyDescriptor(type.prototype, 'run'));
      Activity('work')(type);
    };
    class Hanging { run() { return new Promise(() => {}); } }
    class Sleeping {
      constructor(clock) { this.clock = clock; }
      async run() { for (;;) await this.clock.sleep(1000); }
    }
    inject(CLOCK)(Sleeping, undefined, 0);
    [Hanging, Sleeping].forEach(decorate);
    const machine = ${JSON.stringify(machineOf('work'))};
    // Loaded before, so that no limit runs out meanwhile.
    await (await createTestMachine({ StartAt: 'End', States: { End: { Type: 'Succeed' } } })).execute();
`;

/** Runs a script in a process of its own, which is killed if it doesn't end. @returns its standard output */
async function printed(script: string, ...flags: string[]): Promise<string> {
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const args = [...flags, '--input-type=module', '-e', HANDLERS + script];
  const ended = promisify(execFile)(process.execPath, args, { cwd, env, timeout: 30_000 });
  return ended.then(
    ({ stdout }) => stdout,
    (error: { code: number; stdout: string }) => `${error.stdout}exit code ${error.code}\n`,
  );
}

test('a process is alive until an endless handler was named, also after its other timers have fired', async () => {
  const script = `
    setTimeout(() => {}, 20);
    for (const type of [Hanging, Sleeping])
      await (await createTestBed(type, { realTimeLimit: '300ms' })).run(null).catch(({ message }) =>
        console.log(message.split(/ in |,/)[0]));`;
  expect(await printed(script)).toBe('Hanging.run has not ended\nSleeping.run has not ended\n');
});

test('where nothing else keeps the process alive, handlers that never settle are named', async () => {
  const script = `
    const options = { realTimeLimit: '200ms' };
    const made = await createTestMachine(machine, { ...options, activities: [Hanging] });
    const ended = await Promise.allSettled([(await createTestBed(Hanging, options)).run(null), made.execute()]);
    for (const { reason } of ended) console.log(reason.message.split(':')[0]);`;
  expect(await printed(script)).toBe('Hanging.run has not ended in 0.2 real seconds\n'.repeat(2));
});

test('a process whose test was ended by its own limit ends by itself, and the next test has the processor', async () => {
  const script = `
    import { test } from 'node:test';
    for (const type of [Hanging, Sleeping]) {
      test(type.name, { timeout: 100 }, async ({ signal }) =>
        (await createTestMachine(machine, { activities: [type], signal })).execute());
      test(type.name, { timeout: 100 }, async () =>
        (await createTestBed(type, { realTimeLimit: '300ms' })).runText('null'));
    }
    test('next', async () => {
      await new Promise((resolve) => setTimeout(resolve, 500));
      const before = process.cpuUsage();
      await new Promise((resolve) => setTimeout(resolve, 500));
      const { user, system } = process.cpuUsage(before);
      if (user + system > 150_000) throw new Error('busy for ' + (user + system) + ' us');
    });
    // Nothing is left that would keep the process alive, so that this does not either.
    setTimeout(() => process.exit(9), 20_000).unref();`;
  const stdout = await printed(script, '--test-reporter=tap');
  expect(stdout).toMatch(/^exit code 1$/m);
  expect(stdout).toMatch(/^ok 5 - next/m);
  // A runner counts a test as cancelled by its limit, or as failed where the step limit of the clock ended it first.
  expect(stdout).toMatch(/^# pass 1$/m);
});
