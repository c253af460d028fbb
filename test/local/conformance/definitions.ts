import { FUNCTIONS, jsonata, one, pass, WORK, type MachineRow, type Source } from './row.js';

const ASL: Source = 'ASL: Structure of a state machine';
const STATES: Source = 'ASL: States';

const refused = (
  does: string,
  machine: object | string,
  part: string,
  from: Source = STATES,
): MachineRow => ({
  does,
  from,
  machine,
  expect: { refused: part },
});
const task = (fields: object): object => one({ Type: 'Task', Resource: WORK, ...fields });
const inner = { StartAt: 'I', States: { I: { Type: 'Pass', End: true } } };
const map = (fields: object): object => one({ Type: 'Map', ItemProcessor: inner, ...fields });
const at = (path: string): string => ` at ${path}`;

/** Definitions that are refused, and the field of each mistake. */
export const definitions: MachineRow[] = [
  refused(
    'a definition that is no JSON',
    '{',
    'INVALID_JSON_DESCRIPTION: Unexpected end-of-input: expected close marker for Object at /',
    'recorded: test_validate_state_machine_definition_not_a_definition',
  ),
  refused(
    'a definition that is no object',
    '[]',
    'SCHEMA_VALIDATION_FAILED: Definition must be a valid JSON object',
    'recorded: test_validate_state_machine_definition_not_a_definition',
  ),
  refused(
    'a definition that is empty',
    '',
    'SCHEMA_VALIDATION_FAILED: Definition must be a valid JSON object',
    'recorded: test_validate_state_machine_definition_not_a_definition',
  ),
  refused(
    'a machine of nothing',
    {},
    'SCHEMA_VALIDATION_FAILED: These fields are required: [States, StartAt] at /',
    'recorded: test_validate_state_machine_definition_not_a_definition',
  ),
  {
    does: 'a machine without StartAt: nothing is said about what its states lead to',
    from: 'recorded: test_validate_state_machine_definition_type_standard[INVALID_BASE_NO_STARTAT]',
    machine: { States: { X: { Type: 'Succeed' } } },
    expect: { refusal: 'SCHEMA_VALIDATION_FAILED: These fields are required: [StartAt] at /' },
  },
  refused(
    'a machine without States',
    { StartAt: 'X' },
    'These fields are required: [States] at /',
    'recorded: test_create_delete_invalid_sm',
  ),
  refused(
    'a StartAt that is not there',
    { StartAt: 'Y', States: { X: { Type: 'Succeed' } } },
    at('/StartAt'),
    ASL,
  ),
  refused(
    'a StartAt of no characters',
    { StartAt: '', States: { X: { Type: 'Succeed' } } },
    "Missing 'Next' target: ",
    ASL,
  ),
  refused(
    'a Comment of a machine that is no text',
    { ...one({ Type: 'Succeed' }), Comment: 1 },
    at('/Comment'),
    ASL,
  ),
  refused(
    'a machine-level field that is not known',
    { ...one({ Type: 'Succeed' }), Foo: 1 },
    at('/Foo'),
    ASL,
  ),
  refused(
    'a TimeoutSeconds of 0',
    { ...one({ Type: 'Succeed' }), TimeoutSeconds: 0 },
    at('/TimeoutSeconds'),
    ASL,
  ),
  refused(
    'a language that is neither',
    one({ Type: 'Succeed' }, { QueryLanguage: 'XPath' }),
    at('/QueryLanguage'),
    ASL,
  ),
  refused(
    'a JSONPath state in a JSONata machine',
    jsonata({ Type: 'Pass', QueryLanguage: 'JSONPath' }),
    "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine at /States/X",
    'recorded: test_validate_state_machine_definition_type_standard[INVALID_DOWNGRADE_QUERY_LANGUAGE]',
  ),
  refused(
    'a Next that is not there',
    { StartAt: 'X', States: { X: { Type: 'Pass', Next: 'Y' } } },
    "Missing 'Next' target: Y at /States/X/Next",
    'captured',
  ),
  refused(
    'a Default that is not there',
    one({ Type: 'Choice', Choices: [{ Variable: '$.v', IsNull: true, Next: 'X' }], Default: 'Q' }),
    at('/States/X/Default'),
  ),
  refused(
    "a rule's Next that is not there",
    one({ Type: 'Choice', Choices: [{ Variable: '$.v', IsNull: true, Next: 'Q' }] }),
    at('/States/X/Choices[0]/Next'),
  ),
  refused(
    "a catcher's Next that is not there",
    task({ Catch: [{ ErrorEquals: ['E'], Next: 'Q' }] }),
    at('/States/X/Catch[0]/Next'),
  ),
  refused(
    'a state that nothing leads to',
    { StartAt: 'X', States: { X: { Type: 'Succeed' }, Y: { Type: 'Succeed' } } },
    at('/States/Y'),
  ),
  // The next four are answers of ValidateStateMachineDefinition that floci-io/floci recorded.
  refused(
    'a machine without a terminal state',
    { StartAt: 'X', States: { X: { Type: 'Pass', Next: 'X' } } },
    'MISSING_END_STATE: Workflow has no terminal state at null',
    'captured',
  ),
  refused(
    'a target that is not there in a machine without a terminal state',
    { StartAt: 'X', States: { X: { Type: 'Pass', Next: 'Y' } } },
    'at /States/X/Next, MISSING_END_STATE: Workflow has no terminal state at null',
    'captured',
  ),
  refused(
    'a loop, and a terminal state that nothing leads to',
    { StartAt: 'X', States: { X: { Type: 'Pass', Next: 'X' }, Y: { Type: 'Succeed' } } },
    'MISSING_TRANSITION_TARGET: State "Y" is not reachable. at /States/Y',
    'captured',
  ),
  {
    does: 'an iteration without a terminal state is accepted',
    from: 'captured',
    machine: map({ ItemProcessor: { StartAt: 'I', States: { I: { Type: 'Pass', Next: 'I' } } } }),
    input: [],
    expect: { status: 'SUCCEEDED', output: [] },
  },
  refused('a state without Type', one({}), at('/States/X')),
  refused(
    'a state that is a text, as one published machine has it',
    { StartAt: 'X', States: { X: 'Pass' } },
    at('/States/X'),
  ),
  refused(
    'a Type that is unknown',
    one({ Type: 'Loop' }),
    "The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map] at /States/X/Type",
    'recorded: test_state_name_invalid_state_definition',
  ),
  refused(
    'a state that neither ends nor goes on',
    { StartAt: 'X', States: { X: { Type: 'Pass' } } },
    at('/States/X'),
  ),
  refused(
    'a state that both ends and goes on',
    { StartAt: 'X', States: { X: { Type: 'Pass', Next: 'X', End: true } } },
    at('/States/X'),
  ),
  refused(
    'End in a Choice',
    {
      StartAt: 'X',
      States: { X: { Type: 'Choice', Choices: [{ Variable: '$.v', IsNull: true, Next: 'X' }], End: true } },
    },
    at('/States/X/End'),
  ),
  refused('a field that is not known', pass({ Foo: 1 }), at('/States/X/Foo')),
  refused('a field of another kind of state', pass({ Seconds: 1 }), at('/States/X/Seconds')),
  refused('Retry where nothing is retried', pass({ Retry: [] }), at('/States/X')),
  refused('a Task without Resource', one({ Type: 'Task' }), "The field 'Resource' is missing"),
  ...['sqs:sendMessage.sync', 'lambda:invoke.sync', 'aws-sdk:dynamodb:getItem.sync'].map((resource) =>
    refused(
      `${resource}, which has no job to wait for`,
      one({ Type: 'Task', Resource: `arn:aws:states:::${resource}` }),
      `The resource provided arn:aws:states:::${resource} is not recognized.`,
      'AWS: Integrating optimized services with Step Functions',
    ),
  ),
  ...[
    'aws-sdk:nonsense:frobnicate',
    'aws-sdk:s3:GetObject',
    'aws-sdk:sts:assumeRole',
    'aws-sdk:dynamo:putItem',
  ].map((resource) =>
    refused(
      resource,
      one({ Type: 'Task', Resource: `arn:aws:states:::${resource}` }),
      `SCHEMA_VALIDATION_FAILED: The resource provided arn:aws:states:::${resource} is not recognized.`,
      'AWS: Learning to use AWS service SDK integrations in Step Functions',
    ),
  ),
  ...[
    one({ Type: 'Task', Resource: FUNCTIONS.invoke }),
    one({ Type: 'Task', Resource: FUNCTIONS.invoke, Parameters: { Payload: {} } }),
  ].map((machine, i) =>
    refused(
      `a call of lambda:invoke without FunctionName (${i})`,
      machine,
      "SCHEMA_VALIDATION_FAILED: The field 'FunctionName' is required but was missing at /States/X/Parameters",
      'AWS: Invoke an AWS Lambda function with Step Functions',
    ),
  ),
  refused(
    'a call of lambda:invoke without FunctionName in JSONata',
    jsonata({ Type: 'Task', Resource: FUNCTIONS.invoke, Arguments: { Payload: {} } }),
    "SCHEMA_VALIDATION_FAILED: The field 'FunctionName' is required but was missing at /States/X/Arguments",
    'AWS: Invoke an AWS Lambda function with Step Functions',
  ),
  ...['dynamodb:putItem.waitForTaskToken', 'http:invoke.waitForTaskToken', 'ecs:runTask.sync:2'].map(
    (resource) =>
      refused(
        `${resource}, a pattern that it does not have`,
        one({ Type: 'Task', Resource: `arn:aws:states:::${resource}` }),
        `The resource provided arn:aws:states:::${resource} is not recognized.`,
        'AWS: Integrating optimized services with Step Functions',
      ),
  ),
  refused('another Version', { Version: '2.0', ...pass({}) }, '[1.0] at /Version'),
  refused('Credentials that are a text', task({ Credentials: 'arn' }), at('/States/X/Credentials')),
  refused(
    'Credentials with another field',
    task({ Credentials: { RoleArn: 'arn:aws:iam::123456789012:role/r', Role: 1 } }),
    at('/States/X/Credentials/Role'),
  ),
  refused(
    'a RoleArn that is no text',
    task({ Credentials: { RoleArn: 5 } }),
    at('/States/X/Credentials/RoleArn'),
  ),
  refused(
    'a Map with both names of its processor',
    one({ Type: 'Map', ItemProcessor: inner, Iterator: inner }),
    "There must not be both 'Iterator' and 'ItemProcessor' at /States/X/ItemProcessor",
  ),
  refused(
    'a Map with both names of its ItemSelector',
    one({ Type: 'Map', ItemProcessor: inner, ItemSelector: {}, Parameters: {} }),
    "There must not be both 'Parameters' and 'ItemSelector' at /States/X/ItemSelector",
  ),
  refused(
    'a resource that nobody knows',
    one({ Type: 'Task', Resource: 'arn:aws:states:::dynamodb:query' }),
    'SCHEMA_VALIDATION_FAILED: The resource provided arn:aws:states:::dynamodb:query is not recognized. The value is not a valid resource ARN, or the resource is not available in this region. at /States/X/Resource',
    'recorded: test_invalid_integration',
  ),
  refused(
    'a HeartbeatSeconds that is not smaller than TimeoutSeconds',
    task({ HeartbeatSeconds: 5, TimeoutSeconds: 5 }),
    at('/States/X/HeartbeatSeconds'),
  ),
  ...[FUNCTIONS.invoke, FUNCTIONS.ask, FUNCTIONS.slowJob].map((resource) =>
    refused(
      `a HeartbeatSeconds that is not smaller than TimeoutSeconds, of ${resource}`,
      one({ Type: 'Task', Resource: resource, HeartbeatSeconds: 5, TimeoutSeconds: 5 }),
      "'HeartbeatSeconds' must be smaller than 'TimeoutSeconds' at /States/X/HeartbeatSeconds",
    ),
  ),
  ...(
    [
      ['TimeoutSeconds', task({ TimeoutSeconds: 5, TimeoutSecondsPath: '$.t' })],
      ['HeartbeatSeconds', task({ HeartbeatSeconds: 5, HeartbeatSecondsPath: '$.t' })],
      ['MaxConcurrency', map({ MaxConcurrency: 1, MaxConcurrencyPath: '$.m' })],
      ['ToleratedFailureCount', map({ ToleratedFailureCount: 1, ToleratedFailureCountPath: '$.m' })],
      [
        'ToleratedFailurePercentage',
        map({ ToleratedFailurePercentage: 1, ToleratedFailurePercentagePath: '$.m' }),
      ],
      ['Error', one({ Type: 'Fail', Error: 'E', ErrorPath: '$.e' })],
      ['Cause', one({ Type: 'Fail', Cause: 'c', CausePath: '$.c' })],
      ['Seconds', one({ Type: 'Wait', Seconds: 1, SecondsPath: '$.s' })],
      ['Timestamp', one({ Type: 'Wait', Timestamp: '2026-01-01T00:00:00Z', TimestampPath: '$.s' })],
    ] as const
  ).map(([field, machine]) =>
    refused(
      `both ${field} and its path`,
      machine,
      `There must not be both '${field}' and '${field}Path' at /States/X/${field}Path`,
    ),
  ),
  refused(
    'a tolerance by a path in a JSONata state',
    jsonata({ Type: 'Map', ToleratedFailureCountPath: '$.m', ItemProcessor: inner }),
    "The field 'ToleratedFailureCountPath' belongs to JSONPath, and cannot stand in a JSONata state",
  ),
  ...['Parameters', 'ResultSelector', 'Assign'].map((field) =>
    refused(
      `a key twice in ${field}, once worked out`,
      task({ [field]: { in: [{ a: 1, 'a.$': '$.x' }] } }),
      `'a' and 'a.$' are one key, given twice at /States/X/${field}`,
      'ASL: Data',
    ),
  ),
  refused(
    'a TimeoutSeconds that is too large',
    task({ TimeoutSeconds: 100_000_000 }),
    at('/States/X/TimeoutSeconds'),
  ),
  refused('a Retry without ErrorEquals', task({ Retry: [{}] }), at('/States/X/Retry[0]/ErrorEquals')),
  refused(
    'States.ALL beside another name',
    task({ Retry: [{ ErrorEquals: ['E', 'States.ALL'] }] }),
    at('/States/X/Retry'),
  ),
  refused(
    'States.ALL before another catcher',
    task({
      Catch: [
        { ErrorEquals: ['States.ALL'], Next: 'X' },
        { ErrorEquals: ['E'], Next: 'X' },
      ],
    }),
    at('/States/X/Catch'),
  ),
  refused(
    'a BackoffRate below 1',
    task({ Retry: [{ ErrorEquals: ['E'], BackoffRate: 0.5 }] }),
    at('/States/X/Retry[0]/BackoffRate'),
  ),
  refused(
    'an IntervalSeconds of 0',
    task({ Retry: [{ ErrorEquals: ['E'], IntervalSeconds: 0 }] }),
    at('/States/X/Retry[0]/IntervalSeconds'),
  ),
  refused(
    'a JitterStrategy that is unknown',
    task({ Retry: [{ ErrorEquals: ['E'], JitterStrategy: 'HALF' }] }),
    at('/States/X/Retry[0]/JitterStrategy'),
  ),
  refused(
    'a ResultSelector that is no object',
    task({ ResultSelector: '$.a' }),
    at('/States/X/ResultSelector'),
    'ASL: Data',
  ),
  refused('an ItemsPath of null', map({ ItemsPath: null }), at('/States/X/ItemsPath')),
  refused(
    'a TimeoutSecondsPath of null',
    task({ TimeoutSecondsPath: null }),
    at('/States/X/TimeoutSecondsPath'),
  ),
  refused(
    'Items that are a path in a JSONata state',
    jsonata({ Type: 'Map', Items: '$.items', ItemProcessor: inner }),
    at('/States/X/Items'),
  ),
  refused(
    "a rule's Variable of no characters",
    one({ Type: 'Choice', Choices: [{ Variable: '', IsNull: true, Next: 'X' }] }),
    at('/States/X/Choices[0]/Variable'),
  ),
  refused('a path that is none', pass({ InputPath: 'a.b' }), at('/States/X/InputPath')),
  refused('a path with code in it', pass({ InputPath: '$.a[(@.length-1)]' }), at('/States/X/InputPath')),
  refused('a ResultPath that names many places', pass({ ResultPath: '$.a[*]' }), at('/States/X/ResultPath')),
  refused(
    'a parameter that is neither path nor function',
    pass({ Parameters: { 'x.$': 'y' } }),
    at('/States/X/Parameters'),
  ),
  refused(
    'a rule without an operator',
    one({ Type: 'Choice', Choices: [{ Variable: '$.v', Next: 'X' }] }),
    at('/States/X/Choices[0]'),
  ),
  refused(
    'a rule with two operators',
    one({ Type: 'Choice', Choices: [{ Variable: '$.v', IsNull: true, IsString: true, Next: 'X' }] }),
    at('/States/X/Choices[0]'),
  ),
  refused(
    'an operator with a value of another type',
    one({ Type: 'Choice', Choices: [{ Variable: '$.v', NumericEquals: '1', Next: 'X' }] }),
    at('/States/X/Choices[0]/NumericEquals'),
  ),
  refused('a Choice without rules', one({ Type: 'Choice', Choices: [] }), at('/States/X/Choices')),
  refused(
    'Next in an inner rule',
    one({ Type: 'Choice', Choices: [{ Not: { Variable: '$.v', IsNull: true, Next: 'X' }, Next: 'X' }] }),
    at('/States/X/Choices[0]/Not/Next'),
  ),
  refused('a Wait without an end', one({ Type: 'Wait' }), at('/States/X')),
  refused(
    'a Wait with two ends',
    one({ Type: 'Wait', Seconds: 1, Timestamp: '2026-01-01T00:00:00Z' }),
    at('/States/X'),
  ),
  refused(
    'a Timestamp that is none',
    one({ Type: 'Wait', Timestamp: 'tomorrow' }),
    'SCHEMA_VALIDATION_FAILED: String does not match RFC3339 timestamp at /States/X/Timestamp',
    'recorded: test_wait_timestamp_invalid',
  ),
  refused(
    'a Parallel without branches',
    one({ Type: 'Parallel', Branches: [] }),
    'SCHEMA_VALIDATION_FAILED: Value cannot be empty at /States/X/Branches',
    'recorded: test_parallel_state_empty_branches',
  ),
  refused(
    'a Timestamp in JSONata in a JSONPath state',
    one({ Type: 'Wait', Timestamp: '{% $states.input.t %}' }),
    'String does not match RFC3339 timestamp at /States/X/Timestamp',
    'recorded: test_wait_timestamp_invalid[JSONATA]',
  ),
  {
    does: 'Credentials without a RoleArn: nothing else is said of them',
    from: 'recorded: test_invalid_credentials_field',
    machine: task({ Credentials: { InvalidField: 'x' } }),
    expect: {
      refusal:
        "SCHEMA_VALIDATION_FAILED: The field 'RoleArn' is required but was missing at /States/X/Credentials",
    },
  },
  refused('a Map without states', one({ Type: 'Map' }), "The field 'ItemProcessor' is missing"),
  refused(
    'an ItemReader of an inline Map',
    one({ Type: 'Map', ItemReader: {}, ItemProcessor: inner }),
    "The field 'ItemReader' belongs to a Map in DISTRIBUTED mode",
  ),
  refused(
    'two states of one name, one nested',
    { StartAt: 'I', States: { I: { Type: 'Map', ItemProcessor: inner, End: true } } },
    "DUPLICATE_STATE_NAME: There is more than one state named 'I' at /States/I/ItemProcessor/States/I",
  ),
  refused(
    'two states of one name beside each other',
    '{"StartAt":"X","States":{"X":{"Type":"Pass","Result":{"States":{"a":1,"a":2}},"End":true},"X":{"Type":"Succeed"}}}',
    "DUPLICATE_STATE_NAME: There is more than one state named 'X' at /States/X",
  ),
  refused(
    'two states of one name beside each other in a branch',
    '{"StartAt":"P","States":{"P":{"Type":"Parallel","End":true,"Branches":[{"StartAt":"X","States":{"X":{"Type":"Succeed"},"X":{"Type":"Fail"}}}]}}}',
    "DUPLICATE_STATE_NAME: There is more than one state named 'X' at /States/P/Branches[0]/States/X",
  ),
  refused(
    'a target outside of the branch',
    {
      StartAt: 'X',
      States: {
        X: {
          Type: 'Map',
          ItemProcessor: { StartAt: 'I', States: { I: { Type: 'Pass', Next: 'Y' } } },
          Next: 'Y',
        },
        Y: { Type: 'Succeed' },
      },
    },
    at('/States/X/ItemProcessor/States/I/Next'),
  ),
  refused(
    'a broken expression',
    jsonata({ Type: 'Pass', Output: '{% 1 + %}' }),
    'INVALID_JSONATA_EXPRESSION: Unexpected end of expression at /States/X/Output',
  ),
  ...[
    ['1), (2', '3'],
    ['"a', 'b"'],
    ['"a', 'b"', '1), (2'],
    ['1; 2', '3'],
    ['', '1'],
    ['1)[(2', '3]'],
    ['1) + (2', '3'],
    ['/*', '*/'],
    ['1 /*', '*/ 2'],
    ['1), ("', '", (3'],
  ].map((sources) =>
    refused(
      `expressions that borrow of each other: ${sources.join(' and ')}`,
      jsonata({
        Type: 'Pass',
        Output: ['{% 1 %}', ...sources.map((source) => `{% ${source} %}`), '{% 2 %}'],
      }),
      'INVALID_JSONATA_EXPRESSION: ',
    ),
  ),
  refused(
    'a JSONPath field in a JSONata state',
    jsonata({ Type: 'Pass', InputPath: '$' }),
    "The QueryLanguage is set to 'JSONata', but field 'InputPath' is only supported for the 'JSONPath' QueryLanguage at /States/X",
  ),
  refused('an Output in a JSONPath state', pass({ Output: 1 }), at('/States/X')),
  refused(
    'Arguments in a Pass in JSONata',
    jsonata({ Type: 'Pass', Arguments: {} }),
    at('/States/X/Arguments'),
  ),
  refused(
    'a JSONata rule without Condition',
    { QueryLanguage: 'JSONata', StartAt: 'X', States: { X: { Type: 'Choice', Choices: [{ Next: 'X' }] } } },
    at('/States/X/Choices[0]/Condition'),
  ),
  refused(
    'an Assign to $states',
    pass({ Assign: { states: 1 } }),
    "'states' is not a valid name of a variable",
    'AWS: Passing data between states with variables',
  ),
  refused(
    'an Assign to a name that is none',
    pass({ Assign: { '1x': 1 } }),
    "'1x' is not a valid name of a variable",
    'AWS: Passing data between states with variables',
  ),
  refused(
    'an Assign inside to a variable outside',
    {
      StartAt: 'S',
      States: {
        S: { Type: 'Pass', Assign: { v: 1 }, Next: 'X' },
        X: {
          Type: 'Map',
          ItemProcessor: { StartAt: 'I', States: { I: { Type: 'Pass', Assign: { v: 2 }, End: true } } },
          End: true,
        },
      },
    },
    "The variable 'v' is already set outside",
    'AWS: Passing data between states with variables',
  ),
  {
    does: 'a variable may be set in a branch and by the Catch of the Parallel around it',
    from: 'recorded: test_parallel_catch_error[PARALLEL_CATCH_ERROR_VARIABLE_SAMPLING]',
    machine: {
      QueryLanguage: 'JSONata',
      StartAt: 'P',
      States: {
        P: {
          Type: 'Parallel',
          Branches: [
            {
              StartAt: 'I',
              States: { I: { Type: 'Pass', Assign: { v: 'inside' }, Next: 'F' }, F: { Type: 'Fail' } },
            },
          ],
          Catch: [{ ErrorEquals: ['States.ALL'], Assign: { v: 'caught' }, Next: 'Z' }],
          End: true,
        },
        Z: { Type: 'Pass', Output: '{% $v %}', End: true },
      },
    },
    expect: { output: 'caught' },
  },
];
