import { FUNCTIONS, jsonata, one, WORK, type WorkerReport, type MachineRow, type Source } from './row.js';

const FROM: Source = 'AWS: Handling errors in Step Functions workflows';

const task = (fields: object): object => one({ Type: 'Task', Resource: WORK, ...fields });

/** A task with one retrier, its worker's reports, and the duration. */
const retries = (
  does: string,
  retrier: object,
  work: WorkerReport[],
  expect: MachineRow['expect'],
): MachineRow => ({
  does,
  from: FROM,
  machine: task({ TimeoutSeconds: 100, HeartbeatSeconds: 50, Retry: [{ ErrorEquals: ['E'], ...retrier }] }),
  work,
  expect,
});

/** Tests whether a catcher that names an error takes a task's failure. */
const catches = (name: string, work: WorkerReport, taken: boolean, fields: object = {}): MachineRow => ({
  does: `a Catch of ${name} ${taken ? 'takes' : 'does not take'} ${JSON.stringify(work)} ${JSON.stringify(fields)}`,
  from: FROM,
  machine: {
    StartAt: 'X',
    States: {
      X: {
        Type: 'Task',
        Resource: WORK,
        Catch: [{ ErrorEquals: [name], Next: 'Y' }],
        End: true,
        ...fields,
      },
      Y: { Type: 'Pass', Result: 'caught', End: true },
    },
  },
  work: [work],
  expect: taken ? { status: 'SUCCEEDED', output: 'caught' } : { status: 'FAILED' },
});

/** Tests the error output of a state that fails by itself. */
const inside = (
  does: string,
  inner: object,
  name: string,
  expect: MachineRow['expect'],
  input: unknown = {},
): MachineRow => ({
  does,
  from: FROM,
  machine: {
    StartAt: 'X',
    States: {
      X: {
        Type: 'Parallel',
        Branches: [
          {
            StartAt: 'I',
            States:
              'End' in inner || !('Next' in inner || 'Choices' in inner)
                ? { I: inner }
                : { I: inner, J: { Type: 'Succeed' } },
          },
        ],
        Catch: [{ ErrorEquals: [name], Next: 'Y' }],
        End: true,
      },
      Y: { Type: 'Pass', Result: 'caught', End: true },
    },
  },
  input,
  expect,
});

const E: WorkerReport = { error: 'E', cause: 'c' };
const CAUGHT = { status: 'SUCCEEDED', output: 'caught' };
const noMatch = { Type: 'Choice', Choices: [{ Variable: '$.v', NumericEquals: 1, Next: 'J' }] };
const badPath = { Type: 'Pass', Parameters: { 'x.$': '$.nope' }, Next: 'J' };
const badIntrinsic = {
  Type: 'Pass',
  Parameters: { 'x.$': 'States.ArrayGetItem(States.Array(), 0)' },
  Next: 'J',
};
const badResultPath = { Type: 'Pass', Result: 1, ResultPath: '$.v.w', Next: 'J' };

