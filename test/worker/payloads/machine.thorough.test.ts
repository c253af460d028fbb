import { expect, test } from '@jest/globals';
import { IsIn, IsString } from 'class-validator';
import { Activity, Handle } from 'stepwright';
import { createTestMachine } from 'stepwright/testing';
import { useWorld } from '../../support/world.js';
import { type CountedStore, countedStore, kept, referenceTo, sha256 } from './store.js';

const arnOf = (name: string): string => `arn:aws:states:us-east-1:123456789012:activity:${name}`;

class Report {
  @IsString() id!: string;
  @IsIn(['ready', 'empty']) status!: string;
  @IsString({ each: true }) items!: string[];
  @IsString({ each: true }) pages!: string[];
}

class Filled extends Report {
  @IsString({ each: true }) results!: string[];
}

const MB = 1024 * 1024;
const PAGES = Array.from({ length: 500 }, (_, page) => `${page} `.padEnd(10_240, 'ünïcode '));
const REPORT = { id: 'r-1', status: 'ready', items: ['a', 'b', 'c'], pages: PAGES };

@Activity(arnOf('Make'))
class Make {
  @Handle({ output: Report, inline: ['id', 'status', 'items'] })
  make(given: Report): Report {
    return Object.assign(given, { id: `${given.id}, made` });
  }
}

@Activity(arnOf('Each'))
class Each {
  @Handle({ input: String })
  each(item: string): string {
    return item.toUpperCase();
  }
}

@Activity(arnOf('Use'))
class Use {
  @Handle({ inline: ['results'] })
  use({ id, results, pages }: Filled): object {
    return { id, results, pages };
  }
}

const activities = [Make, Each, Use];
const task = (name: string, fields: object): object => ({ Type: 'Task', Resource: arnOf(name), ...fields });

/** What is large passes through; Choice and Map read the fields beside its reference. */
const MACHINE = {
  StartAt: 'Make',
  States: {
    Make: task('Make', { Next: 'Ready?' }),
    'Ready?': {
      Type: 'Choice',
      Choices: [{ Variable: '$.status', StringEquals: 'ready', Next: 'All' }],
      Default: 'Nothing',
    },
    Nothing: { Type: 'Fail', Error: 'Nothing' },
    All: {
      Type: 'Map',
      ItemsPath: '$.items',
      ItemProcessor: { StartAt: 'Each', States: { Each: task('Each', { End: true }) } },
      ResultPath: '$.results',
      Next: 'Use',
    },
    Use: task('Use', { End: true }),
  },
};

const END = { id: 'r-1, made', results: ['A', 'B', 'C'], pages: PAGES };

test('5 MB go in and out of a test machine, with a Choice and a Map on the inline fields', async () => {
  const store = countedStore();
  await using machine = await createTestMachine(MACHINE, { activities, payloads: { store } });
  const input = await kept(store, REPORT);
  expect(JSON.stringify(REPORT).length).toBeGreaterThan(4.5 * MB);
  const { status, output, history } = await machine.execute(input);
  expect(status).toBe('succeeded');
  expect(output).toEqual(END);
  expect(JSON.stringify(history).length).toBeLessThan(16_384);
});

test('a task by hand shows what its reference stands for', async () => {
  const store = countedStore();
  await using machine = await createTestMachine(MACHINE, { activities, payloads: { store } });
  const execution = await machine.start(await kept(store, REPORT), { byHand: ['Use'] });
  const byHand = await execution.task('Use');
  expect(byHand.input).toEqual({ ...REPORT, id: 'r-1, made', results: ['A', 'B', 'C'] });
  await byHand.succeed(await kept(store, [1, 2]));
  expect(await execution.result()).toMatchObject({ status: 'succeeded', output: [1, 2] });
});

const world = useWorld();

const definition = JSON.stringify(MACHINE);

/** Runs one execution at the local service, by a worker with this store. */
async function executed(store: CountedStore, input: unknown) {
  for (const name of ['Make', 'Each', 'Use']) world.service.seedActivity(arnOf(name));
  const machine = world.service.seedMachine({ name: 'Machine', definition });
  await world.worker({ activities, payloads: { store } });
  const execution = await world.execute(machine, input);
  for (let i = 0; i < 100; i++) {
    await world.clock.advance(100);
    const { status } = await world.describe(execution);
    if (status !== 'RUNNING') break;
  }
  return world.describe(execution);
}

test('5 MB go in and out over HTTP, with a Choice and a Map on the inline fields', async () => {
  const store = countedStore();
  const { status, output = '' } = await executed(store, await kept(store, REPORT));
  expect(status).toBe('SUCCEEDED');
  expect(JSON.parse(output)).toEqual({ results: END.results, ...referenceTo(JSON.stringify(END)) });
  const stored = await store.get(`payloads/${sha256(JSON.stringify(END))}`);
  expect(stored?.value.byteLength).toBeGreaterThan(4.5 * MB);
  // Each of the two tasks with a large input reads one payload, and writes one; so did the test.
  expect([store.reads.length, store.writes.length]).toEqual([3, 3]);
});
