import { Agent as HttpAgent } from 'node:http';
import { SFNClient } from '@aws-sdk/client-sfn';
import { describe, expect, test } from '@jest/globals';
import { type DependencyContainer, inject, Lifecycle } from 'tsyringe';
import {
  Activity,
  type Config,
  createLog,
  createWorker,
  Handle,
  StartError,
  type WorkerOptions,
} from 'stepwright';
import { activity } from '../support/work.js';
import { ARN, useWorld } from '../support/world.js';

const world = useWorld();
const { faults } = world;

const seconds = (n: number): Promise<void> => world.clock.advance(n * 1000);

test('settings of an agent that say nothing of sockets leave their number to the worker', async () => {
  const sdk = { requestHandler: { httpAgent: { keepAlive: true } } };
  // The SDK's own filling would be 50, so that ten polls would wait for the others to end.
  world.service.seedActivity(ARN);
  const activities = [activity(() => 1, { concurrency: 60, pollers: 60 })];
  await world.worker({ activities, sdk, calls: 'sdk' });
  await world.clock.settle(() => faults.count('GetActivityTask') === 60);
  expect(faults.count('GetActivityTask')).toBe(60);
});

/** A handler as a user would have made it, with `new NodeHttpHandler(…)`. */
function readyMade(requestHandler: object) {
  return new SFNClient({ region: 'us-east-1', requestHandler }).config.requestHandler;
}

/** All that the SDK asks of a handler. */
const fetchLike = () => ({
  metadata: { handlerProtocol: 'http/1.1' },
  handle: () => Promise.reject(new Error('never called')),
  updateHttpClientConfig: () => {},
  httpHandlerConfigs: () => ({}),
});

/** A handler whose every call finds no way there. */
const unreachable = () => ({
  ...fetchLike(),
  handle: () => Promise.reject(Object.assign(new Error('connect ECONNTIMEOUT'), { code: 'ECONNTIMEOUT' })),
});

describe("settings of the SDK that would cost a poll or a report are refused, with the setting's name", () => {
  const agents = { httpAgent: new HttpAgent({ keepAlive: true, maxSockets: 20 }) };
  const rows: [string, Config['sdk'], string[]][] = [
    ['a timeout that the SDK would not read', { requestTimeout: 5000 } as object, ['sdk.requestTimeout']],
    [
      'a limit of a call',
      { requestHandler: { requestTimeout: 74_999 } },
      ['sdk.requestHandler.requestTimeout'],
    ],
    [
      'a limit of silence',
      { requestHandler: { socketTimeout: 60_000 } },
      ['sdk.requestHandler.socketTimeout'],
    ],
    [
      'texts and what a timer takes for nothing',
      { requestHandler: { requestTimeout: '80s', socketTimeout: Infinity } },
      ['sdk.requestHandler.requestTimeout', 'sdk.requestHandler.socketTimeout'],
    ],
    [
      'those of a ready-made handler',
      { requestHandler: readyMade({ socketTimeout: 30_000 }) },
      ['sdk.requestHandler.socketTimeout'],
    ],
    ['no handler at all', { requestHandler: 7 as never }, ['sdk.requestHandler']],
    ['an agent with too few sockets', { requestHandler: agents }, ['sdk.requestHandler.httpAgent']],
    [
      'the settings of one',
      { requestHandler: { httpAgent: { maxSockets: 25 } } },
      ['sdk.requestHandler.httpAgent'],
    ],
    [
      'the agent of a ready-made handler',
      { requestHandler: readyMade(agents) },
      ['sdk.requestHandler.httpAgent'],
    ],
    [
      'too few in all',
      { requestHandler: readyMade({ httpAgent: { maxTotalSockets: 10 } }) },
      ['sdk.requestHandler.httpAgent'],
    ],
  ];
  test.each(rows)('%s', async (_, sdk, where) => {
    const calls = 'sdk' as const;
    const config = { endpoint: world.service.url, activities: [activity(() => 1)], sdk, calls };
    const failed: unknown = await createWorker(config).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(StartError);
    expect(failed).toMatchObject({
      problems: where.map((each) => ({
        code: 'CONFIG_BAD_VALUE',
        where: each,
        what: expect.stringMatching(/^expected .+, got .+/),
      })),
    });
  });

  test('without calls by the SDK, each setting that only these honour is named', async () => {
    const sdk = { requestHandler: { httpAgent: { keepAlive: true } }, logger: console };
    const config = {
      endpoint: world.service.url,
      activities: [activity(() => 1)],
      sdk,
      calls: 'lean' as const,
    };
    await expect(createWorker(config)).rejects.toMatchObject({
      problems: [{ where: 'sdk.requestHandler' }, { where: 'sdk.logger' }],
    });
  });

  const right: [string, Config['sdk']][] = [
    ['no limit', { requestHandler: { requestTimeout: 0, socketTimeout: 75_000 } }],
    ['an agent without a limit', { requestHandler: { httpAgent: new HttpAgent() } }],
    [
      'settings of an agent that say nothing of sockets',
      { requestHandler: { httpAgent: { keepAlive: true } } },
    ],
    ['a ready-made handler with the SDK’s 50 sockets', { requestHandler: readyMade({}) }],
    ['a handler of another make', { requestHandler: fetchLike() }],
  ];
  test.each(right)('and none of these: %s', async (_, sdk) => {
    const calls = 'sdk' as const;
    const config = { endpoint: world.service.url, activities: [activity(() => 1)], sdk, calls };
    const made = createWorker(config, { log: createLog({ level: 'silent' }) });
    await expect(made.then((worker) => worker.stop())).resolves.toBeUndefined();
  });
});

