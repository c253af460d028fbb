import type { Source, Step, SequenceRow } from './row.js';

const ROLE = 'arn:aws:iam::123456789012:role/any';
const SWF = 'com.amazonaws.swf.service.v2.model#';
const CORAL = 'com.amazon.coral.validate#';

const invalid = (message: string): Step['gives'] => ({ __type: `${CORAL}ValidationException`, message });
const trial = (definition: object, more: object, gives: Step['gives']): Step => ({
  call: ['TestState', { definition: JSON.stringify(definition), roleArn: ROLE, ...more }],
  ...(gives && { gives }),
});
const row = (from: Source, does: string, ...calls: Step[]): SequenceRow => ({ from, does, calls });
const result = (value: unknown, mode?: string): object => ({
  mock: { result: JSON.stringify(value), ...(mode !== undefined && { fieldValidationMode: mode }) },
});
const failure = (error: string): object => ({ mock: { errorOutput: { error, cause: 'c' } } });

const PASS = { Type: 'Pass', End: true };
const CALL = { Type: 'Task', Resource: 'arn:aws:states:::sns:publish', End: true };
const PUT = { Type: 'Task', Resource: 'arn:aws:states:::events:putEvents', End: true };
const START = { Type: 'Task', Resource: 'arn:aws:states:::states:startExecution', End: true };
const MAP = {
  Type: 'Map',
  ItemProcessor: {
    ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
    StartAt: 'I',
    States: { I: PASS },
  },
  End: true,
};
const READER = { Resource: 'arn:aws:states:::s3:getObject', Parameters: {} };
const PARALLEL = { Type: 'Parallel', Branches: [{ StartAt: 'A', States: { A: PASS } }], End: true };
const CHOICE = {
  Type: 'Choice',
  Choices: [{ Variable: '$.n', NumericEquals: 1, Next: 'One' }],
  Default: 'Other',
};
const input = (value: unknown): object => ({ input: JSON.stringify(value) });
const DEBUG = { inspectionLevel: 'DEBUG' };
const TRACE = { inspectionLevel: 'TRACE' };
const SCHEMA = 'Mock result schema validation error: ';
const CONTEXT = 'Invalid Context object provided: ';

const ends: SequenceRow[] = [
  row(
    'recorded: test_base_inspection_level_info',
    'a state is tested: it succeeds, fails, or names the next one, which need not be there',
    trial(PASS, input({ a: 1 }), {
      status: 'SUCCEEDED',
      output: '{"a":1}',
      nextState: undefined,
      inspectionData: undefined,
    }),
    trial(
      { Type: 'Fail', Error: 'E', Cause: 'c' },
      {},
      { status: 'FAILED', error: 'E', cause: 'c', output: undefined },
    ),
    trial(CHOICE, input({ n: 1 }), { status: 'SUCCEEDED', output: '{"n":1}', nextState: 'One' }),
    trial({ Type: 'Succeed' }, {}, { status: 'SUCCEEDED', output: '{}' }),
  ),
  row(
    'recorded: test_state_task_catch_error',
    'a mocked error is caught, and the catcher is named',
    trial(
      {
        ...CALL,
        QueryLanguage: 'JSONata',
        Catch: [
          { ErrorEquals: ['Other'], Next: 'A' },
          { ErrorEquals: ['E'], Output: '{% $states.errorOutput %}', Next: 'B' },
        ],
      },
      { ...failure('E'), ...DEBUG },
      {
        status: 'CAUGHT_ERROR',
        error: 'E',
        cause: 'c',
        nextState: 'B',
        output: '{"Error":"E","Cause":"c"}',
        inspectionData: { input: '{}', afterArguments: '{}', errorDetails: { catchIndex: 1 } },
      },
    ),
  ),
  row(
    'recorded: test_state_configuration_retrier_retry_count',
    'a retrier waits longer with each retry, and gives up',
    ...[
      [0, 'RETRIABLE', { retryIndex: 0, retryBackoffIntervalSeconds: 1 }] as const,
      [4, 'RETRIABLE', { retryIndex: 0, retryBackoffIntervalSeconds: 16 }] as const,
      [5, 'FAILED', { retryIndex: 0 }] as const,
    ].map(([count, status, errorDetails]) =>
      trial(
        { ...CALL, Retry: [{ ErrorEquals: ['E'], IntervalSeconds: 1, MaxAttempts: 5 }] },
        { ...failure('E'), ...TRACE, stateConfiguration: { retrierRetryCount: count } },
        {
          status,
          inspectionData: { input: '{}', afterInputPath: '{}', afterParameters: '{}', errorDetails },
        },
      ),
    ),
  ),
];

