import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
} from '@aws-sdk/client-sfn';
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { createTestMachine, type TestMachine } from 'stepwright/testing';
import type { Clock } from 'stepwright';
import { createWorld, type World } from '../../support/world.js';
import {
  arnOf,
  CALLBACK,
  classOf,
  definitionOf,
  INPUT,
  type MachinePlan,
  machinePlans,
  type Order,
} from './generated-machines.js';
import { tries } from '../../support/effort.js';

/** The machines that run beside each other in one local service. */
const BATCH = 100;
const BATCHES = tries(1);
/** The seed of the first batch. `EQUIVALENCE_SEED=4711 npm run check:thorough` tries other machines. */
const SEED = Number(process.env['EQUIVALENCE_SEED'] ?? 0);
/** The longest that an execution is followed, in milliseconds by the clock. */
const LONGEST_MS = 3_000_000;

/** All that is compared of an execution. */
interface Seen {
  readonly end: unknown;
  readonly tookMs: number;
  /** The events of each instant, sorted: `at 1500 ms: TaskStateEntered S1`. */
  readonly timeline: readonly string[];
  /** The same in the order in which they were recorded. It decides who is first in a queue, and is not compared. */
  readonly order: readonly string[];
}

/** An event, of which the instant in milliseconds and the name of the state are read. */
interface Told {
  readonly type: string;
  readonly at: number;
  readonly name: string;
}

function timelineOf(events: readonly Told[]): Pick<Seen, 'timeline' | 'order'> {
  const from = events[0]?.at ?? 0;
  const instants = new Map<number, string[]>();
  for (const { type, at, name } of events)
    instants.set(at - from, [...(instants.get(at - from) ?? []), `${type} ${name}`.trim()]);
  const write = ([ms, list]: [number, string[]]): string => `at ${ms} ms: ${list.join(', ')}`;
  return {
    timeline: [...instants].map(([ms, list]) => write([ms, list.toSorted()])),
    order: [...instants].map(write),
  };
}

const ENDS = /(Activity|Task)(Succeeded|Failed|TimedOut)|WaitStateExited/g;

/**
 * Returns the instant at which siblings raced: two of them end or are queued at it, or one of them and the execution
 * ends, or one is aborted as a slot comes free or as its retry is due. Whichever is first aborts the other or gets the
 * slot. Undefined for any other difference.
 */
function raceOf(one: Seen, other: Seen): string | undefined {
  const length = Math.max(one.timeline.length, other.timeline.length);
  const at = Array.from({ length }, (_, index) => index).find(
    (index) => one.timeline[index] !== other.timeline[index],
  );
  if (at === undefined) return undefined;
  const queued = one.order
    .slice(0, at)
    .find((line, index) => line !== other.order[index] && isQueueRace(line));
  if (queued !== undefined) return queued.split(':')[0];
  const lines = [one.timeline[at] ?? '', other.timeline[at] ?? ''];
  const [instant, same] = lines.map((line) => line.split(':')[0]);
  const [rest, sameRest] = lines.map((line) => line.replaceAll(/Activity(Scheduled|Started)(, )?/g, ''));
  const endTwice = lines.some((line) => count(line, ENDS) > 1 || line.includes('ExecutionTimedOut'));
  const polled = rest === sameRest && rest?.includes('Aborted') === true;
  return instant === same && (endTwice || polled) ? instant : undefined;
}

/**
 * Returns true if the order of an instant's events decides which task gets a slot: two tasks are queued at it, or a
 * queued task is aborted as a slot comes free.
 */
const isQueueRace = (line: string): boolean =>
  count(line, /ActivityScheduled/g) > 1 || (line.includes('ActivityStarted') && line.includes('Aborted'));

const count = (text: string, what: RegExp): number => text.match(what)?.length ?? 0;

type Report = (token: string, end: { output: string } | { error: string; cause: string }) => void;

/** The called service: it reports later, by the token, as it was ordered to. */
const service =
  (clock: () => Clock, report: Report) =>
  (input: unknown, { taskToken = '' }: { readonly taskToken?: string }): object => {
    const { MessageBody } = input as { readonly MessageBody: Order };
    const { ms, end, fails, error, retry = 0 } = MessageBody;
    if (end === 'nothing') return { MessageId: 'none' };
    const ended = end === 'fail' || retry < fails ? { error, cause: `try ${retry}` } : { output: String(ms) };
    clock().after(ms, () => report(taskToken, ended));
    return { MessageId: 'some' };
  };

async function inTestMachine(plan: MachinePlan, name: string): Promise<Seen> {
  const machine: TestMachine = await createTestMachine(definitionOf(plan, name), {
    activities: [classOf(plan, name)],
    resources: usesCallback(plan, name)
      ? {
          [CALLBACK]: service(
            () => machine.clock,
            reportTo(() => machine),
          ),
        }
      : {},
  });
  const { status, output, error, cause, tookMs, history } = await machine.execute(INPUT);
  await machine.close();
  const events = history as readonly Recorded[];
  const told = timelineOf(
    events.map((event) => ({
      type: event.type,
      at: Math.round(event.timestamp * 1000),
      name: event.stateEnteredEventDetails?.name ?? event.stateExitedEventDetails?.name ?? '',
    })),
  );
  return { end: { status, output, error, cause }, tookMs, ...told };
}

/** An event as a test machine gives it. */
interface Recorded {
  readonly type: string;
  readonly timestamp: number;
  readonly stateEnteredEventDetails?: { readonly name: string };
  readonly stateExitedEventDetails?: { readonly name: string };
}

const usesCallback = (plan: MachinePlan, name: string): boolean =>
  JSON.stringify(definitionOf(plan, name)).includes(CALLBACK);

