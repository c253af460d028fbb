import { WORK, type CallRow, type Source } from './row.js';

const MACHINE = 'arn:aws:states:us-east-1:123456789012:stateMachine:M';
const EXECUTION = 'arn:aws:states:us-east-1:123456789012:execution:M:E';
const ROLE = 'arn:aws:iam::123456789012:role/any';
const PASS = JSON.stringify({ StartAt: 'X', States: { X: { Type: 'Pass', End: true } } });
const LOOP = JSON.stringify({ StartAt: 'X', States: { X: { Type: 'Pass', Next: 'X' } } });
/** The exact definition of the machine M that rows use. */
const TASK = JSON.stringify({ StartAt: 'X', States: { X: { Type: 'Task', Resource: WORK, End: true } } });
const SWF = 'com.amazonaws.swf.service.v2.model#';
const CORAL = 'com.amazon.coral.validate#ValidationException';

const short = (field: string): string =>
  `1 validation error detected: Value '' at '${field}' failed to satisfy constraint: Member must have length greater than or equal to 1`;
const absent = (field: string): string =>
  `1 validation error detected: Value at '${field}' failed to satisfy constraint: Member must not be null`;

/** The recordings of refusals, by the operation and the error. */
const SOURCES: Readonly<Record<string, Source>> = {
  'CreateActivity InvalidName': 'recorded: test_create_activity_invalid_name',
  'CreateStateMachine StateMachineAlreadyExists': 'recorded: test_create_duplicate_sm_name',
  'CreateStateMachine ValidationException': 'recorded: test_create_with_version_description_no_publish',
  'DescribeActivity ActivityDoesNotExist': 'recorded: test_describe_deleted_activity',
  'DescribeExecution ExecutionDoesNotExist': 'recorded: test_describe_execution_no_such_state_machine',
  'DescribeStateMachine InvalidArn': 'recorded: test_describe_invalid_arn_sm',
  'DescribeStateMachine StateMachineDoesNotExist': 'recorded: test_describe_nonexistent_sm',
  'GetActivityTask ActivityDoesNotExist': 'recorded: test_get_activity_task_deleted',
  'GetExecutionHistory ExecutionDoesNotExist': 'recorded: test_get_execution_history_no_such_execution',
  'ListExecutions ValidationException': 'recorded: test_state_machine_status_filter',
  'StartExecution InvalidExecutionInput': 'recorded: test_invalid_start_execution_input',
  'StartExecution StateMachineDoesNotExist': 'recorded: test_invalid_start_execution_arn',
};

const rejects = (operation: string, body: object, name: string, message: string, from?: Source): CallRow => ({
  does: `${operation} ${JSON.stringify(body).slice(0, 150)} is ${name}: ${message.slice(0, 40)}`,
  from: from ?? SOURCES[`${operation} ${name}`] ?? 'captured',
  call: [operation, body],
  answer: { type: name === 'ValidationException' ? CORAL : SWF + name, message },
});

/** The characters that no name may have. */
const FORBIDDEN = [
  ' ',
  '<',
  '>',
  '{',
  '}',
  '[',
  ']',
  '?',
  '*',
  '"',
  '#',
  '%',
  '\\',
  '^',
  '|',
  '~',
  '`',
  '$',
  '&',
  ',',
  ';',
  ':',
  '/',
];

const badName = (char: string): CallRow => ({
  ...rejects('CreateActivity', { name: `a${char}b` }, 'InvalidName', `Invalid Name: 'a${char}b'`),
  does: `a name with ${JSON.stringify(char)} is refused`,
});

