import { GetExecutionHistoryCommand, type HistoryEvent } from '@aws-sdk/client-sfn';
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { inject } from 'tsyringe';
import { Activity, CLOCK, Handle, type Clock } from 'stepwright';
import { createTestBed, type TaskResult } from 'stepwright/testing';
import type { Constructor } from '../../../src/framework/declare/class.js';
import { createWorld, type World } from '../../support/world.js';
import { cases } from '../../worker/handler/kinds/classes.js';
import { type Make, thrown, values } from './values.js';
import { tries } from '../../support/effort.js';

/** The handlers of one worker. */
const HANDLERS = 100;
/** The workers. */
const WORKERS = tries(4);

/** What one generated handler declares and does, and the input that it is given. */
interface Plan {
  readonly input: Constructor<object> | 'any';
  readonly output: Constructor<object> | undefined;
  readonly json: unknown;
  /** The milliseconds by the clock, or one turn of the event loop, before it ends; none for a handler that is not async. */
  readonly waits: number | 'turn' | undefined;
  readonly throws: boolean;
  readonly make: Make;
}

const waits = fc.constantFrom(undefined, 0, 500, 3000, 'turn' as const);
const inputs = fc.oneof(
  cases.chain(({ dto, right, wrong }) =>
    fc.constantFrom({ input: dto, json: right }, { input: dto, json: wrong }),
  ),
  fc.jsonValue({ maxDepth: 2 }).map((json) => ({ input: 'any' as const, json: json as unknown })),
);
const returned = fc.oneof(
  values.map((make) => ({ output: undefined, make })),
  cases.chain(({ dto, right, wrong }) =>
    fc
      .oneof(
        fc.constantFrom<Make>(
          () => structuredClone(right),
          () => structuredClone(wrong),
          () => Object.assign(new dto(), structuredClone(right)),
        ),
        values,
      )
      .map((make) => ({ output: dto, make })),
  ),
);
const plans: fc.Arbitrary<Plan> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .tuple(inputs, returned, waits)
      .map(([input, out, wait]) => ({ ...input, ...out, waits: wait, throws: false })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(inputs, thrown, waits)
      .map(([input, make, wait]) => ({ ...input, make, output: undefined, waits: wait, throws: true })),
  },
);

function end({ make, throws }: Plan): unknown {
  const made = make();
  if (throws) throw made;
  return made;
}

function classOf(plan: Plan, at: number): Constructor<object> {
  const { input, output } = plan;
  class Handler {
    constructor(private readonly clock: Clock) {}
    run(_input: unknown): unknown {
      return plan.waits === undefined ? end(plan) : this.later(plan.waits);
    }
    async later(wait: number | 'turn'): Promise<unknown> {
      if (wait === 'turn') await new Promise((resolve) => setImmediate(resolve));
      else await this.clock.sleep(wait);
      return end(plan);
    }
  }
  Object.defineProperty(Handler, 'name', { value: `H${at}` });
  inject(CLOCK)(Handler, undefined, 0);
  const descriptor = Object.getOwnPropertyDescriptor(Handler.prototype, 'run');
  Handle({ input, ...(output && { output }) })(Handler.prototype, 'run', descriptor as never);
  Activity(arnOf(at))(Handler as never);
  return Handler;
}

const arnOf = (at: number): string => `arn:aws:states:us-east-1:123456789012:activity:h${at}`;

/** The results in a bed. */
async function inBed(list: readonly Plan[], classes: readonly Constructor<object>[]): Promise<TaskResult[]> {
  await using bed = await createTestBed(classes);
  return await Promise.all(
    list.map(({ json }, at) => bed.runText(JSON.stringify(json), { handler: `H${at}.run` as never })),
  );
}