/** Retry, Catch, and the reserved names. */
export const errors: MachineRow[] = [
  retries('a Retry waits a second, then two, then four', {}, [E, E, E, { output: 1 }], {
    output: 1,
    seconds: 7,
  }),
  retries('a Retry gives up after three attempts', {}, [E, E, E, E], {
    status: 'FAILED',
    error: 'E',
    cause: 'c',
    seconds: 7,
  }),
  retries('IntervalSeconds is the first wait', { IntervalSeconds: 5 }, [E, { output: 1 }], { seconds: 5 }),
  retries('BackoffRate multiplies each wait', { IntervalSeconds: 2, BackoffRate: 3 }, [E, E, { output: 1 }], {
    seconds: 8,
  }),
  retries('a BackoffRate of 1 keeps the wait', { BackoffRate: 1 }, [E, E, { output: 1 }], { seconds: 2 }),
  retries(
    'BackoffRate may have a fraction',
    { IntervalSeconds: 2, BackoffRate: 1.5 },
    [E, E, { output: 1 }],
    { seconds: 5 },
  ),
  retries('MaxAttempts counts the retries', { MaxAttempts: 1 }, [E, E], { status: 'FAILED', seconds: 1 }),
  retries('MaxAttempts of 0 never retries', { MaxAttempts: 0 }, [E], { status: 'FAILED', seconds: 0 }),
  retries(
    'MaxDelaySeconds caps the wait',
    { IntervalSeconds: 10, MaxDelaySeconds: 12 },
    [E, E, { output: 1 }],
    { seconds: 22 },
  ),
  retries(
    'full jitter takes a part of the wait',
    { IntervalSeconds: 10, JitterStrategy: 'FULL' },
    [E, { output: 1 }],
    { seconds: 5 },
  ),
  retries('no jitter is the default', { IntervalSeconds: 10, JitterStrategy: 'NONE' }, [E, { output: 1 }], {
    seconds: 10,
  }),
  retries('another error is not retried', {}, [{ error: 'F' }], { status: 'FAILED', error: 'F', seconds: 0 }),
  {
    does: 'each retrier counts its own attempts',
    from: FROM,
    machine: task({
      Retry: [
        { ErrorEquals: ['E'], MaxAttempts: 1 },
        { ErrorEquals: ['F'], MaxAttempts: 1, IntervalSeconds: 10 },
      ],
    }),
    work: [E, { error: 'F' }, E],
    expect: { status: 'FAILED', error: 'E', seconds: 11 },
  },
  {
    does: 'Retry comes before Catch',
    from: FROM,
    machine: {
      StartAt: 'X',
      States: {
        X: {
          Type: 'Task',
          Resource: WORK,
          Retry: [{ ErrorEquals: ['E'], MaxAttempts: 1 }],
          Catch: [{ ErrorEquals: ['E'], Next: 'Y' }],
          End: true,
        },
        Y: { Type: 'Pass', Result: 'caught', End: true },
      },
    },
    work: [E, E],
    expect: { output: 'caught', seconds: 1 },
  },
  {
    does: 'a state entered again counts anew',
    from: FROM,
    machine: {
      StartAt: 'X',
      States: {
        X: {
          Type: 'Task',
          Resource: WORK,
          Retry: [{ ErrorEquals: ['E'], MaxAttempts: 1 }],
          Catch: [{ ErrorEquals: ['E'], Next: 'X' }],
          End: true,
        },
      },
    },
    work: [E, E, E, { output: 1 }],
    expect: { output: 1, seconds: 2 },
  },
  {
    does: 'a catcher puts the error where its ResultPath says',
    from: FROM,
    machine: {
      StartAt: 'X',
      States: {
        X: {
          Type: 'Task',
          Resource: WORK,
          Catch: [{ ErrorEquals: ['E'], ResultPath: '$.error', Next: 'Y' }],
          End: true,
        },
        Y: { Type: 'Succeed' },
      },
    },
    input: { a: 1 },
    work: [E],
    expect: { output: { a: 1, error: { Error: 'E', Cause: 'c' } } },
  },
  catches('E', E, true),
  catches('F', E, false),
  catches('States.ALL', E, true),
  catches('States.TaskFailed', E, true),
  catches('States.Timeout', E, false),
  catches('States.Timeout', 'silence', true, { TimeoutSeconds: 5 }),
  catches('States.ALL', 'silence', true, { TimeoutSeconds: 5 }),
  catches('States.TaskFailed', 'silence', false, { TimeoutSeconds: 5 }),
  catches('States.HeartbeatTimeout', 'silence', false, { TimeoutSeconds: 5 }),
  catches('States.HeartbeatTimeout', 'silence', true, { HeartbeatSeconds: 5 }),
  catches('States.Timeout', 'silence', true, { HeartbeatSeconds: 5 }),
  catches('States.DataLimitExceeded', 'silence', true, { Resource: FUNCTIONS.big }),
  catches('States.TaskFailed', 'silence', true, { Resource: FUNCTIONS.big }),
  inside('States.ALL does not take States.Runtime', badPath, 'States.ALL', {
    status: 'FAILED',
    error: 'States.Runtime',
  }),
  inside('States.Runtime cannot be caught', badPath, 'States.Runtime', {
    status: 'FAILED',
    error: 'States.Runtime',
  }),
  inside(
    'a path that leads nowhere can be caught as States.ParameterPathFailure',
    badPath,
    'States.ParameterPathFailure',
    CAUGHT,
  ),
  inside(
    'no rule that matches can be caught as States.NoChoiceMatched',
    noMatch,
    'States.NoChoiceMatched',
    CAUGHT,
    { v: 2 },
  ),
  inside(
    'no rule that matches is not taken by States.ALL',
    noMatch,
    'States.ALL',
    { status: 'FAILED' },
    { v: 2 },
  ),
  inside('States.IntrinsicFailure can be caught', badIntrinsic, 'States.IntrinsicFailure', CAUGHT),
  inside(
    'States.ResultPathMatchFailure can be caught',
    badResultPath,
    'States.ResultPathMatchFailure',
    CAUGHT,
    { v: 1 },
  ),
  inside(
    'what fails in a branch can be caught as States.BranchFailed',
    { Type: 'Fail', Error: 'E' },
    'States.BranchFailed',
    CAUGHT,
  ),
  inside('what fails in a branch can be caught by its own name', { Type: 'Fail', Error: 'E' }, 'E', CAUGHT),
  inside(
    'States.QueryEvaluationError can be caught',
    { Type: 'Pass', QueryLanguage: 'JSONata', Output: '{% $nope() %}', Next: 'J' },
    'States.QueryEvaluationError',
    CAUGHT,
  ),
  inside(
    'States.QueryEvaluationError is taken by States.ALL',
    { Type: 'Pass', QueryLanguage: 'JSONata', Output: '{% $nope() %}', Next: 'J' },
    'States.ALL',
    CAUGHT,
  ),
  {
    does: 'a catcher in JSONata has Output, Assign and $states.errorOutput',
    from: 'AWS: Transforming data with JSONata in Step Functions',
    machine: {
      QueryLanguage: 'JSONata',
      StartAt: 'X',
      States: {
        X: {
          Type: 'Task',
          Resource: WORK,
          Catch: [
            {
              ErrorEquals: ['E'],
              Assign: { why: '{% $states.errorOutput.Cause %}' },
              Output: { got: '{% $states.errorOutput.Error %}', in: '{% $states.input.a %}' },
              Next: 'Y',
            },
          ],
          End: true,
        },
        Y: { Type: 'Pass', Output: { last: '{% $states.input %}', why: '{% $why %}' }, End: true },
      },
    },
    input: { a: 1 },
    work: [E],
    expect: { output: { last: { got: 'E', in: 1 }, why: 'c' } },
  },
  {
    does: 'a catcher in JSONata without Output gives the error',
    from: 'recorded: test_map_catch_error[MAP_CATCH_ERROR_OUTPUT_WITH_RETRY]',
    machine: {
      QueryLanguage: 'JSONata',
      StartAt: 'X',
      States: {
        X: { Type: 'Task', Resource: WORK, Catch: [{ ErrorEquals: ['E'], Next: 'Y' }], End: true },
        Y: { Type: 'Succeed' },
      },
    },
    work: [E],
    expect: { output: { Error: 'E', Cause: 'c' } },
  },
  {
    does: 'an error in JSONata is retried as States.QueryEvaluationError',
    from: FROM,
    machine: jsonata({
      Type: 'Task',
      Resource: WORK,
      Arguments: '{% $states.context.State.RetryCount = 0 ? $error("first") : "second" %}',
      Retry: [{ ErrorEquals: ['States.QueryEvaluationError'] }],
    }),
    work: [{ output: 1 }],
    expect: { output: 1, seconds: 1 },
  },
];
