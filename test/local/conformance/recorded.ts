import { FUNCTIONS, inX, jsonata, one, pass, WORK, type Expected, type MachineRow } from './row.js';

type Recording = `test_${string}`;

const row = (
  recording: Recording,
  does: string,
  machine: object,
  expect: Expected,
  more: Partial<MachineRow> = {},
): MachineRow => ({ does, from: `recorded: ${recording}`, machine, expect, ...more });

const fails = (error: string, cause: string, events?: readonly string[]): Expected => ({
  status: 'FAILED',
  error,
  cause: inX(cause),
  ...(events && { events: ['ExecutionStarted<0', ...events] }),
});
const runtime = (cause: string, events?: readonly string[]): Expected =>
  fails('States.Runtime', cause, events);

const P = { Type: 'Pass', End: true };
const states = (state: object, name = 'I'): object => ({ StartAt: name, States: { [name]: state } });
const map = (state: object, fields: object = {}): object =>
  one({ Type: 'Map', ItemProcessor: states({ End: true, ...state }), ...fields });
const fail = { StartAt: 'I', States: { I: { Type: 'Fail', Error: 'E', Cause: 'c' } } };
const failingMap = (fields: object = {}): object => one({ Type: 'Map', ItemProcessor: fail, ...fields });
const parallel = (branches: object[], fields: object = {}): object =>
  one({ Type: 'Parallel', Branches: branches, ...fields });
const lambda = (fields: object = {}): object => ({ Type: 'Task', Resource: FUNCTIONS.fail, ...fields });
const CAUGHT = {
  Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Y' }],
};
const thenY = (x: object): object => ({ StartAt: 'X', States: { X: x, Y: P } });
const twice = { Retry: [{ ErrorEquals: ['E'], IntervalSeconds: 1, MaxAttempts: 1 }] };
const wait = (fields: object): object => one({ Type: 'Wait', ...fields });

