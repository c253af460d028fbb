import { describe, expect, test } from '@jest/globals';
import {
  DescribeExecutionCommand,
  RedriveExecutionCommand,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { edgesAt } from '../../src/console/model/drawing/taken-edges.js';
import { timeoutReason } from '../../src/framework/local/view/timeout.js';
import { Run } from '../../src/framework/local/view/run.js';
import type { Visit } from '../../src/framework/local/view/visit.js';
import type { Topics } from '../../src/framework/local/console/api.js';
import { isSelected, stateProgress } from '../../src/console/model/progress.js';
import { type BarKind, barsOf, type TimelineBar } from '../../src/console/model/timeline/bars.js';
import { type Folds, timelineRows } from '../../src/console/model/timeline/rows.js';
import { areasOf, extentOf, sharesOf } from '../../src/console/model/timeline/shares.js';
import { follow, openConsole } from '../local/console/console.js';
import type { Bench } from '../local/service.js';
import type { Mocks } from 'stepwright/local';

const call = (more: object = {}): object => ({
  Type: 'Task',
  Resource: 'arn:aws:lambda:us-east-1:123456789012:function:any',
  ...('Next' in more ? {} : { End: true }),
  ...more,
});
const machine = (states: Record<string, object>, more: object = {}): object => ({
  StartAt: Object.keys(states)[0],
  States: states,
  ...more,
});
const PACK = 'arn:aws:states:us-east-1:123456789012:activity:Pack';
const AGAIN = [{ ErrorEquals: ['Busy'], IntervalSeconds: 2, MaxAttempts: 2 }];

/** Runs a machine on the local service, and reads its history as the page does. */
async function historyOf(
  definition: object,
  {
    input = {},
    mocks = {},
    seconds = 60,
    stop = false,
    ends = false,
    redriven = false,
  }: {
    input?: unknown;
    mocks?: Mocks;
    seconds?: number;
    stop?: boolean;
    ends?: boolean;
    redriven?: boolean;
  } = {},
): Promise<Run> {
  const bench = await openConsole({ mocks });
  bench.service.seedActivity(PACK);
  const stateMachineArn = bench.service.seedMachine({ name: 'M', definition: JSON.stringify(definition) });
  const started = await bench.client.send(
    new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
  );
  const { executionArn = '' } = started;
  await bench.clock.advance(seconds * 1000);
  if (stop) await bench.client.send(new StopExecutionCommand({ executionArn }));
  if (redriven) await bench.client.send(new RedriveExecutionCommand({ executionArn }));
  if (redriven) await bench.clock.settle();
  // The turns of a long execution, and a thread that evaluates an expression, take real time.
  if (ends) while ((await statusOf(bench, executionArn)) === 'RUNNING') await bench.clock.settle();
  const tab = follow<Topics['execution']['snapshot']>(
    bench,
    `topic=execution&arn=${encodeURIComponent(executionArn)}`,
  );
  const run = new Run();
  run.add((await tab.next()).data.events);
  return run;
}

async function statusOf({ client }: Bench, executionArn: string): Promise<string | undefined> {
  const { status } = await client.send(new DescribeExecutionCommand({ executionArn }));
  return status;
}

const kinds = (run: Run, name: string): BarKind[] => barsOf(visit(run, name)).map(({ kind }) => kind);

/** The visits as `name status`, with the iteration that each is of. */
const told = ({ visits }: Run): string[] =>
  visits.map(({ name, status, iteration }) => `${name}${iteration ? `[${iteration.index}]` : ''} ${status}`);

const visit = ({ visits }: Run, name: string): Visit => {
  const found = visits.find((each) => each.name === name);
  if (!found) throw new Error(`${name} was not entered`);
  return found;
};

test('a state that is tried again has its attempts, and has succeeded', async () => {
  const busy = { error: 'Busy', cause: 'later' };
  const run = await historyOf(machine({ A: call({ Retry: AGAIN }) }), {
    mocks: { 'M.A': [busy, { output: 1 }] },
  });
  expect(told(run)).toEqual(['A succeeded']);
  expect(visit(run, 'A').attempts.map(({ outcome, error }) => [outcome, error])).toEqual([
    ['failed', 'Busy'],
    ['succeeded', undefined],
  ]);
  expect(barsOf(visit(run, 'A')).map(({ kind }) => kind)).toEqual(['retry', 'back-off', 'succeeded']);
});

test('a state whose failure a Catch took is caught, and the execution goes on', async () => {
  const states = {
    A: call({ Catch: [{ ErrorEquals: ['States.ALL'], Next: 'B' }] }),
    B: { Type: 'Pass', End: true },
  };
  const run = await historyOf(machine(states), { mocks: { 'M.A': { error: 'Bad', cause: '' } } });
  expect(told(run)).toEqual(['A caught', 'B succeeded']);
  expect(visit(run, 'A').failure?.error).toBe('Bad');
});

/** Fails a state after its task has succeeded, without an event of its own. */
const NO_PLACE = { ResultPath: '$.n.x' };

test('a state that fails after its task succeeded, and is caught, is caught with its error', async () => {
  const states = {
    A: call({
      ...NO_PLACE,
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: null, Next: 'B' }],
      Next: 'B',
    }),
    B: { Type: 'Pass', End: true },
  };
  const run = await historyOf(machine(states), { input: { n: 1 }, mocks: { 'M.A': { output: 1 } } });
  expect(told(run)).toEqual(['A caught', 'B succeeded']);
  expect(visit(run, 'A').attempts.map(({ outcome }) => outcome)).toEqual(['succeeded']);
  expect(visit(run, 'A').failure).toMatchObject({
    error: 'States.ResultPathMatchFailure',
    cause: expect.stringContaining('n.x'),
  });
  expect(edgesAt(visit(run, 'B'), () => true)).toContainEqual({ from: 'A', to: 'B', caught: true });
});