const inspections: SequenceRow[] = [
  row(
    'recorded: test_base_inspection_level_debug',
    'each field of JSONPath is shown, with the white space of what was given',
    trial(
      {
        Type: 'Pass',
        InputPath: '$.a',
        Parameters: { 'b.$': '$.b' },
        ResultPath: '$.r',
        OutputPath: '$.r',
        End: true,
      },
      { input: '{"a": {"b":  [1, 2]}}', ...DEBUG },
      {
        output: '{"b":[1,2]}',
        inspectionData: {
          input: '{"a": {"b":  [1, 2]}}',
          afterInputPath: '{"b":  [1, 2]}',
          afterParameters: '{"b":[1,2]}',
          afterResultSelector: '{"b":[1,2]}',
          afterResultPath: '{"a":{"b":[1,2]},"r":{"b":[1,2]}}',
        },
      },
    ),
    trial({ ...PASS, Result: 1 }, DEBUG, {
      inspectionData: { input: '{}', result: '1', afterResultSelector: '1', afterResultPath: '1' },
    }),
  ),
  row(
    'recorded: test_base_map_state_inspect',
    'a Map is tested with a mock, also a distributed one, and shows its numbers',
    trial(
      { ...MAP, ItemsPath: '$.l', MaxConcurrency: 3, ToleratedFailureCount: 1 },
      { input: '{"l": [1, 2]}', mock: { result: '[3, 4]' }, ...DEBUG },
      {
        output: '[3, 4]',
        inspectionData: {
          input: '{"l": [1, 2]}',
          afterInputPath: '{"l": [1, 2]}',
          afterItemsPath: '[1, 2]',
          afterResultSelector: '[3, 4]',
          afterResultPath: '[3, 4]',
          maxConcurrency: 3,
          toleratedFailureCount: 1,
        },
      },
    ),
  ),
  row(
    'recorded: test_map_state_failure_count',
    'more failed iterations than a Map tolerates fail it; without a tolerance they do not',
    ...[
      [1, 2, 'FAILED', 'States.ExceedToleratedFailureThreshold'] as const,
      [1, 1, 'SUCCEEDED', undefined] as const,
      [undefined, 2, 'SUCCEEDED', undefined] as const,
    ].map(([most, failed, status, error]) =>
      trial(
        { ...MAP, ...(most !== undefined && { ToleratedFailureCount: most }) },
        { input: '[1, 2]', ...result([1, 2]), stateConfiguration: { mapIterationFailureCount: failed } },
        { status, error },
      ),
    ),
  ),
  row(
    'recorded: test_state_map_context_object',
    'a failed field of the state itself is told without the name of the state',
    trial(
      MAP,
      { ...result([]), ...input(5), ...DEBUG },
      {
        status: 'FAILED',
        error: 'States.Runtime',
        cause: 'Reference path "$" must point to array.',
        inspectionData: { input: '5', afterInputPath: '5' },
      },
    ),
  ),
  row(
    'recorded: test_state_with_variables',
    'variables are read, set and shown; the state is called StateName',
    trial(
      {
        Type: 'Pass',
        QueryLanguage: 'JSONata',
        Assign: { b: '{% $a + 1 %}' },
        Output: '{% [$a, $states.context.State.Name] %}',
        End: true,
      },
      { variables: '{"a":1}', ...TRACE },
      { output: '[1,"StateName"]', inspectionData: { input: '{}', variables: '{"a":1,"b":2}' } },
    ),
  ),
  row(
    'recorded: test_state_context_object_edge_cases',
    'a context that is given is all that there is',
    trial(
      { ...CALL, ResultSelector: { 'c.$': '$$' } },
      { context: '{"Execution": {}}', ...result({}) },
      { output: '{"c":{"Execution":{}}}' },
    ),
  ),
  row(
    'recorded: test_state_machine_configuration_map_iteration_item_reader',
    'the items of an ItemReader are given',
    trial(
      { ...MAP, ItemReader: READER },
      { ...result([1]), stateConfiguration: { mapItemReaderData: '[1]' } },
      { status: 'SUCCEEDED', output: '[1]' },
    ),
  ),
  row(
    'AWS: TestStateConfiguration',
    'the data of an ItemReader is given as its source has it, and the inputs of the iterations are shown',
    ...(
      [
        [{}, '[1, 2]', '[{"v":1},{"v":2}]', undefined],
        [{ ItemsPointer: '/a~1b/0' }, '{"a/b": [[3]]}', '[{"v":3}]', '[3]'],
        [{ InputType: 'JSONL', MaxItems: 2 }, '1\n[2]\n\n3', '[{"v":1},{"v":[2]}]', undefined],
        [
          { InputType: 'CSV', CSVHeaderLocation: 'FIRST_ROW' },
          'n,t\r\n1,"a, ""b"""\r\n2,\r\n',
          '[{"v":{"t":"a, \\"b\\"","n":"1"}},{"v":{"t":"","n":"2"}}]',
          undefined,
        ],
        [
          { InputType: 'CSV', CSVHeaderLocation: 'GIVEN', CSVHeaders: ['n'], CSVDelimiter: 'PIPE' },
          '1|2\n',
          '[{"v":{"n":"1"}}]',
          undefined,
        ],
      ] as const
    ).map(([ReaderConfig, mapItemReaderData, afterItemSelector, afterItemsPointer]) =>
      trial(
        { ...MAP, ItemReader: { ...READER, ReaderConfig }, ItemSelector: { 'v.$': '$$.Map.Item.Value' } },
        { ...result([1]), ...DEBUG, stateConfiguration: { mapItemReaderData } },
        {
          status: 'SUCCEEDED',
          output: '[1]',
          inspectionData: {
            input: '{}',
            afterInputPath: '{}',
            afterItemSelector,
            maxConcurrency: 0,
            afterResultSelector: '[1]',
            afterResultPath: '[1]',
            ...(afterItemsPointer !== undefined && { afterItemsPointer }),
          },
        },
      ),
    ),
    trial(
      { ...MAP, ItemReader: READER },
      { ...result([1]), stateConfiguration: { mapItemReaderData: 'no' } },
      { status: 'FAILED', error: 'States.ItemReaderFailed' },
    ),
  ),
  row(
    'recorded: test_base_state_name',
    'a state of a machine is tested, also one inside a Map',
    ...['S', 'I'].map((stateName) =>
      trial({ StartAt: 'S', States: { S: stateName === 'S' ? PASS : MAP } }, { stateName }, { output: '{}' }),
    ),
  ),
];