/** Which event points to which, and what a retried Map or Parallel leaves (7.1, 7.2). */
const pointers: MachineRow[] = [
  row(
    'test_invalid_jsonpath[ST.INVALID_JSONPATH_IN_INPUTPATH]',
    'a failed field of the state itself: ExecutionFailed points to the entry',
    pass({ InputPath: '$.no' }),
    runtime("Invalid path '$.no' : No results for path: $['no']", [
      'PassStateEntered<0',
      'ExecutionFailed<2',
    ]),
  ),
  row(
    'test_catch_states_runtime',
    'a Catch that names States.Runtime does not take it, and ExecutionFailed points to what came last',
    thenY({
      Type: 'Task',
      Resource: FUNCTIONS.echo,
      OutputPath: '$.no.such',
      Catch: [{ ErrorEquals: ['States.Runtime'], Next: 'Y' }],
      End: true,
    }),
    runtime("Invalid path '$.no.such' : Missing property in path $['no']", [
      'TaskStateEntered<0',
      'LambdaFunctionScheduled<2',
      'LambdaFunctionStarted<3',
      'LambdaFunctionSucceeded<4',
      'ExecutionFailed<5',
    ]),
  ),
  row(
    'test_undefined_reference',
    'a failed expression of a later state: EvaluationFailed points to the exit before the state',
    {
      QueryLanguage: 'JSONata',
      StartAt: 'S',
      States: { S: { Type: 'Pass', Next: 'X' }, X: { ...P, Output: '{% $states.input.no %}' } },
    },
    {
      events: [
        'ExecutionStarted<0',
        'PassStateEntered<0',
        'PassStateExited<2',
        'PassStateEntered<3',
        'EvaluationFailed<3',
        'ExecutionFailed<5',
      ],
    },
  ),
  row(
    'test_map_state_retry',
    'a retried Map leaves no MapStateFailed between its attempts, and one when they are spent',
    failingMap(twice),
    {
      status: 'FAILED',
      error: 'E',
      seconds: 1,
      events: [
        'ExecutionStarted<0',
        'MapStateEntered<0',
        'MapStateStarted<2',
        'MapIterationStarted<3',
        'FailStateEntered<4',
        'MapIterationFailed<5',
        'MapStateStarted<5',
        'MapIterationStarted<7',
        'FailStateEntered<8',
        'MapIterationFailed<9',
        'MapStateFailed<9',
        'ExecutionFailed<11',
      ],
      details: { 7: { length: 1 }, 11: {} },
    },
    { input: [1] },
  ),
  row(
    'test_map_state_retry_legacy',
    'so does one in the older form',
    one({ Type: 'Map', Iterator: fail, ...twice }),
    {
      events: [
        'ExecutionStarted<0',
        'MapStateEntered<0',
        'MapStateStarted<2',
        'MapIterationStarted<3',
        'FailStateEntered<4',
        'MapIterationFailed<5',
        'MapStateStarted<5',
        'MapIterationStarted<7',
        'FailStateEntered<8',
        'MapIterationFailed<9',
        'MapStateFailed<9',
        'ExecutionFailed<11',
      ],
    },
    { input: [1] },
  ),
  row(
    'test_parallel_state_retry',
    'a retried Parallel starts again from the event that failed',
    parallel([fail], twice),
    {
      seconds: 1,
      events: [
        'ExecutionStarted<0',
        'ParallelStateEntered<0',
        'ParallelStateStarted<2',
        'FailStateEntered<3',
        'ParallelStateStarted<4',
        'FailStateEntered<5',
        'ParallelStateFailed<6',
        'ExecutionFailed<7',
      ],
      details: { 5: {}, 7: {} },
    },
  ),
  row(
    'test_parallel_catch_error[PARALLEL_CATCH_ERROR_OUTPUT_WITH_RETRY]',
    'an attempt of a Parallel with a Task ends with the Task aborted',
    parallel([states({ Type: 'Task', Resource: WORK, End: true })], twice),
    {
      output: [1],
      events: [
        'ExecutionStarted<0',
        'ParallelStateEntered<0',
        'ParallelStateStarted<2',
        'TaskStateEntered<3',
        'ActivityScheduled<4',
        'ActivityStarted<5',
        'ActivityFailed<6',
        'TaskStateAborted<7',
        'ParallelStateStarted<7',
        'TaskStateEntered<9',
        'ActivityScheduled<10',
        'ActivityStarted<11',
        'ActivitySucceeded<12',
        'TaskStateExited<13',
        'ParallelStateSucceeded<14',
        'ParallelStateExited<14',
        'ExecutionSucceeded<16',
      ],
      details: { 8: {} },
    },
    { work: [{ error: 'E' }, { output: 1 }] },
  ),
  row(
    'test_map_state_catch',
    'a caught Map: nothing is aborted after a Fail, and the exit points to MapStateFailed',
    thenY({ Type: 'Map', ItemProcessor: fail, ...CAUGHT, End: true }),
    {
      output: { Error: 'E', Cause: 'c' },
      events: [
        'ExecutionStarted<0',
        'MapStateEntered<0',
        'MapStateStarted<2',
        'MapIterationStarted<3',
        'FailStateEntered<4',
        'MapIterationFailed<5',
        'MapStateFailed<5',
        'MapStateExited<7',
        'PassStateEntered<8',
        'PassStateExited<9',
        'ExecutionSucceeded<10',
      ],
    },
    { input: [1] },
  ),
  row(
    'test_parallel_state_catch',
    'a caught Parallel: the exit points to ParallelStateFailed',
    thenY({ Type: 'Parallel', Branches: [fail], ...CAUGHT, End: true }),
    {
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
  ),
  row(
    'test_map_state_catch_empty_fail',
    'a Fail without a word inside a Map ends the execution without a word',
    one({ Type: 'Map', ItemProcessor: states({ Type: 'Fail' }) }),
    { status: 'FAILED', details: { 8: {} } },
    { input: [1] },
  ),
  row(
    'test_map_state_items_input_array[empty]',
    'a Map of nothing: both of its last events point to its start',
    map({ Type: 'Pass' }),
    {
      output: [],
      events: [
        'ExecutionStarted<0',
        'MapStateEntered<0',
        'MapStateStarted<2',
        'MapStateSucceeded<3',
        'MapStateExited<3',
        'ExecutionSucceeded<5',
      ],
      details: { 4: {} },
    },
    { input: [] },
  ),
  row(
    'test_map_state_nested',
    'a Map in a Map ends with the last MapIterationSucceeded',
    one({ Type: 'Map', ItemProcessor: states({ Type: 'Map', ItemProcessor: states(P, 'J'), End: true }) }),
    {
      events: [
        'ExecutionStarted<0',
        'MapStateEntered<0',
        'MapStateStarted<2',
        'MapIterationStarted<3',
        'MapStateEntered<4',
        'MapStateStarted<5',
        'MapIterationStarted<6',
        'PassStateEntered<7',
        'PassStateExited<8',
        'MapIterationSucceeded<9',
        'MapStateSucceeded<10',
        'MapStateExited<10',
        'MapIterationSucceeded<12',
        'MapStateSucceeded<13',
        'MapStateExited<13',
        'ExecutionSucceeded<15',
      ],
    },
    { input: [[1]] },
  ),
  row(
    'test_service_lambda_map_timeout',
    'of two that fail in the same instant the first decides, and all points to it',
    map(lambda()),
    {
      error: 'E0',
      events: [
        'ExecutionStarted<0',
        'MapStateEntered<0',
        'MapStateStarted<2',
        'MapIterationStarted<3',
        'MapIterationStarted<3',
        'TaskStateEntered<4',
        'TaskStateEntered<5',
        'LambdaFunctionScheduled<6',
        'LambdaFunctionStarted<8',
        'LambdaFunctionScheduled<7',
        'LambdaFunctionStarted<10',
        'LambdaFunctionFailed<9',
        'LambdaFunctionFailed<11',
        'MapIterationFailed<12',
        'TaskStateAborted<12',
        'MapIterationAborted<12',
        'TaskStateAborted<12',
        'MapStateFailed<12',
        'ExecutionFailed<18',
      ],
      details: { 14: { index: 0, name: 'X' }, 16: { index: 1, name: 'X' } },
    },
    { input: [{ error: 'E0' }, { error: 'E1' }] },
  ),
  row(
    'test_map_state_break_condition',
    'an iteration that fails by a Fail aborts what the others stand in, and not itself',
    one({
      Type: 'Map',
      ItemProcessor: {
        StartAt: 'C',
        States: {
          C: { Type: 'Choice', Choices: [{ Variable: '$', NumericEquals: 2, Next: 'F' }], Default: 'W' },
          F: { Type: 'Fail', Error: 'E' },
          W: { Type: 'Wait', Seconds: 9, End: true },
        },
      },
    }),
    {
      events: [
        'ExecutionStarted<0',
        'MapStateEntered<0',
        'MapStateStarted<2',
        'MapIterationStarted<3',
        'MapIterationStarted<3',
        'ChoiceStateEntered<4',
        'ChoiceStateEntered<5',
        'ChoiceStateExited<6',
        'ChoiceStateExited<7',
        'WaitStateEntered<8',
        'FailStateEntered<9',
        'MapIterationFailed<11',
        'MapIterationAborted<11',
        'WaitStateAborted<11',
        'MapStateFailed<11',
        'ExecutionFailed<15',
      ],
    },
    { input: [1, 2] },
  ),
];

const badSeconds = (value: unknown, cause: string): MachineRow =>
  row(
    'test_base_wait_seconds_path',
    `a SecondsPath to ${String(value)}`,
    wait({ SecondsPath: '$.s' }),
    runtime(cause),
    {
      input: { s: value },
    },
  );
const badTimestamp = (value: string): MachineRow =>
  row(
    'test_wait_timestamp_path',
    `a TimestampPath to ${value}`,
    wait({ TimestampPath: '$.t' }),
    runtime(
      `The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: $.t == ${value}`,
      ['WaitStateEntered<0', 'ExecutionFailed<2'],
    ),
    { input: { t: value } },
  );
const badConcurrency = (value: unknown, shown: string): MachineRow =>
  row(
    'test_max_concurrency_path',
    `a MaxConcurrencyPath to ${JSON.stringify(value)}`,
    map({ Type: 'Pass' }, { ItemsPath: '$.l', MaxConcurrencyPath: '$.n' }),
    runtime(`The MaxConcurrencyPath field refers to value "${shown}" which is not a valid integer: $.n`, [
      'MapStateEntered<0',
      'ExecutionFailed<2',
    ]),
    { input: { l: [1], n: value } },
  );
const noList = (type: string, value: unknown): MachineRow => {
  const text = JSON.stringify(value);
  return row(
    'test_map_state_items_eval_jsonata_fail',
    `Items that are worked out to ${text}`,
    jsonata({ Type: 'Map', Items: '{% $states.input.v %}', ItemProcessor: states(P) }),
    fails(
      'States.QueryEvaluationError',
      `The JSONata expression '$states.input.v' specified for the field 'Items' returned an unexpected result type. Expected 'array', but was '${type}' for value: ${text}`,
      ['MapStateEntered<0', 'EvaluationFailed<0', 'MapStateFailed<3', 'ExecutionFailed<4'],
    ),
    { input: { v: value } },
  );
};

/** How a state says what went wrong (7.3). */
const texts: MachineRow[] = [
  row(
    'test_invalid_jsonpath[INVALID_JSONPATH_IN_ERRORPATH]',
    'an ErrorPath that leads nowhere',
    one({ Type: 'Fail', ErrorPath: '$.no', Cause: 'c' }),
    runtime(
      `The JSONPath '$.no' specified for the field 'ErrorPath' could not be found in the input '{"a":1}'`,
      ['FailStateEntered<0', 'ExecutionFailed<2'],
    ),
    { input: { a: 1 } },
  ),
  row(
    'test_invalid_jsonpath[ST.INVALID_JSONPATH_IN_CAUSEPATH]',
    'a CausePath that leads nowhere',
    one({ Type: 'Fail', Error: 'E', CausePath: '$.no' }),
    runtime(
      `The JSONPath '$.no' specified for the field 'CausePath' could not be found in the input '{"a":1}'`,
    ),
    { input: { a: 1 } },
  ),
  row(
    'test_invalid_jsonpath[INVALID_JSONPATH_IN_STRING_EXPR_CONTEXTPATH]',
    'a path into the context object that leads nowhere is shown whole, with the input of the state',
    pass({ Parameters: { 'value.$': '$$.Execution.No' } }),
    runtime(
      `The JSONPath '$$.Execution.No' specified for the field 'value.$' could not be found in the input '{"a":1}'`,
    ),
    { input: { a: 1 } },
  ),
  row(
    'test_invalid_jsonpath[ST.INVALID_JSONPATH_IN_TIMEOUTSECONDSPATH]',
    'a TimeoutSecondsPath that leads nowhere',
    one({ Type: 'Task', Resource: WORK, TimeoutSecondsPath: '$.no' }),
    runtime("Invalid path '$.no' : No results for path: $['no']", [
      'TaskStateEntered<0',
      'ExecutionFailed<2',
    ]),
  ),
  row(
    'test_invalid_jsonpath[ST.INVALID_JSONPATH_IN_HEARTBEATSECONDSPATH]',
    'a HeartbeatSecondsPath that leads nowhere',
    one({ Type: 'Task', Resource: WORK, HeartbeatSecondsPath: '$.no' }),
    runtime("Invalid path '$.no' : No results for path: $['no']"),
  ),
  row(
    'test_base[wait_seconds_path.json5_ALL_False]',
    'a SecondsPath that leads nowhere',
    wait({ SecondsPath: '$.no' }),
    runtime('The SecondsPath parameter does not reference an input value: $.no'),
  ),
  badSeconds(-1, 'The SecondsPath parameter references a negative value: $.s == -1'),
  badSeconds(1.5, 'The SecondsPath parameter cannot be parsed as a long value: $.s == 1.5'),
  badSeconds(-1.5, 'The SecondsPath parameter cannot be parsed as a long value: $.s == -1.5'),
  badTimestamp('2016-03-14 01:59:00Z'),
  badTimestamp('2016-03-14T01:59:00'),
  badTimestamp('2016-02-30T01:59:00Z'),
  row(
    'test_wait_timestamppath',
    'a fraction of a second may have any length',
    wait({ TimestampPath: '$.t' }),
    { status: 'SUCCEEDED', seconds: 0 },
    { input: { t: '2016-03-14T01:59:00.123456789Z' } },
  ),
  row(
    'test_wait_timestamp_jsonata',
    'a Timestamp that is worked out to none: EvaluationFailed points to the entry',
    jsonata({ Type: 'Wait', Timestamp: '{% $states.input.t %}' }),
    {
      ...fails(
        'States.QueryEvaluationError',
        'The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: tomorrow',
        ['WaitStateEntered<0', 'EvaluationFailed<2', 'ExecutionFailed<3'],
      ),
      details: {
        3: {
          error: 'States.QueryEvaluationError',
          cause: inX(
            'The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: tomorrow',
          ),
          location: 'Timestamp',
          state: 'X',
        },
      },
    },
    { input: { t: 'tomorrow' } },
  ),
  row(
    'test_timestamp_too_far_in_future_boundary',
    'a wait of more than 2,147,483,647 seconds fails at once',
    wait({ Timestamp: '2999-01-01T00:00:00Z' }),
    { ...runtime('Wait state delay is too long.'), seconds: 0 },
  ),
  badConcurrency({}, '{}'),
  badConcurrency('NoNumber', 'NoNumber'),
  badConcurrency('1.5', '1.5'),
  row(
    'test_reference_in_map_state[MAP_STATE_REFERENCE_IN_MAX_CONCURRENCY_PATH]',
    'a number in a text is taken by MaxConcurrencyPath',
    map({ Type: 'Wait', Seconds: 5 }, { ItemsPath: '$.l', MaxConcurrencyPath: '$.n' }),
    { output: [1, 2], seconds: 10 },
    { input: { l: [1, 2], n: '1' } },
  ),
  row(
    'test_state_map_context_object',
    'a path into the context object that leads to no list is shown with one dollar',
    map({ Type: 'Pass' }, { ItemsPath: '$$.Execution.Input' }),
    runtime('Reference path "$.Execution.Input" must point to array.'),
  ),
  noList('number', 5),
  noList('string', 'x'),
  noList('boolean', true),
  noList('object', { a: 1 }),
  noList('null', null),
  row(
    'test_map_state_items_eval_jsonata_fail',
    'Items that are worked out to a function',
    jsonata({ Type: 'Map', Items: '{% function($x) { $x } %}', ItemProcessor: states(P) }),
    fails(
      'States.QueryEvaluationError',
      "The JSONata expression 'function($x) { $x }' specified for the field 'Items' returned an unsupported result type.",
      ['MapStateEntered<0', 'EvaluationFailed<0', 'MapStateFailed<3', 'ExecutionFailed<4'],
    ),
  ),
  row(
    'test_map_state_items_input_types',
    'an input that is no list, where there are no Items: EvaluationFailed has no location',
    jsonata({ Type: 'Map', ItemProcessor: states(P) }),
    {
      ...fails('States.QueryEvaluationError', 'Map state input must be an array but was: {"a":1}', [
        'MapStateEntered<0',
        'EvaluationFailed<0',
        'MapStateFailed<3',
        'ExecutionFailed<4',
      ]),
      details: {
        3: {
          error: 'States.QueryEvaluationError',
          cause: inX('Map state input must be an array but was: {"a":1}'),
          state: 'X',
        },
      },
    },
    { input: { a: 1 } },
  ),
  row(
    'test_map_state_items_eval_jsonata_variable_sampling_fail',
    'an expression that fails in an iteration fails the Map',
    one(
      { Type: 'Map', ItemProcessor: states({ ...P, Output: '{% $states.input.no %}' }) },
      { QueryLanguage: 'JSONata' },
    ),
    {
      events: [
        'ExecutionStarted<0',
        'MapStateEntered<0',
        'MapStateStarted<2',
        'MapIterationStarted<3',
        'PassStateEntered<4',
        'EvaluationFailed<4',
        'MapIterationFailed<6',
        'MapStateFailed<6',
        'ExecutionFailed<8',
      ],
    },
    { input: [1] },
  ),
  row(
    'test_math_random_seeded',
    'a function that there is not',
    jsonata({ Type: 'Pass', Output: '{% $randomSeeded(1) %}' }),
    fails(
      'States.QueryEvaluationError',
      "The JSONata expression '$randomSeeded(1)' specified for the field 'Output' threw an error during evaluation. T1006: Attempted to invoke a non-function",
    ),
  ),
];

/** Fields of Map and Task that are read and not used, and tasks on services (7.4, 7.6). */
const services: MachineRow[] = [
  row(
    'test_base_map[TOLERATED_FAILURE_COUNT]',
    'an inline Map takes the tolerances of a distributed one, and does not use them',
    map({ Type: 'Pass' }, { ToleratedFailureCount: 1, ToleratedFailurePercentage: 5 }),
    { output: [1] },
    { input: [1] },
  ),
  row(
    'test_base_map_from_input[TOLERATED_FAILURE_PERCENTAGE]',
    'as expressions too',
    jsonata({ Type: 'Map', ToleratedFailurePercentage: '{% 5 %}', ItemProcessor: states(P) }),
    { output: [1] },
    { input: [1] },
  ),
  row(
    'test_map_state_legacy_config_inline',
    'ProcessorConfig may stand in the older Iterator',
    one({ Type: 'Map', Iterator: { ...states(P), ProcessorConfig: { Mode: 'INLINE' } } }),
    { output: [1] },
    { input: [1] },
  ),
  row(
    'test_reference_in_map_state[MAP_STATE_REFERENCE_IN_ITEM_SELECTOR]',
    'in a template only the keys that end in .$ are looked up',
    map({ Type: 'Pass' }, { ItemSelector: { bucketName: '$bucket' } }),
    { output: [{ bucketName: '$bucket' }] },
    { input: [1] },
  ),
  row(
    'test_start_execution_sync2',
    'a job is submitted before it ends; its resource begins after the first colon',
    one({ Type: 'Task', Resource: FUNCTIONS.job, Parameters: { Input: 1 } }),
    {
      output: { Input: 1 },
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
          resource: 'startExecution.sync:2',
          resourceType: 'states',
          region: 'us-east-1',
          parameters: '{"Input":1}',
        },
      },
    },
  ),
  row(
    'test_dynamodb_put_get_item',
    'an SDK integration: its type has the second colon in it',
    one({ Type: 'Task', Resource: FUNCTIONS.put, Parameters: { T: 1 } }),
    {
      details: {
        3: {
          resource: 'putItem',
          resourceType: 'aws-sdk:dynamodb',
          region: 'us-east-1',
          parameters: '{"T":1}',
        },
      },
      events: [
        'ExecutionStarted<0',
        'TaskStateEntered<0',
        'TaskScheduled<2',
        'TaskStarted<3',
        'TaskSucceeded<4',
        'TaskStateExited<5',
        'ExecutionSucceeded<6',
      ],
    },
  ),
  row(
    'test_sync_with_task_token',
    'a job has a token too, and a report on it ends the task while the job goes on',
    one({ Type: 'Task', Resource: FUNCTIONS.slowJob, ResultSelector: { 'n.$': '$.n' } }),
    { output: { n: 1 } },
    { work: [{ output: { n: 1 } }] },
  ),
  row(
    'test_sqs_wait_for_task_token_no_token_parameter',
    'a task whose token is given to nobody runs into its timeout',
    one({ Type: 'Task', Resource: FUNCTIONS.ask, Parameters: {}, TimeoutSeconds: 5 }),
    { error: 'States.Timeout', seconds: 5 },
    { work: ['silence'] },
  ),
  row(
    'test_cross_account_states_start_sync_execution',
    'Credentials stand in the history, and change nothing else',
    one({
      Type: 'Task',
      Resource: FUNCTIONS.put,
      Parameters: {},
      Credentials: { 'RoleArn.$': "States.Format('arn:aws:iam::{}:role/r', $.id)" },
    }),
    {
      details: {
        3: {
          resource: 'putItem',
          resourceType: 'aws-sdk:dynamodb',
          region: 'us-east-1',
          parameters: '{}',
          taskCredentials: { roleArn: 'arn:aws:iam::7:role/r' },
        },
      },
    },
    { input: { id: 7 } },
  ),
  row(
    'test_cross_account_lambda_task',
    'of a function too, as an expression',
    jsonata({
      Type: 'Task',
      Resource: FUNCTIONS.echo,
      Credentials: { RoleArn: '{% $states.input.r %}' },
    }),
    {
      details: {
        3: {
          resource: FUNCTIONS.echo,
          input: '{"r":"role"}',
          inputDetails: { truncated: false },
          taskCredentials: { roleArn: 'role' },
        },
      },
    },
    { input: { r: 'role' } },
  ),
];

