import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateActivityCommand, ListActivitiesCommand } from '@aws-sdk/client-sfn';
import { afterEach, describe, expect, test } from '@jest/globals';
import { inject } from 'tsyringe';
import {
  Activity,
  CLOCK,
  type Clock,
  type Config,
  createLog,
  createWorker,
  directory,
  Handle,
  type Logger,
  StartError,
} from 'stepwright';
import { activity } from '../support/work.js';
import { ARN, createWorld, useWorld } from '../support/world.js';

const world = useWorld();
const { faults } = world;

const seconds = (n: number): Promise<void> => world.clock.advance(n * 1000);

/** Returns the problems of a config, as `code where`. */
async function problems(config: Config): Promise<string[]> {
  const failed = await createWorker({ endpoint: world.service.url, ...config }).catch(
    (error: unknown) => error,
  );
  expect(failed).toBeInstanceOf(StartError);
  return (failed as StartError).problems.map(({ code, where }) => `${code} ${where}`);
}

describe('activities', () => {
  test('a bare name is created at loopback, in the region of the config', async () => {
    const w = await world.worker({ activities: [activity(() => 1, {}, 'Bare')], region: 'eu-west-1' });
    expect(w.worker.status().handlers[0]?.activityArn).toBe(
      'arn:aws:states:eu-west-1:123456789012:activity:Bare',
    );
  });

  test('a bare name that is there already is looked up, with one listing for all', async () => {
    await world.client.send(new CreateActivityCommand({ name: 'One' }));
    await world.client.send(new CreateActivityCommand({ name: 'Two' }));
    const types = [activity(() => 1, {}, 'One'), activity(() => 1, {}, 'Two')];
    await world.worker({ activities: types });
    expect([faults.count('ListActivities'), faults.count('CreateActivity')]).toEqual([1, 2]);
  });

  test('a whole ARN needs no look-up', async () => {
    await world.worker({ activities: [activity(() => 1)] });
    expect([faults.count('ListActivities'), faults.count('CreateActivity')]).toEqual([0, 0]);
    const { activities } = await world.client.send(new ListActivitiesCommand({}));
    expect(activities).toEqual([]);
  });

  test('a look-up is tried again while the service is in trouble, and says so once', async () => {
    faults.once(
      'ListActivities',
      ...Array.from({ length: 12 }, () => ({ kind: 'status', status: 503 }) as const),
    );
    const making = world.worker({ activities: [activity(() => 1, {}, 'Bare')] });
    await world.clock.settle(() => faults.count('ListActivities') === 5);
    // The SDK's own retries are on the machine's clock; ours, between them, on the test's.
    const state = { made: false };
    void making.then(() => (state.made = true));
    while (!state.made) await seconds(1);
    expect(faults.count('ListActivities')).toBe(13);
    const { log } = await making;
    expect(log.filter(({ msg }) => String(msg).includes('could not be looked up'))).toHaveLength(1);
  });

  test('a bare name and an ARN that are the same activity are two handlers on one', async () => {
    await world.client.send(new CreateActivityCommand({ name: 'Work' }));
    const bare = activity(() => 2, {}, 'Work');
    Object.defineProperty(bare, 'name', { value: 'Other' });
    expect(await problems({ activities: [activity(() => 1), bare] })).toEqual([
      'HANDLER_DUPLICATE Work.run and Other.run',
    ]);
  });

  test('a bare name and an ARN that turn out to lie in two accounts are refused, but on this machine', async () => {
    const there = ARN.replace('123456789012', '999999999999');
    const activities = [activity(() => 1, {}, 'Bare'), activity(() => 2, {}, there)];
    const { worker } = await world.worker({ activities });
    expect(worker.status().handlers.map(({ activityArn }) => activityArn.split(':')[4])).toEqual([
      '123456789012',
      '999999999999',
    ]);
    // Stands for an address that is not known to be this machine's.
    const elsewhere = await createWorld({ allowHosts: ['0.0.0.0'] });
    await elsewhere.client.send(new CreateActivityCommand({ name: 'Bare' }));
    const endpoint = elsewhere.service.url.replace('127.0.0.1', '0.0.0.0');
    const sdk = { credentials: { accessKeyId: 'a', secretAccessKey: 'b' } };
    expect(await problems({ activities, endpoint, sdk, region: 'us-east-1' })).toEqual([
      'TWO_ACCOUNTS activities',
    ]);
    await elsewhere.close();
  });

  test('a look-up that is refused is an error that says what to allow', async () => {
    faults.always('ListActivities', { kind: 'error', error: 'AccessDeniedException' });
    const config = { activities: [activity(() => 1, {}, 'Bare')] };
    expect(await problems(config)).toEqual(['ACTIVITIES_UNREACHABLE activities Bare']);
  });

  test('handlers in two regions get their own clients, each signing for its region', async () => {
    const there = ARN.replace('us-east-1', 'eu-central-1');
    const w = await world.worker({ activities: [activity(() => 1), activity(() => 2, {}, `${there}2`)] });
    const both = [world.machine(ARN), world.machine(`${there}2`)];
    const executions = await Promise.all(both.map((machine) => world.execute(machine)));
    await seconds(2);
    for (const execution of executions)
      expect(await world.describe(execution)).toMatchObject({ status: 'SUCCEEDED' });
    expect(w.worker.status().counts.succeeded).toBe(2);
  });
});