describe('a start that does not come to be closes what it opened', () => {
  /** A provider that `setup` makes, and what became of it. */
  function opening(): { setup: NonNullable<Config['setup']>; disposed: () => boolean } {
    let disposed = false;
    class Connection {
      dispose(): void {
        disposed = true;
      }
    }
    const setup = (container: DependencyContainer): void => {
      container.register(Connection, Connection, { lifecycle: Lifecycle.ContainerScoped });
      container.resolve(Connection);
    };
    return { setup, disposed: () => disposed };
  }
  const start = (config: Config, options: WorkerOptions = {}): Promise<unknown> =>
    createWorker({ endpoint: world.service.url, ...config }, { clock: world.clock, ...options }).catch(
      (error: unknown) => error,
    );

  @Activity(ARN)
  class Needy {
    constructor(@inject('nobody provides this') readonly nothing: unknown) {}
    @Handle() run(): void {}
  }
  const failures: [string, Config, string][] = [
    ['nothing to run', { activities: [] }, 'NO_ACTIVITIES'],
    [
      'a mistake in a declaration',
      { activities: [activity(() => 1, { concurrency: 0 })] },
      'HANDLER_OPTION_INVALID',
    ],
    ['a dependency that nobody provides', { activities: [Needy] }, 'DEPENDENCY_UNRESOLVED'],
    ['a look-up that is refused', { activities: [activity(() => 1, {}, 'Bare')] }, 'ACTIVITIES_UNREACHABLE'],
  ];
  test.each(failures)('%s', async (_, config, code) => {
    faults.always('ListActivities', { kind: 'error', error: 'AccessDeniedException' });
    const { setup, disposed } = opening();
    expect(await start({ ...config, setup })).toMatchObject({ problems: [{ code }] });
    expect(disposed()).toBe(true);
  });

  test('a setup that fails half way', async () => {
    const { setup, disposed } = opening();
    const failing = async (container: DependencyContainer): Promise<void> => {
      await setup(container);
      throw new Error('no database');
    };
    expect(await start({ activities: [activity(() => 1)], setup: failing })).toMatchObject({
      problems: [{ code: 'SETUP_FAILED' }],
    });
    expect(disposed()).toBe(true);
  });

  test('a setup that never ends, and a signal', async () => {
    const { setup, disposed } = opening();
    const hanging = (container: DependencyContainer): Promise<void> => {
      void setup(container);
      return new Promise(() => {});
    };
    const stop = new AbortController();
    const starting = start({ activities: [activity(() => 1)], setup: hanging }, { signal: stop.signal });
    await world.clock.settle();
    stop.abort(new Error('stopped'));
    expect(await starting).toBe(stop.signal.reason);
    expect(disposed()).toBe(true);
  });

  test('a look-up that finds nobody, and a signal: it says what it waits for until then', async () => {
    const log: string[] = [];
    const destination = { write: (line: string) => void log.push(line) };
    const { setup, disposed } = opening();
    const stop = new AbortController();
    const sdk = { requestHandler: unreachable() };
    const starting = start(
      { activities: [activity(() => 1, {}, 'Bare')], setup, sdk, calls: 'sdk' },
      { signal: stop.signal, log: createLog({ destination }) },
    );
    for (let second = 0; second < 130; second++) await seconds(1);
    const lines = log.map((line) => JSON.parse(line) as { msg: string });
    expect(lines).toMatchObject([
      {
        activities: ['Bare'],
        error: expect.stringContaining('ECONNTIMEOUT'),
        msg: expect.stringContaining('could not be looked up yet'),
      },
      { activities: ['Bare'], msg: expect.stringMatching(/still looking the activities up, for 6\d/) },
      { activities: ['Bare'], msg: expect.stringMatching(/still looking the activities up, for 12\d/) },
    ]);
    expect(disposed()).toBe(false);
    stop.abort(new Error('stopped'));
    expect(await starting).toBe(stop.signal.reason);
    expect(disposed()).toBe(true);
  });

  test('a call that hangs, and a signal: it is told, and made again', async () => {
    let calls = 0;
    const hanging = { ...fetchLike(), handle: () => (calls++, new Promise<never>(() => {})) };
    const { setup, disposed } = opening();
    const stop = new AbortController();
    const config = {
      activities: [activity(() => 1, {}, 'Bare')],
      setup,
      calls: 'sdk' as const,
      sdk: { requestHandler: hanging },
    };
    const log: string[] = [];
    const destination = { write: (line: string) => void log.push(line) };
    const starting = start(config, { signal: stop.signal, log: createLog({ destination }) });
    for (let second = 0; second < 40; second++) await seconds(1);
    expect(log.map((line) => JSON.parse(line) as object)).toMatchObject([
      {
        activities: ['Bare'],
        error: expect.stringContaining('no answer within 30 s'),
        msg: expect.stringContaining('could not be looked up yet'),
      },
    ]);
    expect(calls).toBe(2);
    stop.abort(new Error('stopped'));
    expect(await starting).toBe(stop.signal.reason);
    expect(disposed()).toBe(true);
  });

  test('a signal that aborted before: nothing is opened', async () => {
    const { setup, disposed } = opening();
    const reason = new Error('stopped');
    const signal = AbortSignal.abort(reason);
    expect(await start({ activities: [activity(() => 1)], setup }, { signal })).toBe(reason);
    expect(disposed()).toBe(false);
  });

  test('a provider whose dispose never ends holds it up for five seconds', async () => {
    const log: string[] = [];
    class Stuck {
      dispose(): Promise<void> {
        return new Promise(() => {});
      }
    }
    const setup = (container: DependencyContainer): void => {
      container.register(Stuck, Stuck, { lifecycle: Lifecycle.ContainerScoped });
      container.resolve(Stuck);
    };
    const destination = { write: (line: string) => void log.push(line) };
    const starting = start({ activities: [], setup }, { log: createLog({ destination }) });
    await world.clock.settle();
    await seconds(5);
    expect(await starting).toMatchObject({ problems: [{ code: 'NO_ACTIVITIES' }] });
    expect(log.join('')).toContain('the providers were not disposed of within 5 s');
  });
});