const reportTo =
  (machine: () => TestMachine): Report =>
  (token, end) => {
    try {
      const task = machine().taskByToken(token);
      const reported =
        'output' in end ? task.succeed(JSON.parse(end.output)) : task.fail(end.error, end.cause);
      reported.catch(() => {});
    } catch {
      // The task has timed out, as the local service says by a refusal.
    }
  };

async function inWorker(list: readonly MachinePlan[], names: readonly string[]): Promise<Seen[]> {
  const tasks = new Tokens();
  const world = await createWorld({
    mocks: {
      [CALLBACK]: service(
        () => world.clock,
        (token, end) => tasks.report(world, token, end),
      ),
    },
  });
  try {
    for (const name of names)
      for (const activity of ['a', 'b']) world.service.seedActivity(arnOf(`${name}${activity}`));
    await world.worker({
      heartbeatRate: 100_000,
      activities: list.map((plan, at) => classOf(plan, names[at] ?? '')),
    });
    // A worker spreads the first polls of its handlers over some time.
    await world.clock.advance(30_000);
    const executions = await Promise.all(list.map((plan, at) => begin(world, plan, names[at] ?? '')));
    const open = new Set(executions);
    for (let ms = 0; open.size > 0 && ms < LONGEST_MS; ms += 10_000) {
      await world.clock.advance(10_000);
      for (const each of open) if ((await world.describe(each)).status !== 'RUNNING') open.delete(each);
    }
    return await Promise.all(executions.map((each) => seenOf(world, each)));
  } finally {
    await world.close();
  }
}

/** Reports over the wire. */
class Tokens {
  report({ client }: World, taskToken: string, end: Parameters<Report>[1]): void {
    const call =
      'output' in end
        ? client.send(new SendTaskSuccessCommand({ taskToken, ...end }))
        : client.send(new SendTaskFailureCommand({ taskToken, ...end }));
    call.catch(() => {});
  }
}

async function begin(world: World, plan: MachinePlan, name: string): Promise<string> {
  const machine = world.service.seedMachine({ name, definition: JSON.stringify(definitionOf(plan, name)) });
  return world.execute(machine, INPUT);
}

const STATUS = { SUCCEEDED: 'succeeded', FAILED: 'failed', TIMED_OUT: 'timedOut' } as Record<string, string>;

async function seenOf({ client }: World, executionArn: string): Promise<Seen> {
  const described = await client.send(new DescribeExecutionCommand({ executionArn }));
  const { status = '', output, error, cause } = described;
  const events: HistoryEvent[] = [];
  for (let nextToken: string | undefined, page = 0; page === 0 || nextToken !== undefined; page++) {
    const next = nextToken === undefined ? {} : { nextToken };
    const answer = await client.send(
      new GetExecutionHistoryCommand({ executionArn, maxResults: 1000, ...next }),
    );
    events.push(...(answer.events ?? []));
    nextToken = answer.nextToken;
  }
  const at = (event: HistoryEvent | undefined): number => event?.timestamp?.getTime() ?? Number.NaN;
  const parsed: unknown = output === undefined ? undefined : JSON.parse(output);
  return {
    end: { status: STATUS[status] ?? status, output: parsed, error, cause },
    tookMs: at(events.at(-1)) - at(events[0]),
    ...timelineOf(
      events.map((event) => ({
        type: event.type ?? '',
        at: at(event),
        name: event.stateEnteredEventDetails?.name ?? event.stateExitedEventDetails?.name ?? '',
      })),
    ),
  };
}

/** Compares a machine. @returns what differs; undefined where nothing does */
function differenceOf(test: Seen, worker: Seen): string | undefined {
  try {
    expect({ ...test, order: [] }).toEqual({ ...worker, order: [] });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/**
 * Runs a machine that differed again, alone. The hand clock waits for a call over a real socket only so long: on a busy
 * computer a call may come late, and a machine then differs by chance.
 */
async function differsAgain(plan: MachinePlan, name: string): Promise<boolean> {
  for (let tries = 0; tries < 3; tries++) {
    const [worker] = await inWorker([plan], [name]);
    const test = await inTestMachine(plan, name);
    if (worker && (differenceOf(test, worker) === undefined || raceOf(test, worker) !== undefined))
      return false;
  }
  return true;
}

test('a test machine gives what the local service and a worker give, at the same time by the clock', async () => {
  const differences: object[] = [];
  const races: string[] = [];
  const ends = new Set<unknown>();
  for (let batch = 0; batch < BATCHES; batch++) {
    // The same cases each time, so that a run fails by what was changed alone. Another seed tries others.
    const seed = SEED + batch;
    const list = fc.sample(machinePlans, { numRuns: BATCH, seed });
    const names = list.map((_, at) => `M${at}`);
    const real = await inWorker(list, names);
    for (const [at, worker] of real.entries()) {
      const [plan, name] = [list[at], names[at]];
      if (!plan || name === undefined) throw new Error('there are as many plans as results');
      const test = await inTestMachine(plan, name);
      ends.add(Reflect.get(test.end as object, 'status'));
      const said = differenceOf(test, worker);
      if (said === undefined) continue;
      const race = raceOf(test, worker);
      if (race !== undefined) races.push(`seed ${seed}, machine ${at}, ${race}`);
      else if (await differsAgain(plan, name))
        differences.push({ seed, at, definition: JSON.stringify(definitionOf(plan, name)), plan, said });
    }
  }
  expect(differences).toEqual([]);
  expect(races.length).toBeLessThan((BATCH * BATCHES) / 5);
  expect(ends).toEqual(new Set(['succeeded', 'failed', 'timedOut']));
}, 600_000);
