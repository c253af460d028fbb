import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { HandClock } from 'stepwright/testing';
import type { Execution } from '../../src/framework/local/engine/execution.js';
import { beginningIn } from '../../src/framework/local/engine/beginning.js';
import { StepFunctions } from '../../src/framework/local/engine/step-functions.js';
import { endedExecution } from '../../src/framework/local/console/queries.js';
import type { Mocks } from '../../src/framework/local/resources/mocks.js';
import type { HistoryEvent } from '../../src/framework/local/view/history-event.js';
import { testSource } from '../../src/framework/local/view/test-source.js';
import { mulberry32 } from '../support/random.js';
import { runSource } from '../support/run-source.js';
import { body, CALL, definitionOf } from '../support/random-machine.js';
import { tries } from '../support/effort.js';

const MACHINES = tries(250);
const LONGEST_MS = 60_000;
const ACTIVITY = 'arn:aws:states:us-east-1:123456789012:activity:any';

/** Every second Task of the machine is on an activity. */
function withActivities(definition: string): string {
  let count = 0;
  return definition.replaceAll(CALL, () => (count++ % 2 === 0 ? ACTIVITY : CALL));
}

test('an execution is written as a test that passes, for random machines', async () => {
  const statuses = new Map<string, number>();
  for (let at = 0; at < MACHINES; at++) {
    const [plan = []] = fc.sample(body, { numRuns: 1, seed: at });
    const [clock, random] = [new HandClock(0, { promisesOnly: true }), mulberry32(at)];
    const answer = (): object => {
      if (random() < 0.3) throw Object.assign(new Error('by chance'), { name: random() < 0.6 ? 'E1' : 'E2' });
      return {
        n: Math.floor(random() * 3),
        items: Array.from({ length: Math.floor(random() * 4) }, (_, i) => i),
      };
    };
    const engine = new StepFunctions({ clock, random, mocks: { [CALL]: answer } }, { isAlone: true });
    const activity = engine.activities.create(ACTIVITY);
    const machine = engine.createMachine({ name: 'M', definition: withActivities(definitionOf(plan)) });
    const execution = engine.start(machine, '{"n":1,"items":[1,2]}');
    await follow(execution, clock, async () => {
      if (random() < 0.4) activity.takeOldest('w', () => true);
      for (const task of engine.tasks) {
        if (random() < 0.5 || task.subject !== ACTIVITY) continue;
        try {
          task.settle({ kind: 'succeeded', output: JSON.stringify(answer()) });
        } catch (error) {
          task.settle({ kind: 'failed', error: (error as Error).name, cause: 'by chance' });
        }
        // Whatever follows from one answer happens before the next one.
        await clock.settle();
      }
    });
    statuses.set(execution.status, (statuses.get(execution.status) ?? 0) + 1);
    const source = testSource(endedExecution(execution));
    await runSource(source).catch((error: unknown) => {
      throw new Error(`machine ${at}:\n${source}`, { cause: error });
    });
    engine.close();
  }
  expect([...statuses.keys()]).toEqual(expect.arrayContaining(['FAILED', 'SUCCEEDED']));
  // A few machines in a thousand are stopped, since they loop for ever.
  expect(statuses.has('ABORTED')).toBe(true);
}, 600_000);

async function follow(execution: Execution, clock: HandClock, work: () => Promise<void>): Promise<void> {
  for (let ms = 0; ms < LONGEST_MS && execution.status === 'RUNNING'; ms += 500) {
    await clock.settle();
    await work();
    await clock.advance(500);
  }
  if (execution.status === 'RUNNING') execution.stop('Enough', undefined);
  await clock.settle();
}

const CALLBACK = 'arn:aws:states:::sqs:sendMessage.waitForTaskToken';

/** Runs an execution, in which `work` answers what waits every half second, and writes it as a test. */
async function sourceOf(
  definition: object,
  {
    input = {},
    mocks = {},
    work = () => {},
  }: { input?: object; mocks?: Mocks; work?: (engine: StepFunctions) => void },
): Promise<string> {
  const clock = new HandClock(0, { promisesOnly: true });
  const engine = new StepFunctions({ clock, mocks }, { isAlone: true });
  engine.activities.create(ACTIVITY);
  const machine = engine.createMachine({ name: 'Orders', definition: JSON.stringify(definition) });
  const execution = engine.start(machine, JSON.stringify(input));
  await follow(execution, clock, async () => work(engine));
  const source = testSource(endedExecution(execution));
  engine.close();
  return source;
}

