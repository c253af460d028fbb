import {
  FUNCTIONS,
  jsonata,
  one,
  pass,
  type MachineRow,
  type Row,
  type SequenceRow,
  type Source,
  type Step,
} from './row.js';

const ARN = 'arn:aws:states:us-east-1:123456789012:';
const ROLE = 'arn:aws:iam::123456789012:role/any';
const SWF = 'com.amazonaws.swf.service.v2.model#';
const PASS = JSON.stringify(pass({}));
const machineArn = `${ARN}stateMachine:M`;
const executionArn = (name: string): string => `${ARN}execution:M:${name}`;

const step = (operation: string, body: Step['call'][1], gives?: Step['gives']): Step => ({
  call: [operation, body],
  ...(gives && { gives }),
});
const sequence = (from: Source, does: string, ...calls: Step[]): SequenceRow => ({ from, does, calls });
const create = (more: object = {}, gives: Step['gives'] = { stateMachineArn: machineArn }): Step =>
  step('CreateStateMachine', { name: 'M', definition: PASS, roleArn: ROLE, ...more }, gives);
const start = (name: string): Step => step('StartExecution', { stateMachineArn: machineArn, name });
const refusedAs = (type: string): Step['gives'] => ({ __type: SWF + type });
const row = (
  from: Source,
  does: string,
  machine: MachineRow['machine'],
  expect: MachineRow['expect'],
  input: unknown = {},
): MachineRow => ({
  from,
  does,
  machine,
  expect,
  input,
});

const CREATE: Source = 'AWS: CreateStateMachine';
const again = (what: string, more: object): SequenceRow =>
  sequence(
    CREATE,
    `a machine that is created again with ${what} exists already`,
    create(),
    create(more, refusedAs('StateMachineAlreadyExists')),
    create(),
  );
const KEY = {
  type: 'CUSTOMER_MANAGED_KMS_KEY',
  kmsKeyId: `arn:aws:kms:us-east-1:123456789012:key/${'a'.repeat(8)}`,
};

const creation: SequenceRow[] = [
  again('another logging', { loggingConfiguration: { level: 'OFF', includeExecutionData: true } }),
  again('another tracing', { tracingConfiguration: { enabled: true } }),
  again('another encryption', { encryptionConfiguration: KEY }),
  again('a version', { publish: true }),
  sequence(
    CREATE,
    'a machine that is created again with the same version is the same',
    create({ publish: true, versionDescription: 'one' }),
    create({ publish: true, versionDescription: 'one' }, { stateMachineVersionArn: `${machineArn}:1` }),
    create({ publish: true, versionDescription: 'two' }, refusedAs('StateMachineAlreadyExists')),
  ),
];

/** The key of a token that the first of these calls gives. */
const page = (operation: string, body: object): Step['call'] => [operation, { ...body, maxResults: 1 }];
const tokenOf =
  (index: number, body: object): Step['call'][1] =>
  (answers) => ({ ...body, maxResults: 1, nextToken: answers[index]?.['nextToken'] });

const lists: SequenceRow[] = [
  sequence(
    'AWS: GetExecutionHistory',
    'a token of another execution is InvalidToken',
    create(),
    start('a'),
    start('b'),
    { call: page('GetExecutionHistory', { executionArn: executionArn('a') }) },
    step('GetExecutionHistory', tokenOf(3, { executionArn: executionArn('b') }), refusedAs('InvalidToken')),
  ),
  sequence(
    'AWS: ListExecutions',
    'a token of another filter is InvalidToken',
    create(),
    start('a'),
    start('b'),
    { call: page('ListExecutions', { stateMachineArn: machineArn }) },
    step(
      'ListExecutions',
      tokenOf(3, { stateMachineArn: machineArn, statusFilter: 'SUCCEEDED' }),
      refusedAs('InvalidToken'),
    ),
  ),
  sequence(
    'AWS: ListMapRuns',
    'an execution without a Distributed Map has no Map Runs',
    create(),
    start('a'),
    step('ListMapRuns', { executionArn: executionArn('a') }, { mapRuns: [], nextToken: undefined }),
    step('ListMapRuns', { executionArn: executionArn('b') }, refusedAs('ExecutionDoesNotExist')),
  ),
  sequence(
    'recorded: test_start_sync_execution',
    'a STANDARD machine is not run synchronously',
    create(),
    step(
      'StartSyncExecution',
      { stateMachineArn: machineArn },
      {
        __type: `${SWF}StateMachineTypeNotSupported`,
        message: 'This operation is not supported by this type of state machine',
      },
    ),
  ),
];