const refusals: SequenceRow[] = [
  row(
    'recorded: test_state_type_does_not_accept_mock',
    'what can not be mocked',
    trial(PASS, result(1), invalid("State type 'Pass' is not supported when a mock is specified")),
    trial(
      CALL,
      { mock: { result: '1', errorOutput: {} } },
      invalid('A test mock should have only one of the following fields: [result, errorOutput].'),
    ),
    trial(
      CALL,
      { ...result({}), revealSecrets: true },
      invalid('TestState does not support RevealSecrets when a mock is specified.'),
    ),
    trial(CALL, { mock: { result: 'no' } }, invalid('Mocked result must be valid JSON')),
    trial(MAP, result({}), invalid('Mocked result must be an array.')),
    trial(
      { ...MAP, ResultWriter: { WriterConfig: {} } },
      result([]),
      invalid('Mocked result must be a JSON object.'),
    ),
    trial(
      PARALLEL,
      result([1, 2]),
      invalid('Mocked result must contain the same number of items as number of Parallel branches.'),
    ),
    trial(
      MAP,
      { ...result([1]), stateConfiguration: { mapIterationFailureCount: 2 } },
      invalid('Map iteration failure count must be less than or equal to the number of Map iterations'),
    ),
  ),
  row(
    'recorded: test_state_type_requires_mock',
    'what needs a mock or a role',
    trial(
      MAP,
      { stateConfiguration: { mapIterationFailureCount: 0 } },
      invalid('TestState does not support MapIterationFailureCount when a mock is not specified.'),
    ),
    trial(
      PARALLEL,
      {},
      {
        __type: `${SWF}InvalidDefinition`,
        message:
          'TestState API does not support Map or Parallel states. Supported state types include: [Task, Wait, Pass, Succeed, Fail, Choice]',
      },
    ),
    trial(CALL, { roleArn: undefined }, invalid('RoleArn must be specified when testing a Task state')),
    trial(
      { StartAt: 'S', States: { S: PASS } },
      { stateName: 'T' },
      invalid('State not found in definition'),
    ),
  ),
  row(
    'recorded: test_strict_mode_sfn_task',
    'a mock is held against the API of its service',
    trial(START, result({ StartDate: 'x' }), invalid(`${SCHEMA}Required field 'ExecutionArn' is missing`)),
    trial(START, result({ StartDate: 'x' }, 'PRESENT'), { status: 'SUCCEEDED' }),
    trial(START, result({ StartDate: 1 }, 'PRESENT'), invalid(`${SCHEMA}Field 'StartDate' must be a string`)),
    trial(START, result({ StartDate: 1 }, 'NONE'), { status: 'SUCCEEDED' }),
    trial(PUT, result({ Entries: 'x' }), invalid(`${SCHEMA}Field 'Entries' must be an array`)),
    trial(
      PUT,
      result({ Entries: [{ EventId: 'x' }, { EventId: [] }] }),
      invalid(`${SCHEMA}Field 'EventId' must be a string`),
    ),
    trial(PUT, result({ other: 1 }), { status: 'SUCCEEDED', output: '{"other":1}' }),
    trial(
      { ...CALL, Resource: 'arn:aws:states:::lambda:invoke', Parameters: { FunctionName: 'f' } },
      result({ StatusCode: '200' }),
      invalid(`${SCHEMA}Field 'StatusCode' must be a number`),
    ),
    ...(
      [
        [
          'aws-sdk:s3:getObject',
          { StorageClass: 'Papyrus' },
          "Field 'StorageClass' is not an expected value",
        ],
        [
          'aws-sdk:kms:encrypt',
          { CiphertextBlob: '' },
          "Field 'CiphertextBlob' is smaller than the minimum length",
        ],
        [
          'aws-sdk:lambda:getFunction',
          { Configuration: { MemorySize: 127 } },
          "Field 'MemorySize' is less than the minimum value",
        ],
        [
          'aws-sdk:lambda:getFunction',
          { Configuration: { MemorySize: 10_241 } },
          "Field 'MemorySize' exceeds the maximum value",
        ],
      ] as const
    ).map(([service, value, fault]) =>
      trial({ ...CALL, Resource: `arn:aws:states:::${service}` }, result(value), invalid(SCHEMA + fault)),
    ),
  ),
  row(
    'recorded: test_state_context_object_validation_failures',
    'a context that can not be',
    ...(
      [
        [{ Execution: { Id: 1 } }, 'Execution.Id must be a string'],
        [{ Map: {} }, "'Map' field is not supported when mocking a Context object"],
        [{ Execution: { more: 1 } }, "Field 'more' is not allowed"],
        [{ More: {} }, "Field 'More' is not allowed"],
        [
          { Task: { Token: 't' } },
          "Context object contains 'Task' when state is not a Task state with a '.sync' or '.waitForTaskToken' service integration pattern",
        ],
      ] as const
    ).map(([context, fault]) =>
      trial(CALL, { context: JSON.stringify(context), ...result({}) }, invalid(CONTEXT + fault)),
    ),
  ),
];

/** Tests of single states (7.15, 8.4.5). */
export const testStateRows: SequenceRow[] = [...ends, ...inspections, ...refusals];