/** The results that a worker reports to the local service: a Parallel has a branch for each handler. */
async function inWorker(
  world: World,
  list: readonly Plan[],
  classes: readonly Constructor<object>[],
): Promise<TaskResult[]> {
  await world.worker({ activities: [...classes], concurrency: 1 });
  const branch = (at: number): object => ({
    StartAt: `T${at}`,
    States: {
      [`T${at}`]: {
        Type: 'Task',
        Resource: arnOf(at),
        InputPath: `$.h${at}`,
        ResultPath: null,
        Next: `E${at}`,
        Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: null, Next: `E${at}` }],
      },
      [`E${at}`]: { Type: 'Pass', Result: 0, End: true },
    },
  });
  for (const at of list.keys()) world.service.seedActivity(arnOf(at));
  const all = { Type: 'Parallel', Branches: list.map((_, at) => branch(at)), End: true };
  const machine = world.service.seedMachine({
    name: `All${Math.random()}`.replace('.', ''),
    definition: JSON.stringify({ StartAt: 'All', States: { All: all } }),
  });
  const input = Object.fromEntries(list.map(({ json }, at) => [`h${at}`, json]));
  const execution = await world.execute(machine, input);
  await world.clock.advance(10_000);
  const results = await resultsOf(world, execution);
  return list.map((_, at) => results.get(arnOf(at)) ?? { status: 'gone' });
}

async function resultsOf({ client }: World, executionArn: string): Promise<Map<string, TaskResult>> {
  const events: HistoryEvent[] = [];
  for (let nextToken: string | undefined, page = 0; page === 0 || nextToken !== undefined; page++) {
    const answer = await client.send(
      new GetExecutionHistoryCommand({
        executionArn,
        maxResults: 1000,
        ...(nextToken !== undefined && { nextToken }),
      }),
    );
    events.push(...(answer.events ?? []));
    nextToken = answer.nextToken;
  }
  const byId = new Map(events.map((event) => [event.id, event]));
  return new Map(
    events.flatMap((event) => {
      const result = resultOf(event);
      let scheduled = byId.get(event.previousEventId ?? 0);
      while (scheduled && scheduled.type !== 'ActivityScheduled')
        scheduled = byId.get(scheduled.previousEventId ?? 0);
      return result ? [[scheduled?.activityScheduledEventDetails?.resource ?? '', result] as const] : [];
    }),
  );
}

function resultOf({
  type,
  activityFailedEventDetails: failed,
  activitySucceededEventDetails: succeeded,
}: HistoryEvent): TaskResult | undefined {
  if (type === 'ActivitySucceeded')
    return { status: 'succeeded', output: JSON.parse(succeeded?.output ?? '') };
  if (type !== 'ActivityFailed') return undefined;
  return { status: 'failed', error: failed?.error ?? '', cause: failed?.cause ?? '' };
}

/** Tries one worker's handlers. Adds the statuses and names that are seen. @throws where a result differs */
async function compare(list: readonly Plan[], seen: Set<string>): Promise<void> {
  const classes = list.map(classOf);
  const world = await createWorld();
  try {
    const [bed, worker] = [await inBed(list, classes), await inWorker(world, list, classes)];
    expect(bed).toEqual(worker);
    for (const result of bed) seen.add(result.status === 'failed' ? result.error : result.status);
  } finally {
    await world.close();
  }
}

test('a bed gives what a worker reports, whatever a handler declares, gets, returns or throws', async () => {
  const seen = new Set<string>();
  for (let worker = 0; worker < WORKERS; worker++) {
    // The same cases each time, so that only a change can make it fail.
    const seed = worker;
    await compare(fc.sample(plans, { numRuns: HANDLERS, seed }), seen).catch((error: unknown) => {
      throw new Error(`of the seed ${seed}`, { cause: error });
    });
  }
  // Many ways out are among them, or the test would prove little.
  const some = ['succeeded', 'Stepwright.InvalidInput', 'Stepwright.InvalidOutput'];
  const rare = [
    'Stepwright.OutputTooLarge',
    'Declined',
    'TypeError',
    'Named',
    'Inner',
    'object',
    'AbortError',
  ];
  expect([...seen]).toEqual(expect.arrayContaining([...some, ...rare]));
}, 300_000);
