import { FUNCTIONS, inX, jsonata, one, pass, WORK, type MachineRow } from '../row.js';
import { row, fails, runtime, P, states, map, wait } from './shapes.js';

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

/** The causes of states that fail. */
export const texts: MachineRow[] = [
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
    runtime('Reference path "$.Execution.Input" must point to array.', [
      'MapStateEntered<0',
      'ExecutionFailed<2',
    ]),
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
    'test_map_catch_error[MAP_CATCH_ERROR_OUTPUT_WITH_RETRY]',
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
  ...(
    [
      [24_855, { status: 'RUNNING' }],
      [24_856, { error: 'States.Runtime', cause: inX('Wait state delay is too long.') }],
    ] as const
  ).map(([days, expect]) =>
    row(
      'test_timestamp_too_far_in_future_boundary',
      `a wait of ${days} days`,
      jsonata({ Type: 'Wait', Timestamp: `{% $fromMillis($millis() + ${days} * 86400000) %}` }),
      expect,
    ),
  ),
  ...(
    [
      ['number', 5],
      ['string', 'x'],
      ['object', { a: 1 }],
    ] as const
  ).map(([type, value]) =>
    row(
      'test_map_state_items_eval_jsonata_variable_sampling_fail',
      `Items out of a variable that is ${JSON.stringify(value)}`,
      {
        QueryLanguage: 'JSONata',
        StartAt: 'S',
        States: {
          S: { Type: 'Pass', Assign: { items: value }, Next: 'X' },
          X: { Type: 'Map', Items: '{% $items %}', ItemProcessor: states(P), End: true },
        },
      },
      {
        cause: inX(
          `The JSONata expression '$items' specified for the field 'Items' returned an unexpected result type. Expected 'array', but was '${type}' for value: ${JSON.stringify(value)}`,
          4,
        ),
        events: [
          'ExecutionStarted<0',
          'PassStateEntered<0',
          'PassStateExited<2',
          'MapStateEntered<3',
          'EvaluationFailed<3',
          'MapStateFailed<5',
          'ExecutionFailed<6',
        ],
      },
    ),
  ),
  row(
    'test_map_state_items_variable_sampling',
    'Items out of a variable that is a list',
    {
      QueryLanguage: 'JSONata',
      StartAt: 'S',
      States: {
        S: { Type: 'Pass', Assign: { items: [1, 'two', null] }, Next: 'X' },
        X: { Type: 'Map', Items: '{% $items %}', ItemProcessor: states(P), End: true },
      },
    },
    { output: [1, 'two', null] },
  ),
  row(
    'test_service_task_lambada_data_limit_exceeded_on_large_utf8_response',
    'a result of lambda:invoke that is too large: the cause names lambda',
    one({ Type: 'Task', Resource: FUNCTIONS.invoke, Parameters: { FunctionName: 'f' } }),
    {
      error: 'States.DataLimitExceeded',
      cause: `The state/task 'lambda' returned a result with a size exceeding the maximum number of bytes service limit.`,
    },
  ),
  row(
    'test_start_large_input',
    'an output of the state itself that is too large: the cause names the state',
    pass({ Parameters: { 'a.$': '$.s', 'b.$': '$.s' } }),
    {
      error: 'States.DataLimitExceeded',
      cause: `The state/task 'X' returned a result with a size exceeding the maximum number of bytes service limit.`,
    },
    { input: { s: 'x'.repeat(140_000) } },
  ),
];