/** The errors of the API, in order, with their texts. */
export const calls: CallRow[] = [
  ...FORBIDDEN.map(badName),
  rejects('CreateActivity', { name: '' }, 'ValidationException', short('name')),
  rejects('DescribeActivity', { activityArn: 'x' }, 'InvalidArn', "Invalid Arn: 'Invalid ARN prefix: x'"),
  rejects(
    'DescribeActivity',
    { activityArn: `${WORK}2` },
    'ActivityDoesNotExist',
    `Activity Does Not Exist: '${WORK}2'`,
  ),
  rejects('DeleteActivity', { activityArn: 'x' }, 'InvalidArn', "Invalid Arn: 'Invalid ARN prefix: x'"),
  rejects('GetActivityTask', { activityArn: 'x' }, 'InvalidArn', "Invalid Arn: 'Invalid ARN prefix: x'"),
  rejects(
    'GetActivityTask',
    { activityArn: `${WORK}2` },
    'ActivityDoesNotExist',
    `Activity Does Not Exist: '${WORK}2'`,
  ),
  rejects('GetActivityTask', { activityArn: '' }, 'ValidationException', short('activityArn')),
  rejects('SendTaskSuccess', { taskToken: '', output: '1' }, 'ValidationException', short('taskToken')),
  rejects('SendTaskSuccess', { taskToken: 'LIVE' }, 'ValidationException', absent('output')),
  rejects(
    'SendTaskSuccess',
    { taskToken: 'x', output: 'not-json' },
    'InvalidToken',
    "Invalid Token: 'Invalid token'",
  ),
  rejects(
    'SendTaskSuccess',
    { taskToken: 'LIVE', output: 'not-json' },
    'InvalidOutput',
    "Invalid Output: 'not-json' is not valid JSON.",
  ),
  rejects(
    'SendTaskSuccess',
    { taskToken: 'CLOSED', output: 'not-json' },
    'InvalidOutput',
    "Invalid Output: 'not-json' is not valid JSON.",
  ),
  rejects(
    'SendTaskSuccess',
    { taskToken: 'CLOSED', output: '1' },
    'TaskTimedOut',
    `Task Timed Out: '${WORK}'`,
  ),
  rejects('SendTaskFailure', { taskToken: '' }, 'ValidationException', short('taskToken')),
  rejects('SendTaskFailure', { taskToken: 'x' }, 'InvalidToken', "Invalid Token: 'Invalid token'"),
  rejects('SendTaskFailure', { taskToken: 'CLOSED' }, 'TaskTimedOut', `Task Timed Out: '${WORK}'`),
  rejects('SendTaskHeartbeat', { taskToken: '' }, 'ValidationException', short('taskToken')),
  rejects('SendTaskHeartbeat', { taskToken: 'x' }, 'InvalidToken', "Invalid Token: 'Invalid token'"),
  rejects('SendTaskHeartbeat', { taskToken: 'CLOSED' }, 'TaskTimedOut', `Task Timed Out: '${WORK}'`),
  rejects(
    'DescribeStateMachine',
    { stateMachineArn: `${MACHINE}2` },
    'StateMachineDoesNotExist',
    `State Machine Does Not Exist: '${MACHINE}2'`,
  ),
  rejects(
    'DescribeStateMachine',
    { stateMachineArn: 'x' },
    'InvalidArn',
    "Invalid Arn: 'Invalid ARN prefix: x'",
  ),
  rejects(
    'CreateStateMachine',
    { name: 'a b', definition: PASS, roleArn: ROLE },
    'InvalidName',
    "Invalid Name: 'a b'",
  ),
  rejects(
    'CreateStateMachine',
    { name: 'M', definition: PASS, roleArn: ROLE },
    'StateMachineAlreadyExists',
    `State Machine Already Exists: '${MACHINE}'`,
  ),
  rejects(
    'StartExecution',
    { stateMachineArn: `${MACHINE}2` },
    'StateMachineDoesNotExist',
    `State Machine Does Not Exist: '${MACHINE}2'`,
  ),
  rejects('StartExecution', { stateMachineArn: MACHINE, name: 'a b' }, 'InvalidName', "Invalid Name: 'a b'"),
  rejects(
    'StartExecution',
    { stateMachineArn: MACHINE, name: 'E', input: '2' },
    'ExecutionAlreadyExists',
    `Execution Already Exists: '${EXECUTION}'`,
  ),
  rejects(
    'StartExecution',
    { stateMachineArn: MACHINE, name: 'old', input: '{"a":1}' },
    'ExecutionAlreadyExists',
    `Execution Already Exists: '${EXECUTION.replace(':E', ':old')}'`,
  ),
  rejects(
    'DescribeExecution',
    { executionArn: `${EXECUTION}2` },
    'ExecutionDoesNotExist',
    `Execution Does Not Exist: '${EXECUTION}2'`,
  ),
  rejects(
    'GetExecutionHistory',
    { executionArn: `${EXECUTION}2` },
    'ExecutionDoesNotExist',
    `Execution Does Not Exist: '${EXECUTION}2'`,
  ),
  rejects(
    'StopExecution',
    { executionArn: `${EXECUTION}2` },
    'ExecutionDoesNotExist',
    `Execution Does Not Exist: '${EXECUTION}2'`,
  ),
  ...(
    [
      [
        'not some validly-formatted JSON',
        "Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
      ],
      ["{'name': 1}", "Unexpected character (''' (code 39)): was expecting double-quote to start field name"],
      ['', 'Invalid execution input.'],
    ] as const
  ).map(([input, reason]) =>
    rejects(
      'StartExecution',
      { stateMachineArn: MACHINE, input },
      'InvalidExecutionInput',
      `Invalid State Machine Execution Input: '${reason}'`,
    ),
  ),
  rejects(
    'CreateStateMachine',
    { name: 'M', definition: `${TASK} `, roleArn: ROLE },
    'StateMachineAlreadyExists',
    `State Machine Already Exists: '${MACHINE}'`,
    'recorded: test_create_duplicate_definition_format_sm',
  ),
  rejects(
    'CreateStateMachine',
    { name: 'L', definition: LOOP, roleArn: ROLE },
    'InvalidDefinition',
    "Invalid State Machine Definition: 'MISSING_END_STATE: Workflow has no terminal state at null'",
  ),
  rejects(
    'CreateStateMachine',
    { name: 'V', definition: PASS, roleArn: ROLE, versionDescription: 'v' },
    'ValidationException',
    'Version description can only be set when publish is true',
  ),
  rejects(
    'ListExecutions',
    { stateMachineArn: MACHINE, statusFilter: 'succeeded' },
    'ValidationException',
    "1 validation error detected: Value 'succeeded' at 'statusFilter' failed to satisfy constraint: Member must satisfy enum value set: [SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING]",
  ),
  ...(
    [
      ['ListStateMachines', {}, 1_024],
      ['ListExecutions', { stateMachineArn: MACHINE }, 3_096],
      ['GetExecutionHistory', { executionArn: EXECUTION }, 3_096],
    ] as const
  ).flatMap(([operation, body, most]) => [
    rejects(
      operation,
      { ...body, nextToken: 'x'.repeat(most + 1) },
      'ValidationException',
      `1 validation error detected: Value '${'x'.repeat(most + 1)}' at 'nextToken' failed to satisfy constraint: Member must have length less than or equal to ${most}`,
      'recorded: test_list_executions_pagination',
    ),
    rejects(
      operation,
      { ...body, nextToken: 'x'.repeat(most) },
      'InvalidToken',
      "Invalid Token: 'Invalid token'",
      'recorded: test_list_state_machine_aliases_pagination_invalid_next_token',
    ),
    rejects(
      operation,
      { ...body, maxResults: 1_001 },
      'ValidationException',
      "1 validation error detected: Value '1001' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 1000",
      'recorded: test_list_executions_pagination',
    ),
  ]),
];