const shows = (
  recording: Recording,
  does: string,
  machine: object,
  output: string,
  input: unknown = {},
): MachineRow =>
  row(
    recording,
    does,
    machine,
    { details: { 3: { name: 'X', output, outputDetails: { truncated: false } } } },
    { input },
  );

/** How texts, keys and numbers are spelled (7.7). */
const spelling: MachineRow[] = [
  row(
    'test_map_state_nested',
    'the first entry shows the input letter for letter; from the first exit on JSON is compact',
    pass({}),
    {
      details: {
        2: { name: 'X', input: '[1,  2]', inputDetails: { truncated: false } },
        3: { name: 'X', output: '[1,2]', outputDetails: { truncated: false } },
      },
    },
    { inputText: '[1,  2]' },
  ),
  shows(
    'test_lambda_service_invoke_with_retry_extended_input',
    'the keys of a template: the constant ones, then those that are worked out, in the order of a hash table',
    pass({
      Parameters: {
        'original_input.$': '$',
        'iteration_input_value.$': '$',
        'iteration_index.$': '$',
        'from_input_constant.$': '$',
        fixed: { 'z.$': '$', a: 1 },
      },
    }),
    '{"fixed":{"a":1,"z":0},"iteration_input_value":0,"from_input_constant":0,"iteration_index":0,"original_input":0}',
    0,
  ),
  shows(
    'test_base_cases',
    'objects of JSONata keep the order in which they are written',
    jsonata({ Type: 'Pass', Output: { z: '{% 1 %}', a: '{% 2 %}', m: '{% {"y": 1, "b": 2} %}' } }),
    '{"z":1,"a":2,"m":{"y":1,"b":2}}',
  ),
  shows(
    'test_query_runtime_memory',
    'the context object has its keys in an order of its own',
    jsonata({
      Type: 'Pass',
      Output:
        '{% [$keys($states.context), $keys($states.context.Execution), $keys($states.context.StateMachine)] %}',
    }),
    '["Execution","StateMachine","State","Id","Input","StartTime","Name","RoleArn","RedriveCount","Id","Name"]',
  ),
];