test.each<[string, object, Parameters<typeof sourceOf>[1], RegExp[]]>([
  [
    'a callback is answered by hand, and what its service answered is a mock',
    {
      StartAt: 'Ask',
      States: {
        Ask: {
          Type: 'Task',
          Resource: CALLBACK,
          Parameters: { QueueUrl: 'q', MessageBody: { 'Token.$': '$$.Task.Token' } },
          End: true,
        },
      },
    },
    {
      mocks: { [CALLBACK]: { output: { MessageId: 'm' } } },
      work: ({ tasks }) => {
        for (const task of tasks) task.settle({ kind: 'succeeded', output: '"yes"' });
      },
    },
    [/'TestMachine\.Ask': \{ output: \{ "MessageId": "m" \} \}/, /await task1\.succeed\("yes"\)/],
  ],
  [
    'a task that times out is taken and not answered',
    { StartAt: 'Slow', States: { Slow: { Type: 'Task', Resource: ACTIVITY, TimeoutSeconds: 3, End: true } } },
    { work: ({ activities }) => void activities.get(ACTIVITY).takeOldest('w', () => true) },
    [/await run\.task\('Slow'\);\n.*\n *\/\/ No answer/, /error: 'States\.Timeout'/],
  ],
  [
    'names and data with quotes, other scripts and __proto__ stay as they are',
    {
      StartAt: "it's \\ `${x}` 注文",
      States: { "it's \\ `${x}` 注文": { Type: 'Task', Resource: ACTIVITY, End: true } },
    },
    {
      input: JSON.parse('{"__proto__":{"a":"it\'s"}}') as object,
      work: ({ activities }) =>
        activities
          .get(ACTIVITY)
          .takeOldest('w', () => true)
          ?.settle({ kind: 'failed', error: "E'", cause: '\u2028"\'\n${1}' }),
    },
    [/const task1 = /, /JSON\.parse\('/],
  ],
  [
    'data that differ from run to run are not compared',
    {
      StartAt: 'Now',
      States: {
        Now: { Type: 'Pass', Parameters: { 'at.$': '$$.State.EnteredTime' }, Next: 'Fail' },
        Fail: { Type: 'Fail', Error: 'Over' },
      },
    },
    {},
    [/objectContaining\(\{ status: 'failed', error: 'Over' \}\)/],
  ],
])('as a test: %s', async (_, definition, run, expected) => {
  const source = await sourceOf(definition, run);
  for (const each of expected) expect(source).toMatch(each);
  await runSource(source);
});

test('an execution that began in a state is a test of the machine from there, with its own input', async () => {
  const clock = new HandClock(0, { promisesOnly: true });
  const engine = new StepFunctions({ clock }, { isAlone: true });
  const pass = (more: object): object => ({ Type: 'Pass', ...more });
  const States = { A: pass({ Next: 'B' }), B: pass({ Next: 'C' }), C: pass({ End: true }) };
  const machine = engine.createMachine({ name: 'M', definition: JSON.stringify({ StartAt: 'A', States }) });
  const earlier = engine.start(machine, '{"who":""}');
  const beginning = beginningIn(earlier, machine.program, 'B', '{"who":"Fixed"}');
  const run = engine.executions.start(machine, 'again', earlier.input, { who: '' }, undefined, beginning);
  await clock.settle();
  const source = testSource(endedExecution(run));
  expect(source).not.toContain('"A"');
  expect(source).toContain('machine.start({ "who": "Fixed" }');
  await runSource(source);
  engine.close();
});

test('a test is refused with the reason: redriven, or too many answers', async () => {
  const parts = {
    machine: 'M',
    definition: '{"StartAt":"A"}',
    name: 'e',
    input: '{}',
    status: 'FAILED' as const,
    output: undefined,
    error: 'E',
    cause: undefined,
  };
  const event = (id: number, type: string, details?: Record<string, unknown>): HistoryEvent => ({
    id,
    previous: id - 1,
    type,
    at: 0,
    details,
  });
  const started = event(1, 'ExecutionStarted');
  expect(() => testSource({ ...parts, events: [started, event(2, 'ExecutionRedriven')] })).toThrow(
    /was redriven/,
  );
  const tasks = Array.from({ length: 501 }, (_, at) => event(at + 3, 'ActivityScheduled'));
  expect(() =>
    testSource({ ...parts, events: [started, event(2, 'TaskStateEntered', { name: 'A' }), ...tasks] }),
  ).toThrow(/501 tasks to answer.*at most 500/);
});