test('a state that fails after its task succeeded has the error with which it ended the execution', async () => {
  const branches = [machine({ A: call(NO_PLACE) })];
  const run = await historyOf(machine({ Both: { Type: 'Parallel', Branches: branches, End: true } }), {
    input: { n: 1 },
    mocks: { 'M.A': { output: 1 } },
  });
  expect(told(run)).toEqual(['Both failed', 'A failed']);
  for (const name of ['A', 'Both'])
    expect(visit(run, name).failure).toMatchObject({
      error: 'States.ResultPathMatchFailure',
      cause: expect.stringContaining('n.x'),
    });
});

test('a Parallel in a Parallel that fails after its branches succeeded makes the outer one fail', async () => {
  const inner = { Type: 'Parallel', Branches: [machine({ A: { Type: 'Pass', End: true } })], ...NO_PLACE };
  const branches = [
    machine({ Inner: { ...inner, End: true } }),
    machine({ B: { Type: 'Wait', Seconds: 99, End: true } }),
  ];
  const outer = {
    Type: 'Parallel',
    Branches: branches,
    Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Last' }],
  };
  const states = { Outer: { ...outer, End: true }, Last: { Type: 'Succeed' } };
  const run = await historyOf(machine(states), { input: { n: 1 } });
  expect(told(run).toSorted()).toEqual([
    'A succeeded',
    'B aborted',
    'Inner failed',
    'Last succeeded',
    'Outer caught',
  ]);
  expect(visit(run, 'Inner').failure?.error).toBe('States.ResultPathMatchFailure');
});

test('of a Parallel the branch that failed is told apart from the one that was ended by it', async () => {
  const branches = [machine({ Bad: call() }), machine({ Slow: { Type: 'Wait', Seconds: 30, End: true } })];
  const run = await historyOf(machine({ Both: { Type: 'Parallel', Branches: branches, End: true } }), {
    mocks: { 'M.Bad': { error: 'Bad', cause: '' } },
  });
  expect(told(run)).toEqual(['Both failed', 'Bad failed', 'Slow aborted']);
});