const finds = (
  recording: Recording | undefined,
  path: string,
  input: unknown,
  output: unknown,
): MachineRow => ({
  does: `the path ${path} of ${JSON.stringify(input)}`,
  from: recording === undefined ? 'captured' : `recorded: ${recording}`,
  machine: pass({ Parameters: { 'x.$': path } }),
  input,
  expect: { output: { x: output } },
});
const PLACES = { l: [{ 'a b': 1, a: 2, c: 3 }], 'a b': 4, a: 5 };

/** JSONPath as Jayway does it, and intrinsic functions (7.8, 7.9). */
const paths: MachineRow[] = [
  finds(
    'test_escape_sequence_parsing[ESCAPE_SEQUENCES_JSONPATH]',
    String.raw`$['Test\""Name"']`,
    { 'Test\\""Name"': 'v' },
    'v',
  ),
  finds('test_json_path_array_wildcard_or_slice_with_no_input', '$.item.items[1:5].itemValue', {}, []),
  finds('test_json_path_array_wildcard_or_slice_with_no_input', '$.item.items[*].itemValue', {}, []),
  finds(
    'test_state_pass_regex_json_path_base',
    '$.users[?(@.year==1997)]',
    { users: [{ year: 1997 }, { year: 1998 }] },
    [{ year: 1997 }],
  ),
  ...(
    [
      ['$.l.[0].a', 2],
      ["$.['a b']", 4],
      ["$.l.[0]['a b']", 1],
      ["$.l[*].['a', 'c']", [{ a: 2, c: 3 }]],
      ["$.['a','a b']", { a: 5, 'a b': 4 }],
      ["$['a','no']", { a: 5 }],
      ['$.l[?(@.a > 1)].c', [3]],
      ['$.l.[?(@.a > 1)].c', [3]],
      ['$.l[?(@.a == $.a)].c', []],
      ['$.l[?(@.a==es)].c', []],
    ] as const
  ).map(([path, output]): MachineRow => ({
    ...finds(undefined, path, PLACES, output),
    from: 'Jayway JsonPath, in published machines',
  })),
  row(
    'test_state_fail_intrinsic',
    'an intrinsic function may stand in ErrorPath and CausePath',
    one({ Type: 'Fail', ErrorPath: "States.Format('E{}', $.n)", CausePath: 'States.JsonToString($)' }),
    { error: 'E1', cause: '{"n":1}' },
    { input: { n: 1 } },
  ),
  row(
    'test_format_2',
    'States.Format shows an object as Java does',
    pass({ Parameters: { 'x.$': "States.Format('{} {} {}', $.o, $.n, $.s)" } }),
    { output: { x: '{Arg1=1, Arg2=[]} null t' } },
    { input: { o: { Arg1: 1, Arg2: [] }, n: null, s: 't' } },
  ),
  row(
    'test_string_to_json',
    'States.StringToJson of nothing is null',
    pass({ Parameters: { 'x.$': "States.StringToJson('')", 'y.$': "States.StringToJson('  ')" } }),
    { output: { x: null, y: null } },
  ),
  row(
    'test_escape_sequence_parsing[ESCAPE_SEQUENCES_STRING_LITERALS]',
    'a call in a Result is a text',
    pass({ Result: { 'x.$': "States.Format('{}', 1)" } }),
    { output: { 'x.$': "States.Format('{}', 1)" } },
  ),
  ...(
    [
      [-1.5, 0, -1],
      [-2.5, 0, -2],
      [1.5, 1.5, 4],
    ] as const
  ).map(([a, b, sum]) =>
    row(
      'test_math_add',
      `States.MathAdd of ${a} and ${b}`,
      pass({ Parameters: { 'x.$': 'States.MathAdd($.a, $.b)' } }),
      { output: { x: sum } },
      { input: { a, b } },
    ),
  ),
];

