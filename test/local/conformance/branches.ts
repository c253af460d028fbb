import { inX, jsonata, one, WORK, type MachineRow, type Source } from './row.js';

const PARALLEL: Source = 'AWS: Parallel workflow state';
const MAP: Source = 'AWS: Using Map state in Inline mode in Step Functions workflows';
const SCOPES: Source = 'AWS: Passing data between states with variables';

const P = { Type: 'Pass', End: true };
const branch = (state: object, name: string): object => ({ StartAt: name, States: { [name]: state } });
const parallel = (branches: object[], fields: object = {}): object =>
  one({ Type: 'Parallel', Branches: branches, ...fields });
const map = (state: object, fields: object = {}): object =>
  one({ Type: 'Map', ItemProcessor: branch({ ...state, End: true }, 'I'), ...fields });
const task = { Type: 'Task', Resource: WORK, End: true };

/** Parallel and Map: results, scopes, failures, histories. */
export const branches: MachineRow[] = [
  {
    does: 'Parallel gives the outputs in the order of its branches',
    from: PARALLEL,
    machine: parallel([
      branch({ Type: 'Wait', Seconds: 5, End: true }, 'A'),
      branch({ ...P, Result: 'b' }, 'B'),
    ]),
    input: 'in',
    expect: { output: ['in', 'b'], seconds: 5 },
  },
  {
    does: 'the history of a Parallel: the exit points to the last event of the branch that ended last',
    from: 'recorded: test_parallel_state',
    machine: parallel([branch(P, 'A'), branch(P, 'B')]),
    input: [1, 2],
    expect: {
      output: [
        [1, 2],
        [1, 2],
      ],
      events: [
        'ExecutionStarted<0',
        'ParallelStateEntered<0',
        'ParallelStateStarted<2',
        'PassStateEntered<3',
        'PassStateEntered<3',
        'PassStateExited<4',
        'PassStateExited<5',
        'ParallelStateSucceeded<7',
        'ParallelStateExited<7',
        'ExecutionSucceeded<9',
      ],
    },
  },
  {
    does: 'a Parallel whose branch fails aborts the state of every branch, all because of the one event',
    from: 'captured',
    machine: parallel([branch(task, 'A'), branch(task, 'B')]),
    work: [{ error: 'E', cause: 'c' }],
    expect: {
      status: 'FAILED',
      error: 'E',
      cause: 'c',
      events: [
        'ExecutionStarted<0',
        'ParallelStateEntered<0',
        'ParallelStateStarted<2',
        'TaskStateEntered<3',
        'TaskStateEntered<3',
        'ActivityScheduled<4',
        'ActivityScheduled<5',
        'ActivityStarted<6',
        'ActivityFailed<8',
        'TaskStateAborted<9',
        'TaskStateAborted<9',
        'ParallelStateFailed<9',
        'ExecutionFailed<12',
      ],
      details: { 3: {}, 10: {}, 12: {} },
    },
  },
  {
    does: 'Parallel takes Parameters, ResultSelector and ResultPath',
    from: PARALLEL,
    machine: parallel([branch(P, 'A'), branch({ ...P, Result: 2 }, 'B')], {
      Parameters: { 'x.$': '$.a' },
      ResultSelector: { 'first.$': '$[0].x', 'second.$': '$[1]' },
      ResultPath: '$.r',
    }),
    input: { a: 1 },
    expect: { output: { a: 1, r: { first: 1, second: 2 } } },
  },
  {
    does: 'a Parallel is retried as a whole',
    from: PARALLEL,
    machine: parallel([branch(task, 'A')], { Retry: [{ ErrorEquals: ['E'] }] }),
    work: [{ error: 'E' }, { output: 1 }],
    expect: { output: [1], seconds: 1 },
  },
  {
    does: 'a Parallel is caught',
    from: PARALLEL,
    machine: {
      StartAt: 'X',
      States: {
        X: {
          Type: 'Parallel',
          Branches: [branch({ Type: 'Fail', Error: 'E', Cause: 'c' }, 'A')],
          Catch: [{ ErrorEquals: ['E'], Next: 'Y' }],
          End: true,
        },
        Y: { Type: 'Pass', End: true },
      },
    },
    expect: {
      output: { Error: 'E', Cause: 'c' },
      events: [
        'ExecutionStarted<0',
        'ParallelStateEntered<0',
        'ParallelStateStarted<2',
        'FailStateEntered<3',
        'ParallelStateFailed<4',
        'ParallelStateExited<5',
        'PassStateEntered<6',
        'PassStateExited<7',
        'ExecutionSucceeded<8',
      ],
    },
  },
  {
    does: 'a Parallel in a Parallel',
    from: PARALLEL,
    machine: parallel([
      branch({ Type: 'Parallel', Branches: [branch(P, 'B'), branch(P, 'C')], End: true }, 'A'),
      branch(P, 'D'),
    ]),
    input: 1,
    expect: { output: [[1, 1], 1] },
  },
  {
    does: 'a machine-level timeout ends every branch',
    from: PARALLEL,
    machine: {
      StartAt: 'X',
      TimeoutSeconds: 9,
      States: { X: { Type: 'Parallel', Branches: [branch(task, 'A'), branch(task, 'B')], End: true } },
    },
    expect: { status: 'TIMED_OUT', seconds: 9 },
  },
  {
    does: 'Map gives the outputs in the order of its items',
    from: MAP,
    machine: map({ Type: 'Pass' }, { ItemsPath: '$.l' }),
    input: { l: [3, 1, 2] },
    expect: { output: [3, 1, 2] },
  },
  {
    does: 'the history of a Map one by one: an iteration starts from the last event of the one before',
    from: 'recorded: test_map_state',
    machine: map({ Type: 'Pass' }, { MaxConcurrency: 1 }),
    input: [1, 'Hello'],
    expect: {
      output: [1, 'Hello'],
      events: [
        'ExecutionStarted<0',
        'MapStateEntered<0',
        'MapStateStarted<2',
        'MapIterationStarted<3',
        'PassStateEntered<4',
        'PassStateExited<5',
        'MapIterationSucceeded<6',
        'MapIterationStarted<6',
        'PassStateEntered<8',
        'PassStateExited<9',
        'MapIterationSucceeded<10',
        'MapStateSucceeded<11',
        'MapStateExited<11',
        'ExecutionSucceeded<13',
      ],
      details: {
        3: { length: 2 },
        4: { index: 0, name: 'X' },
        5: { name: 'I', input: '1', inputDetails: { truncated: false } },
        11: { index: 1, name: 'X' },
        12: {},
      },
    },
  },
  {
    does: 'the history of a Map at once that times out',
    from: 'recorded: test_service_lambda_map_timeout',
    machine: map({ Type: 'Task', Resource: WORK, TimeoutSeconds: 5 }),
    input: [1, 2],
    work: ['silence'],
    expect: {
      status: 'FAILED',
      error: 'States.Timeout',
      events: [
        'ExecutionStarted<0',
        'MapStateEntered<0',
        'MapStateStarted<2',
        'MapIterationStarted<3',
        'MapIterationStarted<3',
        'TaskStateEntered<4',
        'TaskStateEntered<5',
        'ActivityScheduled<6',
        'ActivityScheduled<7',
        'ActivityStarted<8',
        'ActivityTimedOut<10',
        'MapIterationFailed<11',
        'TaskStateAborted<11',
        'MapIterationAborted<11',
        'TaskStateAborted<11',
        'MapStateFailed<11',
        'ExecutionFailed<16',
      ],
      details: { 12: { index: 0, name: 'X' }, 14: { index: 1, name: 'X' } },
    },
  },
  {
    does: 'a Map of nothing',
    from: MAP,
    machine: map({ Type: 'Pass' }),
    input: [],
    expect: {
      output: [],
      events: [
        'ExecutionStarted<0',
        'MapStateEntered<0',
        'MapStateStarted<2',
        'MapStateSucceeded<3',
        'MapStateExited<3',
        'ExecutionSucceeded<5',
      ],
      details: { 3: { length: 0 } },
    },
  },
  {
    does: 'ItemSelector makes each input of the item, its index and the input',
    from: MAP,
    machine: map(
      { Type: 'Pass' },
      {
        ItemsPath: '$.l',
        ItemSelector: { 'i.$': '$$.Map.Item.Index', 'v.$': '$$.Map.Item.Value.k', 'a.$': '$.a' },
      },
    ),
    input: { a: 9, l: [{ k: 'x' }, { k: 'y' }] },
    expect: {
      output: [
        { i: 0, v: 'x', a: 9 },
        { i: 1, v: 'y', a: 9 },
      ],
    },
  },
  {
    does: 'Iterator and Parameters, as they were called before',
    from: MAP,
    machine: one({
      Type: 'Map',
      Iterator: branch(P, 'I'),
      Parameters: { 'v.$': '$$.Map.Item.Value' },
    }),
    input: [1],
    expect: { output: [{ v: 1 }] },
  },
  {
    does: 'the item can be seen in the states of an iteration',
    from: MAP,
    machine: map({ Type: 'Pass', Parameters: { 'i.$': '$$.Map.Item.Index' } }),
    input: ['a', 'b'],
    expect: { output: [{ i: 0 }, { i: 1 }] },
  },
  {
    does: 'MaxConcurrency bounds how many run at once',
    from: MAP,
    machine: map({ Type: 'Wait', Seconds: 10 }, { MaxConcurrency: 2 }),
    input: [1, 2, 3, 4, 5],
    expect: { output: [1, 2, 3, 4, 5], seconds: 30 },
  },
  {
    does: 'MaxConcurrencyPath',
    from: MAP,
    machine: map({ Type: 'Wait', Seconds: 10 }, { ItemsPath: '$.l', MaxConcurrencyPath: '$.n' }),
    input: { n: 1, l: [1, 2] },
    expect: { output: [1, 2], seconds: 20 },
  },
  {
    does: 'at most forty iterations run at once',
    from: MAP,
    machine: map({ Type: 'Wait', Seconds: 10 }, { ResultSelector: { 'n.$': 'States.ArrayLength($)' } }),
    input: Array.from({ length: 41 }, (_, i) => i),
    expect: { output: { n: 41 }, seconds: 20 },
  },
  {
    does: 'a Map takes ResultSelector and ResultPath',
    from: MAP,
    machine: map({ Type: 'Pass' }, { ItemsPath: '$.l', ResultSelector: { 'all.$': '$' }, ResultPath: '$.r' }),
    input: { l: [1] },
    expect: { output: { l: [1], r: { all: [1] } } },
  },
  {
    does: 'a Map over something that is no list ends the execution',
    from: MAP,
    machine: map({ Type: 'Pass' }, { ItemsPath: '$.l' }),
    input: { l: 'x' },
    expect: {
      status: 'FAILED',
      error: 'States.Runtime',
      cause: inX('Reference path "$.l" must point to array.'),
    },
  },
  {
    does: 'the first iteration that fails ends the Map',
    from: MAP,
    machine: map(task, { MaxConcurrency: 1 }),
    input: [1, 2, 3],
    work: [{ output: 'a' }, { error: 'E' }],
    expect: { status: 'FAILED', error: 'E' },
  },
  {
    does: 'a Map in a Map',
    from: MAP,
    machine: map({ Type: 'Map', ItemProcessor: branch(P, 'J') }),
    input: [[1, 2], [3], []],
    expect: { output: [[1, 2], [3], []] },
  },
  {
    does: 'Items and ItemSelector in JSONata',
    from: MAP,
    machine: jsonata({
      Type: 'Map',
      Items: '{% $states.input.l[$ > 1] %}',
      ItemSelector: {
        v: '{% $states.context.Map.Item.Value * 10 %}',
        i: '{% $states.context.Map.Item.Index %}',
      },
      ItemProcessor: branch(P, 'I'),
    }),
    input: { l: [1, 2, 3] },
    expect: {
      output: [
        { v: 20, i: 0 },
        { v: 30, i: 1 },
      ],
    },
  },
  {
    does: 'Items that are written down',
    from: MAP,
    machine: jsonata({ Type: 'Map', Items: [1, '{% $states.input.a %}'], ItemProcessor: branch(P, 'I') }),
    input: { a: 2 },
    expect: { output: [1, 2] },
  },
  {
    does: 'Items that are no list fail',
    from: MAP,
    machine: jsonata({ Type: 'Map', Items: '{% 5 %}', ItemProcessor: branch(P, 'I') }),
    expect: {
      error: 'States.QueryEvaluationError',
      cause: inX(
        "The JSONata expression '5' specified for the field 'Items' returned an unexpected result type. Expected 'array', but was 'number' for value: 5",
      ),
    },
  },
  {
    does: 'a branch reads the variables around it',
    from: SCOPES,
    machine: {
      StartAt: 'S',
      States: {
        S: { Type: 'Pass', Assign: { v: 1 }, Next: 'X' },
        X: { Type: 'Parallel', Branches: [branch({ ...P, Parameters: { 'v.$': '$v' } }, 'A')], End: true },
      },
    },
    expect: { output: [{ v: 1 }] },
  },
  {
    does: 'what a branch sets ends with it',
    from: SCOPES,
    machine: {
      StartAt: 'X',
      States: {
        X: {
          Type: 'Parallel',
          Branches: [branch({ ...P, Assign: { v: 1 } }, 'A'), branch({ ...P, Assign: { v: 2 } }, 'B')],
          Next: 'Y',
        },
        Y: { Type: 'Pass', Parameters: { 'v.$': '$v' }, End: true },
      },
    },
    expect: { status: 'FAILED', error: 'States.Runtime' },
  },
  {
    does: 'each iteration has variables of its own',
    from: SCOPES,
    machine: one({
      Type: 'Map',
      ItemProcessor: {
        StartAt: 'I',
        States: {
          I: { Type: 'Pass', Assign: { 'v.$': '$' }, Next: 'J' },
          J: { Type: 'Wait', Seconds: 1, Next: 'K' },
          K: { Type: 'Pass', Parameters: { 'v.$': '$v' }, End: true },
        },
      },
    }),
    input: [1, 2],
    expect: { output: [{ v: 1 }, { v: 2 }] },
  },
  {
    does: 'the state around sees what its branches gave when it sets variables',
    from: SCOPES,
    machine: {
      StartAt: 'X',
      States: {
        X: { Type: 'Parallel', Branches: [branch(P, 'A')], Assign: { 'v.$': '$[0]' }, Next: 'Y' },
        Y: { Type: 'Pass', Parameters: { 'v.$': '$v' }, End: true },
      },
    },
    input: 5,
    expect: { output: { v: 5 } },
  },
  {
    does: 'the states inside a state in JSONata go by the language of the machine',
    from: 'AWS: Transforming data with JSONata in Step Functions',
    machine: parallel([branch({ ...P, Parameters: { 'x.$': '$.v' } }, 'A')], {
      QueryLanguage: 'JSONata',
      Arguments: { v: '{% 1 + 1 %}' },
    }),
    expect: { output: [{ x: 2 }] },
  },
  {
    does: 'a Parallel in a Parallel that fails aborts what is inside first',
    from: PARALLEL,
    machine: parallel([
      branch(
        { Type: 'Parallel', Branches: [branch({ Type: 'Wait', Seconds: 99, End: true }, 'B')], End: true },
        'A',
      ),
      branch(task, 'C'),
    ]),
    work: [{ error: 'E' }],
    expect: {
      events: [
        'ExecutionStarted<0',
        'ParallelStateEntered<0',
        'ParallelStateStarted<2',
        'ParallelStateEntered<3',
        'TaskStateEntered<3',
        'ParallelStateStarted<4',
        'WaitStateEntered<6',
        'ActivityScheduled<5',
        'ActivityStarted<8',
        'ActivityFailed<9',
        'TaskStateAborted<10',
        'WaitStateAborted<10',
        'ParallelStateAborted<10',
        'ParallelStateFailed<10',
        'ExecutionFailed<14',
      ],
    },
  },
  {
    does: 'a Map is retried from its beginning',
    from: MAP,
    machine: map(task, { MaxConcurrency: 1, Retry: [{ ErrorEquals: ['E'] }] }),
    input: [1, 2],
    work: [{ output: 'a' }, { error: 'E' }, { output: 'b' }, { output: 'c' }],
    expect: { output: ['b', 'c'], seconds: 1 },
  },
  {
    does: 'an execution ends with its 25,000th event',
    from: 'AWS: Step Functions service quotas',
    machine: {
      StartAt: 'X',
      States: {
        X: { Type: 'Pass', Next: 'Y' },
        Y: { Type: 'Choice', Choices: [{ Variable: '$.v', IsPresent: true, Next: 'Z' }], Default: 'X' },
        Z: { Type: 'Succeed' },
      },
    },
    expect: {
      status: 'FAILED',
      error: 'States.Runtime',
      cause: 'The execution reached the maximum number of history events (25000).',
    },
  },
];
