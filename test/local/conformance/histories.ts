import { FUNCTIONS, inX, one, WORK, type MachineRow } from './row.js';

const task = (fields: object = {}): object => one({ Type: 'Task', Resource: WORK, ...fields });
const caught = (fields: object = {}): object => ({
  StartAt: 'X',
  States: {
    X: {
      Type: 'Task',
      Resource: WORK,
      Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Y' }],
      End: true,
      ...fields,
    },
    Y: { Type: 'Pass', End: true },
  },
});
const BEGIN = ['ExecutionStarted<0', 'TaskStateEntered<0', 'ActivityScheduled<2', 'ActivityStarted<3'];
const TRUNCATED = { truncated: false };
const MISSING = `${WORK}2`;

/** Whole histories, event for event. */
export const histories: MachineRow[] = [
  {
    does: 'a task that succeeds leaves seven events',
    from: 'recorded: test_activity_task_no_worker_name',
    machine: task(),
    input: { a: 1 },
    work: [{ output: { b: 2 } }],
    expect: {
      status: 'SUCCEEDED',
      output: { b: 2 },
      events: [...BEGIN, 'ActivitySucceeded<4', 'TaskStateExited<5', 'ExecutionSucceeded<6'],
      details: {
        2: { name: 'X', input: '{"a":1}', inputDetails: TRUNCATED },
        3: { resource: WORK, input: '{"a":1}', inputDetails: TRUNCATED },
        4: {},
        5: { output: '{"b":2}', outputDetails: TRUNCATED },
        6: { name: 'X', output: '{"b":2}', outputDetails: TRUNCATED },
        7: { output: '{"b":2}', outputDetails: TRUNCATED },
      },
    },
  },
  {
    does: 'a task that fails is not exited',
    from: 'recorded: test_activity_task_failure',
    machine: task(),
    work: [{ error: 'E', cause: 'why' }],
    expect: {
      status: 'FAILED',
      error: 'E',
      cause: 'why',
      events: [...BEGIN, 'ActivityFailed<4', 'ExecutionFailed<5'],
      details: { 5: { error: 'E', cause: 'why' }, 6: { error: 'E', cause: 'why' } },
    },
  },
  {
    does: 'declared limits stand in ActivityScheduled',
    from: 'recorded: test_activity_task_with_heartbeat',
    machine: task({ TimeoutSeconds: 60, HeartbeatSeconds: 10 }),
    work: [{ output: 1 }],
    expect: {
      details: {
        3: {
          resource: WORK,
          input: '{}',
          inputDetails: TRUNCATED,
          timeoutInSeconds: 60,
          heartbeatInSeconds: 10,
        },
      },
    },
  },
  {
    does: 'a timeout is States.Timeout without a cause, and the status is FAILED',
    from: 'captured',
    machine: task({ TimeoutSeconds: 30 }),
    work: ['silence'],
    expect: {
      status: 'FAILED',
      error: 'States.Timeout',
      events: [...BEGIN, 'ActivityTimedOut<4', 'ExecutionFailed<5'],
      details: { 5: { error: 'States.Timeout' }, 6: { error: 'States.Timeout' } },
      seconds: 30,
    },
  },
  {
    does: 'a missed heartbeat is States.Timeout too',
    from: 'captured',
    machine: task({ TimeoutSeconds: 30, HeartbeatSeconds: 10 }),
    work: ['silence'],
    expect: {
      error: 'States.Timeout',
      events: [...BEGIN, 'ActivityTimedOut<4', 'ExecutionFailed<5'],
      seconds: 10,
    },
  },
  {
    does: 'a task that nobody polls waits beyond its own limits',
    from: 'captured',
    machine: task({ TimeoutSeconds: 30, HeartbeatSeconds: 10 }),
    expect: { status: 'RUNNING', events: BEGIN.slice(0, 3) },
  },
  {
    does: 'a machine-level timeout is TIMED_OUT, points to no event, and nothing catches it',
    from: 'recorded: test_global_timeout',
    machine: { ...caught(), TimeoutSeconds: 20 },
    expect: {
      status: 'TIMED_OUT',
      events: [...BEGIN.slice(0, 3), 'ExecutionTimedOut<0'],
      seconds: 20,
    },
  },
  {
    does: 'a retried task is entered once, and each new schedule points to the failure',
    from: 'recorded: test_lambda_invoke_with_retry_extended_input',
    machine: task({ Retry: [{ ErrorEquals: ['E'], IntervalSeconds: 2, MaxAttempts: 2 }] }),
    work: [{ error: 'E' }, { error: 'E' }, { output: 1 }],
    expect: {
      status: 'SUCCEEDED',
      seconds: 6,
      events: [
        ...BEGIN,
        'ActivityFailed<4',
        'ActivityScheduled<5',
        'ActivityStarted<6',
        'ActivityFailed<7',
        'ActivityScheduled<8',
        'ActivityStarted<9',
        'ActivitySucceeded<10',
        'TaskStateExited<11',
        'ExecutionSucceeded<12',
      ],
    },
  },
  {
    does: 'a caught failure exits the state, then the next is entered',
    from: 'captured',
    machine: caught(),
    work: [{ error: 'E', cause: 'why' }],
    expect: {
      output: { Error: 'E', Cause: 'why' },
      events: [
        ...BEGIN,
        'ActivityFailed<4',
        'TaskStateExited<5',
        'PassStateEntered<6',
        'PassStateExited<7',
        'ExecutionSucceeded<8',
      ],
    },
  },
  {
    does: 'a caught timeout has an empty cause',
    from: 'captured',
    machine: caught({ TimeoutSeconds: 5 }),
    work: ['silence'],
    expect: { output: { Error: 'States.Timeout', Cause: '' } },
  },
  {
    does: 'a failure without a word is caught as two nulls',
    from: 'recorded: test_sqs_failure_in_wait_for_task_tok_no_error_field',
    machine: caught(),
    work: [{}],
    expect: { output: { Error: null, Cause: null }, details: { 5: {} } },
  },
  {
    does: 'the first catcher that matches wins',
    from: 'captured',
    machine: {
      StartAt: 'X',
      States: {
        X: {
          Type: 'Task',
          Resource: WORK,
          Catch: [
            { ErrorEquals: ['Other'], Next: 'Other' },
            { ErrorEquals: ['E'], Next: 'First' },
            { ErrorEquals: ['States.ALL'], Next: 'Other' },
          ],
          End: true,
        },
        First: { Type: 'Pass', Result: 'first', End: true },
        Other: { Type: 'Pass', Result: 'other', End: true },
      },
    },
    work: [{ error: 'E' }],
    expect: { output: 'first' },
  },
  {
    does: 'an activity that is not there ends the execution, and cannot be caught',
    from: 'recorded: test_activity_task_on_deleted',
    machine: caught({ Resource: MISSING }),
    expect: {
      status: 'FAILED',
      error: 'States.Runtime',
      cause: inX(`The activity ${MISSING} does not exist.`),
      events: ['ExecutionStarted<0', 'TaskStateEntered<0', 'ExecutionFailed<2'],
    },
  },
  {
    does: 'the input of a task is compact JSON of its effective input',
    from: 'captured',
    machine: task({ InputPath: '$.a', Parameters: { 'v.$': '$.b', w: [1, 2] } }),
    input: { a: { b: 'x' } },
    work: [{ output: 1 }],
    expect: {
      details: { 3: { resource: WORK, input: '{"w":[1,2],"v":"x"}', inputDetails: TRUNCATED } },
    },
  },
  {
    does: 'a function leaves events of its own kind',
    from: 'recorded: test_raise_exception',
    machine: one({ Type: 'Task', Resource: FUNCTIONS.echo, TimeoutSeconds: 5 }),
    input: { a: 1 },
    expect: {
      output: { a: 1 },
      events: [
        'ExecutionStarted<0',
        'TaskStateEntered<0',
        'LambdaFunctionScheduled<2',
        'LambdaFunctionStarted<3',
        'LambdaFunctionSucceeded<4',
        'TaskStateExited<5',
        'ExecutionSucceeded<6',
      ],
      details: {
        3: { resource: FUNCTIONS.echo, input: '{"a":1}', inputDetails: TRUNCATED, timeoutInSeconds: 5 },
        4: {},
        5: { output: '{"a":1}', outputDetails: TRUNCATED },
      },
    },
  },
  {
    does: 'a function that takes too long times out by its own event',
    from: 'recorded: test_service_lambda_map_timeout',
    machine: one({ Type: 'Task', Resource: FUNCTIONS.never, TimeoutSeconds: 5 }),
    expect: {
      error: 'States.Timeout',
      seconds: 5,
      events: [
        'ExecutionStarted<0',
        'TaskStateEntered<0',
        'LambdaFunctionScheduled<2',
        'LambdaFunctionStarted<3',
        'LambdaFunctionTimedOut<4',
        'ExecutionFailed<5',
      ],
      details: { 5: { error: 'States.Timeout' } },
    },
  },
  {
    does: 'a result that is too large fails, and is caught by its name',
    from: 'recorded: test_task_lambda_data_limit_exceeded_on_large_utf8_response',
    machine: {
      StartAt: 'X',
      States: {
        X: {
          Type: 'Task',
          Resource: FUNCTIONS.big,
          Catch: [{ ErrorEquals: ['States.DataLimitExceeded'], Next: 'Y' }],
          End: true,
        },
        Y: { Type: 'Pass', End: true },
      },
    },
    expect: {
      status: 'SUCCEEDED',
      output: {
        Error: 'States.DataLimitExceeded',
        Cause: `The state/task '${FUNCTIONS.big}' returned a result with a size exceeding the maximum number of bytes service limit.`,
      },
      events: [
        'ExecutionStarted<0',
        'TaskStateEntered<0',
        'LambdaFunctionScheduled<2',
        'LambdaFunctionStarted<3',
        'LambdaFunctionFailed<4',
        'TaskStateExited<5',
        'PassStateEntered<6',
        'PassStateExited<7',
        'ExecutionSucceeded<8',
      ],
    },
  },
  {
    does: 'limits may come from the input',
    from: 'AWS: Task workflow state',
    machine: task({ TimeoutSecondsPath: '$.t', HeartbeatSecondsPath: '$.h' }),
    input: { t: 60, h: 10 },
    work: [{ output: 1 }],
    expect: {
      details: {
        3: {
          resource: WORK,
          input: '{"t":60,"h":10}',
          inputDetails: TRUNCATED,
          timeoutInSeconds: 60,
          heartbeatInSeconds: 10,
        },
      },
    },
  },
  {
    does: 'a limit from the input that is no number ends the execution',
    from: 'AWS: Task workflow state',
    machine: task({ TimeoutSecondsPath: '$.t' }),
    input: { t: 'x' },
    expect: {
      error: 'States.Runtime',
      cause: inX(`Expected the value of 'TimeoutSecondsPath' to be an integer from 1 to 99999999, got "x".`),
    },
  },
  {
    does: 'a retried task has its limits anew',
    from: 'AWS: Task workflow state',
    machine: task({ TimeoutSeconds: 10, Retry: [{ ErrorEquals: ['States.Timeout'], MaxAttempts: 1 }] }),
    work: ['silence', 'silence'],
    expect: { status: 'FAILED', error: 'States.Timeout', seconds: 21 },
  },
  {
    does: 'a call of an integration leaves events with its parameters',
    from: 'recorded: test_sqs_wait_for_task_token_call_chain',
    machine: one({
      Type: 'Task',
      Resource: FUNCTIONS.ask,
      HeartbeatSeconds: 60,
      TimeoutSeconds: 600,
      Parameters: { MessageBody: 'm' },
    }),
    work: [{ output: 'test_message_txt' }],
    expect: {
      output: 'test_message_txt',
      events: [
        'ExecutionStarted<0',
        'TaskStateEntered<0',
        'TaskScheduled<2',
        'TaskStarted<3',
        'TaskSubmitted<4',
        'TaskSucceeded<5',
        'TaskStateExited<6',
        'ExecutionSucceeded<7',
      ],
      details: {
        3: {
          resource: 'sendMessage.waitForTaskToken',
          resourceType: 'sqs',
          region: 'us-east-1',
          parameters: '{"MessageBody":"m"}',
          heartbeatInSeconds: 60,
          timeoutInSeconds: 600,
        },
        4: { resource: 'sendMessage.waitForTaskToken', resourceType: 'sqs' },
        6: {
          resource: 'sendMessage.waitForTaskToken',
          resourceType: 'sqs',
          output: '"test_message_txt"',
          outputDetails: TRUNCATED,
        },
      },
    },
  },
  {
    does: 'a failure reported on a token',
    from: 'recorded: test_sqs_failure_in_wait_for_task_token',
    machine: one({ Type: 'Task', Resource: FUNCTIONS.ask }),
    work: [{ error: 'Failure error', cause: 'Failure cause' }],
    expect: {
      error: 'Failure error',
      cause: 'Failure cause',
      events: [
        'ExecutionStarted<0',
        'TaskStateEntered<0',
        'TaskScheduled<2',
        'TaskStarted<3',
        'TaskSubmitted<4',
        'TaskFailed<5',
        'ExecutionFailed<6',
      ],
      details: {
        6: {
          resource: 'sendMessage.waitForTaskToken',
          resourceType: 'sqs',
          error: 'Failure error',
          cause: 'Failure cause',
        },
      },
    },
  },
  {
    does: 'a token on which nobody reports times out by its own event',
    from: 'recorded: test_sqs_wait_for_task_token_timeout',
    machine: one({ Type: 'Task', Resource: FUNCTIONS.ask, TimeoutSeconds: 5 }),
    work: ['silence'],
    expect: {
      error: 'States.Timeout',
      seconds: 5,
      details: {
        6: { resource: 'sendMessage.waitForTaskToken', resourceType: 'sqs', error: 'States.Timeout' },
      },
    },
  },
];