/** JSONata as the service runs it (7.10). */
const expressions: MachineRow[] = [
  row(
    'test_base_cases[BASE_LITERALS]',
    'a text with blanks around the marks is a text',
    jsonata({ Type: 'Pass', Output: ' {% $states.input %} ' }),
    { output: ' {% $states.input %} ' },
  ),
  row(
    'test_base_cases[BASE_LAMBDA_LITERALS]',
    'so it is in Arguments',
    jsonata({ Type: 'Task', Resource: FUNCTIONS.echo, Arguments: { a: ' {% 1 %}', b: '{% 1 %} ' } }),
    { output: { a: ' {% 1 %}', b: '{% 1 %} ' } },
  ),
  row(
    'test_base_cases[BASE_LITERALS]',
    'what JSONPath would look up is a text in JSONata',
    jsonata({ Type: 'Pass', Output: { a: '$.x', b: '$$', c: "States.Format('x')", 'd.$': '$.x' } }),
    { output: { a: '$.x', b: '$$', c: "States.Format('x')", 'd.$': '$.x' } },
  ),
  row(
    'test_array_range',
    'a $range of one number is that number',
    jsonata({ Type: 'Pass', Output: { one: '{% $range(1, 9, 9) %}', more: '{% $range(1, 9, 4) %}' } }),
    { output: { one: 1, more: [1, 5, 9] } },
  ),
  row(
    'test_array_partition',
    'a $partition of one chunk stays a list',
    jsonata({ Type: 'Pass', Output: '{% $partition([0], 1) %}' }),
    { output: [[0]] },
  ),
  ...['1 ?? 2', '1 ?: 2'].map((source): MachineRow => ({
    does: `JSONata 2.0.6 has no ${source}`,
    from: 'AWS: Transforming data with JSONata in Step Functions',
    machine: jsonata({ Type: 'Pass', Output: `{% ${source} %}` }),
    expect: { refused: `The JSONata expression '${source}' is not valid` },
  })),
  row(
    'test_validate_state_machine_definition_type_standard[VALID_QUERY_LANGUAGE_PASS]',
    'a Map in JSONata inside a JSONPath machine may hold states in JSONPath',
    one({
      Type: 'Map',
      QueryLanguage: 'JSONata',
      Items: '{% [1, 2] %}',
      ItemProcessor: states({ ...P, Parameters: { 'v.$': '$' } }),
    }),
    { output: [{ v: 1 }, { v: 2 }] },
  ),
];

/** What the recordings say of the language, fact by fact. */
export const recorded: MachineRow[] = [
  ...pointers,
  ...texts,
  ...services,
  ...spelling,
  ...paths,
  ...expressions,
];