test('every folder of a store that cannot be used is a problem of the start', async () => {
  const root = mkdtempSync(join(tmpdir(), 'stepwright-start-'));
  try {
    writeFileSync(join(root, 'file'), '');
    mkdirSync(join(root, 'old/records-1'), { recursive: true });
    const store = directory(join(root, 'file'));
    const config = {
      activities: [activity(() => 1, { checkpoint: { store, key: () => 'a' } })],
      outbox: { store: directory(join(root, 'old')) },
      deferred: { store: directory(join(root, 'absent/folder')) },
      payloads: { store: directory(join(root, 'new')) },
    };
    const failed = await createWorker({ endpoint: world.service.url, ...config }).catch(
      (error: unknown) => error,
    );
    const { problems: found } = failed as StartError;
    expect(found.map(({ where }) => where)).toEqual(['outbox', 'deferred', 'checkpoint of Work.run']);
    for (const [index, folder] of ['old', 'absent/folder', 'file'].entries())
      expect(found[index]?.what).toContain(join(root, folder));
    expect(found[0]?.what).toContain('another release');
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

test("a handler is given the worker's own clock", async () => {
  @Activity(ARN)
  class AskTime {
    constructor(@inject(CLOCK) private readonly clock: Clock) {}
    @Handle()
    now(): number {
      return this.clock.now();
    }
  }
  const machine = world.machine(ARN);
  await world.worker({ activities: [AskTime] });
  const execution = await world.execute(machine);
  await world.clock.settle(() => faults.count('SendTaskSuccess') === 1);
  expect(await world.describe(execution)).toMatchObject({ output: String(world.clock.now()) });
});

test("a logger of the user's own that throws ends no task", async () => {
  const fail = (): never => {
    throw new Error('the transport is closed');
  };
  const log: Logger = { debug: fail, info: fail, warn: fail, error: fail, child: () => log };
  const work = activity((_, task) => {
    task.log.info('hello');
    return 1;
  });
  const config = { endpoint: world.service.url, activities: [work], grace: '0s' as const };
  const worker = await createWorker(config, { clock: world.clock, log });
  const done = worker.run();
  const execution = await world.execute(world.machine(ARN));
  await world.clock.settle(() => worker.status().counts.succeeded === 1);
  expect(await world.describe(execution)).toMatchObject({ status: 'SUCCEEDED' });
  world.service.endPolls();
  const stopped = worker.stop();
  await world.clock.settle(() => worker.status().state === 'stopped');
  await stopped;
  await done;
});

test('a worker that was never run is told when the process has nothing left to do', async () => {
  const lines: string[] = [];
  const log = createLog({ destination: { write: (line: string) => void lines.push(line) } });
  const config = { endpoint: world.service.url, activities: [activity(() => 1)] };
  const make = () => createWorker(config, { clock: world.clock, log });
  const run = await make();
  const done = run.run();
  process.emit('beforeExit', 0);
  expect(lines.join('')).not.toContain('never run');
  const worker = await make();
  process.emit('beforeExit', 0);
  expect(lines.filter((line) => line.includes('never run: call worker.run()'))).toHaveLength(1);
  world.service.endPolls();
  await Promise.all([run.stop(), worker.stop(), done]);
});

describe('the config', () => {
  test('all that is wrong with it is told at once', async () => {
    const config = { concurency: 1, concurrency: -1, heartbeat: 20, handlers: { 'A.b': { timeout: '5' } } };
    expect(await problems(config as unknown as Config)).toEqual([
      'CONFIG_UNKNOWN_KEY concurency',
      'CONFIG_BAD_VALUE concurrency',
      'CONFIG_BAD_VALUE heartbeat',
      "CONFIG_BAD_VALUE handlers['A.b'].timeout",
    ]);
  });

  test.each(['endpoint', 'region', 'maxAttempts', 'retryStrategy'])(
    'sdk.%s is refused: it has another place',
    async (key) => {
      expect(await problems({ sdk: { [key]: 1 } })).toEqual([`CONFIG_BAD_VALUE sdk.${key}`]);
    },
  );

  test('an override for a handler that is not there names its neighbour', async () => {
    const config = { activities: [activity(() => 1)], handlers: { 'Wrok.run': { concurrency: 2 } } };
    expect(await problems(config)).toEqual(["CONFIG_UNKNOWN_KEY handlers['Wrok.run']"]);
  });

  test('no activity at all is an error, and so is a glob that matches nothing', async () => {
    expect(await problems({ activities: [] })).toEqual(['NO_ACTIVITIES activities']);
    expect(await problems({ activities: ['nowhere/*.js'] })).toEqual([
      "GLOB_MATCHES_NOTHING activities: 'nowhere/*.js'",
    ]);
  });

  test('a setup that throws, and a dependency that nobody provides, come with everything else', async () => {
    const setup = (): never => {
      throw new Error('no database');
    };
    const config = { activities: [activity(() => 1, { concurrency: -5 })], setup };
    expect(await problems(config)).toEqual(['HANDLER_OPTION_INVALID Work', 'SETUP_FAILED setup']);
  });
});

describe('the environment', () => {
  const before = { ...process.env };
  afterEach(() => {
    process.env = { ...before };
  });
  test('sets the options of a worker that a program makes', async () => {
    process.env['STEPWRIGHT_HANDLERS'] = '{"Work.run":{"concurrency":6}}';
    const w = await world.worker({ activities: [activity(() => 1, { concurrency: 3 })], concurrency: 2 });
    expect(w.worker.status().handlers[0]?.concurrency).toBe(6);
  });
});

test.each([
  { of: 'baseDir', options: { baseDir: '/base', module: 'file:///app/config.js' }, folder: '/base' },
  { of: 'the module', options: { module: new URL('file:///app/config.js') }, folder: '/app' },
  { of: 'no file', options: { module: 'data:text/javascript,' }, folder: process.cwd() },
  { of: 'nothing', options: {}, folder: process.cwd() },
])('globs are looked for in the folder of $of', async ({ options, folder }) => {
  const failed = createWorker({ activities: ['./none/*.js'] }, options);
  await expect(failed).rejects.toThrow(`it matches no compiled file under ${folder}\n`);
});

test('a worker that does not run yet asks for no task, also when it is configured', async () => {
  const config = { activities: [activity(() => 1)], endpoint: world.service.url };
  const worker = await createWorker(config, { clock: world.clock });
  const [handler] = worker.status().handlers;
  worker.configure(handler?.name ?? '', { concurrency: 20, pollers: { min: 3, max: 9 } });
  await seconds(90);
  expect(faults.count('GetActivityTask')).toBe(0);
  await worker.stop();
});
