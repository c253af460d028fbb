import { one, type MachineRow } from '../row.js';
import { row } from './shapes.js';

const ARN = 'arn:aws:states:us-east-1:123456789012:stateMachine:';
const call = (suffix: string, name: string, more: object = {}, state: object = {}): object =>
  one({
    Type: 'Task',
    Resource: `arn:aws:states:::${suffix}`,
    Parameters: { StateMachineArn: `${ARN}${name}`, ...more },
    ...state,
  });
/** Runs a child that fails, and returns these members of its description, which the cause is. */
const reading = (name: string, ...members: string[]): object => ({
  StartAt: 'X',
  States: {
    X: {
      Type: 'Task',
      Resource: 'arn:aws:states:::states:startExecution.sync',
      Parameters: { StateMachineArn: `${ARN}${name}` },
      Catch: [
        { ErrorEquals: ['SomeFailure', 'States.Timeout'], Next: 'Wrong' },
        { ErrorEquals: ['States.TaskFailed'], ResultPath: '$', Next: 'Read' },
      ],
      Next: 'Wrong',
    },
    Read: {
      Type: 'Pass',
      QueryLanguage: 'JSONata',
      Output: `{% ( $child := $parse($states.input.Cause); { ${members.map((each) => `"${each}": $child.${each}`).join(', ')} } ) %}`,
      End: true,
    },
    Wrong: { Type: 'Fail', Error: 'Wrong' },
  },
});
const BEGIN = ['ExecutionStarted<0', 'TaskStateEntered<0', 'TaskScheduled<2', 'TaskStarted<3'];

/** Tasks that call Step Functions itself. The machines `Passes`, `Fails` and `Times` are the harness's. */
export const nested: MachineRow[] = [
  row(
    'test_start_execution',
    'states:startExecution succeeds when the child has started, and has no TaskSubmitted',
    call(
      'states:startExecution',
      'Passes',
      { Input: null },
      { ResultSelector: { 'keys.$': 'States.ArrayLength($.SdkHttpMetadata.AllHttpHeaders.Date)' } },
    ),
    {
      output: { keys: 1 },
      events: [...BEGIN, 'TaskSucceeded<4', 'TaskStateExited<5', 'ExecutionSucceeded<6'],
    },
  ),
  row(
    'test_start_execution_sync',
    'a nested execution is submitted, and its input and output are texts',
    call(
      'states:startExecution.sync',
      'Passes',
      { Input: null },
      {
        ResultSelector: {
          'input.$': '$.Input',
          'output.$': '$.Output',
          'status.$': '$.Status',
          'reason.$': '$.RedriveStatusReason',
        },
      },
    ),
    {
      output: {
        input: '{}',
        output: '{"Arg1":"argument1"}',
        status: 'SUCCEEDED',
        reason: 'Execution is SUCCEEDED and cannot be redriven',
      },
      events: [...BEGIN, 'TaskSubmitted<4', 'TaskSucceeded<5', 'TaskStateExited<6', 'ExecutionSucceeded<7'],
    },
  ),
  row(
    'test_start_execution_input_json',
    'any JSON is the input of a child',
    call(
      'states:startExecution.sync',
      'Passes',
      { Input: { Hello: 'World' } },
      { ResultSelector: { 'input.$': '$.Input' } },
    ),
    { output: { input: '{"Hello":"World"}' } },
  ),
  row(
    'test_start_execution_sync_delegate_failure',
    'a child that fails is States.TaskFailed, with its description as the cause',
    reading('Fails', 'Input', 'InputDetails', 'Error', 'Cause', 'Status', 'RedriveStatus'),
    {
      output: {
        Input: '{}',
        InputDetails: { Included: true },
        Error: 'SomeFailure',
        Cause: "This state machines raises a 'SomeFailure' failure.",
        Status: 'FAILED',
        RedriveStatus: 'REDRIVABLE',
      },
      events: [
        ...BEGIN,
        'TaskSubmitted<4',
        'TaskFailed<5',
        'TaskStateExited<6',
        'PassStateEntered<7',
        'PassStateExited<8',
        'ExecutionSucceeded<9',
      ],
    },
  ),
  row(
    'test_start_execution_sync_delegate_timeout',
    'a child whose task times out is States.TaskFailed too, and its Error says why',
    reading('Times', 'Error', 'Status'),
    { output: { Error: 'States.Timeout', Status: 'FAILED' } },
  ),
  row(
    'test_start_execution_no_such_arn',
    'a child that does not exist is an error of the API',
    call('states:startExecution', 'Nobody'),
    {
      status: 'FAILED',
      error: 'StepFunctions.StateMachineDoesNotExistException',
      events: [...BEGIN, 'TaskFailed<4', 'ExecutionFailed<5'],
    },
  ),
  row(
    'test_sfn_start_execution_implicit_json_serialisation',
    "by the SDK's integration a date is a text, and there is no SdkHttpMetadata",
    {
      StartAt: 'X',
      States: {
        X: {
          Type: 'Task',
          Resource: 'arn:aws:states:::aws-sdk:sfn:startExecution',
          Parameters: { StateMachineArn: `${ARN}Passes`, Input: { key: 'value' } },
          ResultSelector: { 'parts.$': "States.StringSplit($.StartDate, 'T')", 'all.$': '$' },
          ResultPath: '$.r',
          Next: 'Y',
        },
        Y: {
          Type: 'Pass',
          Parameters: {
            'texts.$': 'States.ArrayLength($.r.parts)',
            'metadata.$': '$.r.all[?(@.SdkHttpMetadata)]',
          },
          End: true,
        },
      },
    },
    { output: { texts: 2, metadata: [] } },
  ),
  row(
    'test_sfn_send_task_outcome_with_no_such_token',
    "an error by the SDK's integration begins with Sfn",
    one({
      Type: 'Task',
      Resource: 'arn:aws:states:::aws-sdk:sfn:sendTaskSuccess',
      Parameters: { TaskToken: 'NoSuchTaskToken', Output: 'ParameterOutput' },
    }),
    {
      status: 'FAILED',
      error: 'Sfn.InvalidTokenException',
      events: [...BEGIN, 'TaskFailed<4', 'ExecutionFailed<5'],
    },
  ),
];