test('a Parallel that is tried again has its branches once for each attempt', async () => {
  const branches = [machine({ Sometimes: call() }), machine({ Always: { Type: 'Pass', End: true } })];
  const run = await historyOf(
    machine({
      Both: { Type: 'Parallel', Branches: branches, Retry: AGAIN, Next: 'Last' },
      Last: { Type: 'Succeed' },
    }),
    { mocks: { 'M.Sometimes': [{ error: 'Busy', cause: '' }, { output: 1 }] } },
  );
  expect(told(run).toSorted()).toEqual([
    'Always succeeded',
    'Always succeeded',
    'Both succeeded',
    'Last succeeded',
    'Sometimes failed',
    'Sometimes succeeded',
  ]);
});

/** A Map in a Map; the inner one's task fails where it is told to. */
const nested = (more: object = {}): object =>
  machine({
    Outer: {
      Type: 'Map',
      ItemProcessor: machine({
        Inner: {
          Type: 'Map',
          ItemProcessor: machine({
            Deep: call(more),
            ...('Catch' in more && { Caught: { Type: 'Pass', End: true } }),
          }),
          End: true,
        },
      }),
      End: true,
    },
  });

test('events of a Map in a Map belong to their own iterations', async () => {
  const caught = { Catch: [{ ErrorEquals: ['Odd'], Next: 'Caught' }] };
  const run = await historyOf(nested(caught), {
    input: [
      [1, 2, 3],
      [4, 5],
    ],
    mocks: {
      'M.Deep': (input) => {
        if (Number(input) % 2 === 1) throw Object.assign(new Error('odd'), { name: 'Odd' });
        return input;
      },
    },
  });
  expect(run.visits.filter(({ name }) => name === 'Deep')).toHaveLength(5);
  const counts = (selection: [string, number][]): unknown => {
    const states = stateProgress(run.visits, new Set(), new Map(selection));
    return Object.fromEntries(
      [...(states.get('Deep')?.current ?? [])].map(([progress, visits]) => [progress, visits.length]),
    );
  };
  expect(counts([])).toEqual({ succeeded: 2, caught: 3 });
  expect(counts([['Outer', 0]])).toEqual({ succeeded: 1, caught: 2 });
  expect(
    counts([
      ['Outer', 1],
      ['Inner', 0],
    ]),
  ).toEqual({ succeeded: 1 });
  expect(
    [...visit(run, 'Outer').iterations.values()].map(({ status, caught: odd }) => `${status} ${odd}`),
  ).toEqual(['succeeded true', 'succeeded true']);
  expect(
    run.visits
      .filter((each) => isSelected(each, new Map([['Outer', 1]])))
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(['Caught', 'Deep', 'Deep', 'Inner', 'Outer']);
});

test('where a Map fails, so have its iteration and the states around it, and the others were ended', async () => {
  const run = await historyOf(nested(), {
    input: [[1], [2], [3]],
    mocks: { 'M.Deep': { error: 'Bad', cause: '' } },
  });
  const outer = visit(run, 'Outer');
  expect(outer.status).toBe('failed');
  const ends = [...outer.iterations.values()].map(({ status }) => status);
  expect(ends.filter((each) => each === 'failed')).toHaveLength(1);
  expect(ends).not.toContain('running');
  expect(run.visits.every(({ status }) => status === 'failed' || status === 'aborted')).toBe(true);
});

test('a field that can not be worked out fails its state', async () => {
  const run = await historyOf(
    machine(
      { A: { Type: 'Pass', Output: '{% $nothing.here() %}', End: true } },
      { QueryLanguage: 'JSONata' },
    ),
    { ends: true },
  );
  expect(told(run)).toEqual(['A failed']);
  expect(visit(run, 'A').failure?.error).toBe('States.QueryEvaluationError');
});

test('what is stopped was aborted', async () => {
  const run = await historyOf(machine({ A: { Type: 'Wait', Seconds: 3600, End: true } }), { stop: true });
  expect(told(run)).toEqual(['A aborted']);
});

test('what goes on after a redrive is not shown a second time, nor as failed', async () => {
  const states = (name: string, more?: object): object => machine({ [name]: call(more) });
  const run = await historyOf(
    machine({
      P: { Type: 'Parallel', End: true, Retry: AGAIN, Branches: [states('A'), states('B'), states('C')] },
    }),
    {
      mocks: {
        'M.A': { output: 1 },
        'M.B': [{ error: 'Busy' }, { error: 'No' }, () => new Promise(() => {})],
        'M.C': [() => new Promise(() => {}), () => new Promise(() => {}), { output: 1 }],
      },
      redriven: true,
    },
  );
  expect(told(run)).toEqual([
    'P running',
    'A succeeded',
    'B failed',
    'C aborted',
    'A succeeded',
    'B running',
    'C succeeded',
  ]);
});

test('a Choice that goes round enters its states again', async () => {
  const states = {
    Count: { Type: 'Pass', Parameters: { 'n.$': 'States.MathAdd($.n, 1)' }, Next: 'Enough?' },
    'Enough?': {
      Type: 'Choice',
      Choices: [{ Variable: '$.n', NumericGreaterThan: 2, Next: 'Done' }],
      Default: 'Count',
    },
    Done: { Type: 'Succeed' },
  };
  const run = await historyOf(machine(states), { input: { n: 0 } });
  expect(told(run)).toHaveLength(7);
  expect(stateProgress(run.visits, new Set(), new Map()).get('Count')?.visits).toHaveLength(3);
});

describe('an execution that times out', () => {
  const limited = (state: object): object => machine({ A: { ...state, End: true } }, { TimeoutSeconds: 5 });

  test('in the queue of an activity: it says the limit, the state, and that no worker took its task', async () => {
    const definition = limited({ Type: 'Task', Resource: PACK });
    const run = await historyOf(definition);
    expect(told(run)).toEqual(['A timed out']);
    expect(timeoutReason(run, JSON.stringify(definition))).toBe(
      'The execution took longer than the TimeoutSeconds of its state machine (5 s). A: no worker took its task.',
    );
    expect(kinds(run, 'A')).toEqual(['queued']);
    expect(shown(run)).toEqual({ A: 'timed out' });
  });

  test('before the next attempt: the attempt has failed, and the state waited', async () => {
    const Retry = [{ ErrorEquals: ['Busy'], IntervalSeconds: 60 }];
    const definition = limited(call({ Retry }));
    const run = await historyOf(definition, { mocks: { 'M.A': { error: 'Busy' } } });
    expect(told(run)).toEqual(['A timed out']);
    expect(timeoutReason(run, JSON.stringify(definition))).toMatch(
      /\(5 s\). A: waited for its next attempt\.$/,
    );
    expect(kinds(run, 'A')).toEqual(['retry', 'back-off']);
  });

  test('in a Map: its iterations have timed out too', async () => {
    const inside = machine({ B: { Type: 'Wait', Seconds: 60, End: true } });
    const definition = limited({ Type: 'Map', ItemProcessor: inside });
    const run = await historyOf(definition, { input: [1, 2] });
    expect(told(run)).toEqual(['A timed out', 'B[0] timed out', 'B[1] timed out']);
    expect([...visit(run, 'A').iterations.values()].map(({ status }) => status)).toEqual([
      'timed out',
      'timed out',
    ]);
    expect(timeoutReason(run, JSON.stringify(definition))).toMatch(/ B: in progress\.$/);
  });
});

test.each([
  [{ TimeoutSeconds: 5 }, 'The task of A took longer than its TimeoutSeconds (5 s).'],
  [
    { TimeoutSeconds: 50, HeartbeatSeconds: 2 },
    'The task of A sent no heartbeat within its HeartbeatSeconds (2 s).',
  ],
])('a task that breaks a limit of %j says which', async (limits, reason) => {
  const Resource = 'arn:aws:states:::sqs:sendMessage.waitForTaskToken';
  const Parameters = { 'MessageBody.$': '$$.Task.Token', QueueUrl: 'Q' };
  const definition = machine({ A: call({ ...limits, Resource, Parameters, End: true }) });
  const run = await historyOf(definition, { mocks: { 'M.A': { output: 1 } } });
  expect(told(run)).toEqual(['A failed']);
  expect(timeoutReason(run, JSON.stringify(definition))).toBe(reason);
});

test('a redrive is counted, and no back-off; the attempt after it is told', async () => {
  const run = await historyOf(machine({ A: call() }), {
    mocks: { 'M.A': [{ error: 'Bad' }, () => new Promise(() => {})] },
    redriven: true,
  });
  expect(run.redrives).toBe(1);
  expect(visit(run, 'A').attempts.map(({ isRedriven = false }) => isRedriven)).toEqual([false, true]);
  expect(kinds(run, 'A')).toEqual(['failed', 'working']);
});

test('a redrive after a stop ends the attempt that was stopped', async () => {
  const run = await historyOf(machine({ A: call() }), {
    mocks: { 'M.A': () => new Promise(() => {}) },
    stop: true,
    redriven: true,
  });
  expect(kinds(run, 'A')).toEqual(['aborted', 'working']);
  expect(visit(run, 'A').attempts.map(({ endedAt }) => endedAt !== undefined)).toEqual([true, false]);
});

/** What each state is shown as. */
const shown = ({ visits }: Run): unknown =>
  Object.fromEntries(
    [...stateProgress(visits, new Set(), new Map())].map(([name, { progress }]) => [name, progress]),
  );

test('a state is shown as its last visit in the last attempt of the Parallel or Map around it', async () => {
  const wait = (name: string): object => machine({ [name]: { Type: 'Wait', Seconds: 30, End: true } });
  const tried = machine({
    Sometimes: call({ Catch: [{ ErrorEquals: ['Odd'], Next: 'Other' }] }),
    Other: call(),
  });
  const run = await historyOf(
    machine({
      Both: { Type: 'Parallel', Branches: [tried, wait('Slow')], Retry: AGAIN, Next: 'Each' },
      Each: {
        Type: 'Map',
        ItemsPath: '$[0]',
        ItemProcessor: machine({ Deep: call() }),
        Retry: AGAIN,
        End: true,
      },
    }),
    {
      mocks: {
        'M.Sometimes': [{ error: 'Odd' }, { output: [1] }],
        'M.Other': { error: 'Busy' },
        'M.Deep': [{ error: 'Busy' }, { output: 1 }],
      },
    },
  );
  expect(shown(run)).toEqual({
    Both: 'succeeded',
    Sometimes: 'succeeded',
    Other: 'not reached',
    Slow: 'succeeded',
    Each: 'succeeded',
    Deep: 'succeeded',
  });
});

test('a state in a loop is shown as its last visit, and so are the states inside it', async () => {
  const run = await historyOf(
    machine({
      Try: {
        Type: 'Parallel',
        Branches: [machine({ A: call() })],
        Next: 'Done',
        Catch: [{ ErrorEquals: ['Busy'], Next: 'Again' }],
      },
      Again: call({ Catch: [{ ErrorEquals: ['Busy'], Next: 'Try' }], Next: 'Try' }),
      Done: { Type: 'Succeed' },
    }),
    {
      mocks: {
        'M.A': [{ error: 'Busy' }, { error: 'Busy' }, { output: 1 }],
        'M.Again': [{ error: 'Busy' }, { output: 1 }],
      },
    },
  );
  expect(shown(run)).toEqual({ Try: 'succeeded', A: 'succeeded', Again: 'succeeded', Done: 'succeeded' });
});

/** The rows of the timeline as they are indented, with the number of visits in each. */
const rowsOf = (run: Run, folds: Folds = new Map()): string[] =>
  timelineRows(run, folds).map(
    ({ depth, kind, state, indexes, visits }) =>
      `${'  '.repeat(depth)}${kind === 'state' ? state : `#${indexes.join()}`} ${visits.length}`,
  );

test('the rows of the timeline are a tree: branch by branch, and iteration by iteration', async () => {
  const waits = (states: string[]): object =>
    machine(
      Object.fromEntries(
        states.map((name, i) => [
          name,
          {
            Type: 'Wait',
            Seconds: 1,
            ...(states[i + 1] === undefined ? { End: true } : { Next: states[i + 1] }),
          },
        ]),
      ),
    );
  const both = { Type: 'Parallel', Branches: [waits(['A1', 'A2']), waits(['B1', 'B2'])], Next: 'Last' };
  // The states of both branches are entered in turns.
  const parallel = await historyOf(machine({ Both: both, Last: { Type: 'Pass', End: true } }));
  expect(rowsOf(parallel)).toEqual(['Both 1', '  A1 1', '  A2 1', '  B1 1', '  B2 1', 'Last 1']);

  const input = [
    [1, 2],
    [3, 4],
  ];
  const run = await historyOf(nested(), { input, mocks: { 'M.Deep': { output: 1 } } });
  expect(rowsOf(run)).toEqual([
    'Outer 1',
    '  #0 1',
    '    Inner 1',
    '      #0,0 1',
    '      #0,1 1',
    '  #1 1',
    '    Inner 1',
    '      #1,0 1',
    '      #1,1 1',
  ]);
  expect(rowsOf(run, new Map([['/Outer', false]]))).toEqual([
    'Outer 1',
    '  Inner 2',
    '    #0,0 1',
    '    #0,1 1',
    '    #1,0 1',
    '    #1,1 1',
  ]);
  const wide = { input: [Array(500).fill(1)], ends: true };
  const many = await historyOf(nested(), { ...wide, mocks: { 'M.Deep': { output: 1 } } });
  expect(rowsOf(many)).toEqual(['Outer 1', '  #0 1', '    Inner 1', '      Deep 500']);
});

test('bars that lie over each other are counted at each time, and short ones are seen', () => {
  const bar = (from: number, to: number, kind: BarKind): TimelineBar => ({
    from,
    to,
    kind,
    state: 'A',
    worker: 'w',
  });
  const scale = { from: 0, until: 100, width: 100 };
  expect(extentOf(bar(0, 0, 'failed'), scale)).toEqual({ x: 0, end: 4 });
  expect(extentOf(bar(100, 100, 'failed'), scale)).toEqual({ x: 96, end: 100 });
  const bars = [
    bar(0, 50, 'queued'),
    bar(50, 100, 'succeeded'),
    bar(10, 60, 'queued'),
    bar(30, 30, 'failed'),
  ];
  const { counts, most } = sharesOf(bars, scale);
  const at = (x: number): unknown => Object.fromEntries([...counts].map(([kind, own]) => [kind, own[x]]));
  expect(most).toBe(2);
  expect([5, 20, 31, 55, 70].map(at)).toEqual([
    { queued: 1, succeeded: 0, failed: 0 },
    { queued: 2, succeeded: 0, failed: 0 },
    { queued: 2, succeeded: 0, failed: 1 },
    { queued: 1, succeeded: 1, failed: 0 },
    { queued: 0, succeeded: 1, failed: 0 },
  ]);
  for (const { path } of areasOf(sharesOf(bars, scale), 16)) expect(path).not.toMatch(/NaN|undefined/);
});