const caughtByAll = { Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Y' }], End: true };
const missing = (field: string): string =>
  `UNSUPPORTED_JSONATA_EXPRESSION: Field '$states.result' does not exist. at /States/X/${field}`;
const RESULT: Source = 'AWS: Transforming data with JSONata in Step Functions';
const RESULT_READ = '{% $states.result %}';
const VARIABLES: Source = 'AWS: Passing data between states with variables';
const invalidName = (name: string): MachineRow =>
  row(VARIABLES, `a variable is not named ${name}`, pass({ Assign: { [name]: 1 } }), {
    refusal: `SCHEMA_VALIDATION_FAILED: '${name}' is not a valid name of a variable at /States/X/Assign/${name}`,
  });
const tooLarge = 'x'.repeat(140_000);

const states: MachineRow[] = [
  row(
    'recorded: test_task_lambda_data_limit_exceeded_on_large_utf8_response',
    'States.ALL of a Catch takes States.DataLimitExceeded',
    {
      StartAt: 'X',
      States: {
        X: { Type: 'Task', Resource: FUNCTIONS.big, ...caughtByAll },
        Y: { Type: 'Pass', End: true },
      },
    },
    { status: 'SUCCEEDED', path: ['X', 'Y'] },
  ),
  ...(
    [
      ['the Output of a Pass', 'Output', { Type: 'Pass', Output: RESULT_READ, End: true }],
      ['the Assign of a Pass', 'Assign/v', { Type: 'Pass', Assign: { v: RESULT_READ }, End: true }],
      [
        'the Arguments of a Task',
        'Arguments',
        { Type: 'Task', Resource: FUNCTIONS.echo, Arguments: RESULT_READ, End: true },
      ],
      [
        'a Catch',
        'Catch[0]/Output',
        {
          Type: 'Task',
          Resource: FUNCTIONS.echo,
          Catch: [{ ErrorEquals: ['E'], Output: RESULT_READ, Next: 'X' }],
          End: true,
        },
      ],
    ] as const
  ).map(([what, field, state]) =>
    row(
      RESULT,
      `$states.result is refused in ${what}`,
      { QueryLanguage: 'JSONata', StartAt: 'X', States: { X: state } },
      { refusal: missing(field) },
    ),
  ),
  row(
    RESULT,
    'the Output of a Task reads $states.result',
    jsonata({ Type: 'Task', Resource: FUNCTIONS.echo, Arguments: 1, Output: RESULT_READ }),
    { output: 1 },
  ),
  row(
    VARIABLES,
    'one Assign sets at most 256 KiB together',
    pass({ Assign: { 'a.$': '$.s', 'b.$': '$.s' } }),
    { error: 'States.DataLimitExceeded' },
    { s: tooLarge },
  ),
  row(
    VARIABLES,
    'two of them may set more',
    {
      StartAt: 'X',
      States: {
        X: { Type: 'Pass', Assign: { 'a.$': '$.s' }, Next: 'Y' },
        Y: { Type: 'Pass', Assign: { 'b.$': '$.s' }, End: true },
      },
    },
    { status: 'SUCCEEDED' },
    { s: tooLarge },
  ),
  ...['_x', 'x²', '1x'].map(invalidName),
  row(
    VARIABLES,
    'a variable may be named by letters of other scripts, numbers and underscores',
    pass({ Assign: { été_1: 2, 名: 3 } }),
    { status: 'SUCCEEDED' },
  ),
  row(
    'ASL: State names',
    'names that JavaScript objects inherit are ordinary names of states and keys',
    '{"StartAt":"__proto__","States":{"__proto__":{"Type":"Pass","Result":{"__proto__":1,"toString":2},"ResultPath":"$.__proto__","Next":"constructor"},' +
      '"constructor":{"Type":"Pass","Parameters":{"__proto__.$":"$.__proto__.__proto__","hasOwnProperty.$":"$.__proto__.toString"},"Assign":{"constructor":3,"toString.$":"$.hasOwnProperty"},"Next":"toString"},' +
      '"toString":{"Type":"Choice","Choices":[{"Variable":"$constructor","NumericEquals":3,"Next":"valueOf"}]},' +
      '"valueOf":{"Type":"Pass","QueryLanguage":"JSONata","Output":"{% [$lookup($states.input, \\"__proto__\\"), $states.input.hasOwnProperty, $constructor, $toString, $count($keys($states.input))] %}","End":true}}}',
    { path: ['__proto__', 'constructor', 'toString', 'valueOf'], output: [1, 2, 3, 2, 2] },
  ),
];

/** The execution of a Task of an integration, whose event has its parameters. */
const history = sequence(
  'measured: floci-io/floci#2733',
  'a history without its data keeps the parameters of a task',
  create({
    definition: JSON.stringify(one({ Type: 'Task', Resource: FUNCTIONS.put, Parameters: { a: 1 } })),
  }),
  start('a'),
  step(
    'GetExecutionHistory',
    { executionArn: executionArn('a'), includeExecutionData: false, maxResults: 3 },
    {
      events: [
        {
          id: 1,
          previousEventId: 0,
          timestamp: Date.UTC(2026, 0, 1) / 1000,
          type: 'ExecutionStarted',
          executionStartedEventDetails: { roleArn: ROLE },
        },
        {
          id: 2,
          previousEventId: 0,
          timestamp: Date.UTC(2026, 0, 1) / 1000,
          type: 'TaskStateEntered',
          stateEnteredEventDetails: { name: 'X' },
        },
        {
          id: 3,
          previousEventId: 2,
          timestamp: Date.UTC(2026, 0, 1) / 1000,
          type: 'TaskScheduled',
          taskScheduledEventDetails: {
            resourceType: 'aws-sdk:dynamodb',
            resource: 'putItem',
            region: 'us-east-1',
            parameters: '{"a":1}',
          },
        },
      ],
    },
  ),
);

/** What the local service once did otherwise than Step Functions. */
export const amended: Row[] = [...creation, ...lists, ...states, history];
