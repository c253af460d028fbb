import { inX, jsonata, one, pass, WORK, type MachineRow, type Source } from './row.js';

const IO: Source = 'AWS: Processing input and output in Step Functions';
const PATHS: Source = 'AWS: Using JSONPath paths';
const CONTEXT: Source = 'AWS: Accessing execution data from the Context object in Step Functions';
const VARIABLES: Source = 'AWS: Passing data between states with variables';
const ASL_RUNTIME: Source = 'ASL: Errors';
const INPUT = { a: { b: 1, c: [10, 20, 30] }, n: null, s: 'x', list: [{ p: 1 }, { p: 5 }, { p: 9 }] };

const gives = (
  does: string,
  from: Source,
  fields: object,
  output: unknown,
  input: unknown = INPUT,
): MachineRow => ({
  does,
  from,
  machine: pass(fields),
  input,
  expect: { status: 'SUCCEEDED', output },
});

const fails = (does: string, from: Source, fields: object, error: string, cause: string): MachineRow => ({
  does,
  from,
  machine: pass(fields),
  input: { a: 1 },
  expect: { status: 'FAILED', error, cause: inX(cause) },
});

const finds = (path: string, output: unknown): MachineRow =>
  gives(`the path ${path} gives ${JSON.stringify(output)}`, PATHS, { InputPath: path }, output);

const task = (
  fields: object,
  input: unknown,
  result: unknown,
  output: unknown,
  does: string,
): MachineRow => ({
  does,
  from: IO,
  machine: one({ Type: 'Task', Resource: WORK, ...fields }),
  input,
  work: [{ output: result }],
  expect: { status: 'SUCCEEDED', output },
});

const set = (does: string, first: object, second: object, output: unknown): MachineRow => ({
  does,
  from: VARIABLES,
  machine: {
    StartAt: 'X',
    States: { X: { Type: 'Pass', ...first, Next: 'Y' }, Y: { Type: 'Pass', ...second, End: true } },
  },
  input: INPUT,
  expect: { status: 'SUCCEEDED', output },
});

/** Nests the input in fifty objects. */
const DEEPER = JSON.parse(`${'{"a":'.repeat(49)}{"a.$":"$"}${'}'.repeat(49)}`) as object;

/** The way of data through a state in JSONPath. */
export const data: MachineRow[] = [
  finds('$', INPUT),
  finds('$.a.b', 1),
  finds("$['a']['b']", 1),
  finds('$["a"].b', 1),
  finds('$.n', null),
  finds('$.a.c[1]', 20),
  finds('$.a.c[-1]', 30),
  finds('$.a.c[*]', [10, 20, 30]),
  finds('$.a.c[0:2]', [10, 20]),
  finds('$.a.c[1:]', [20, 30]),
  finds('$.a.c[0,2]', [10, 30]),
  finds('$..b', [1]),
  finds('$.list[*].p', [1, 5, 9]),
  finds('$..p', [1, 5, 9]),
  finds('$.list[?(@.p > 3)].p', [5, 9]),
  finds('$.list[?(@.p == 1 || @.p == 9)].p', [1, 9]),
  finds('$.list[?(@.q)]', []),
  finds('$..nothing', []),
  gives('a null InputPath is an empty object', IO, { InputPath: null }, {}),
  gives('a null OutputPath is an empty object', IO, { OutputPath: null }, {}),
  gives('OutputPath takes a part of the output', IO, { OutputPath: '$.a.c' }, [10, 20, 30]),
  gives('Result replaces the input', IO, { Result: { r: 1 } }, { r: 1 }),
  gives('a Result of null is null', IO, { Result: null }, null),
  gives('nothing in a Result is a path', IO, { Result: { 'x.$': '$.a' } }, { 'x.$': '$.a' }),
  gives(
    'ResultPath puts the result into the input',
    IO,
    { Result: 7, ResultPath: '$.r' },
    { ...INPUT, r: 7 },
  ),
  gives(
    'ResultPath makes what is missing on the way',
    IO,
    { Result: 7, ResultPath: '$.r.s.t' },
    { ...INPUT, r: { s: { t: 7 } } },
  ),
  gives('ResultPath replaces what is there', IO, { Result: 7, ResultPath: '$.a' }, { ...INPUT, a: 7 }),
  gives(
    'ResultPath reaches into a list',
    IO,
    { Result: 7, ResultPath: '$.a.c[1]' },
    { ...INPUT, a: { b: 1, c: [10, 7, 30] } },
  ),
  gives('a null ResultPath drops the result for the input', IO, { Result: 7, ResultPath: null }, INPUT),
  gives('a ResultPath of $ is the result', IO, { Result: 7, ResultPath: '$' }, 7),
  gives(
    'ResultPath puts it into the input as it came, not as InputPath cut it',
    IO,
    { InputPath: '$.a', Result: 7, ResultPath: '$.r' },
    { ...INPUT, r: 7 },
  ),
  gives(
    'InputPath, Parameters, ResultPath and OutputPath follow each other',
    IO,
    { InputPath: '$.a', Parameters: { 'v.$': '$.b' }, ResultPath: '$.r', OutputPath: '$.r' },
    { v: 1 },
  ),
  gives(
    'Parameters keeps what is no path',
    IO,
    { Parameters: { x: 1, y: '$.a', z: [true, null] } },
    { x: 1, y: '$.a', z: [true, null] },
  ),
  gives(
    'Parameters works paths out to any depth',
    IO,
    { Parameters: { x: { 'y.$': '$.s', l: [{ 'z.$': '$.n' }] } } },
    { x: { y: 'x', l: [{ z: null }] } },
  ),
  gives(
    'Parameters may reach the context object',
    IO,
    { Parameters: { 'n.$': '$$.State.Name' } },
    { n: 'X' },
  ),
  gives(
    'a path that can name several places gives a list',
    IO,
    { Parameters: { 'p.$': '$.list[*].p' } },
    { p: [1, 5, 9] },
  ),
  task({ ResultSelector: { 'k.$': '$.v' } }, {}, { v: 1, w: 2 }, { k: 1 }, 'ResultSelector cuts the result'),
  task(
    { ResultSelector: { 'k.$': '$.v' }, ResultPath: '$.r' },
    { a: 1 },
    { v: 1 },
    { a: 1, r: { k: 1 } },
    'ResultSelector comes before ResultPath',
  ),
  task(
    { ResultPath: '$.r', OutputPath: '$.r' },
    { a: 1 },
    { v: 1 },
    { v: 1 },
    'OutputPath comes after ResultPath',
  ),
  task(
    { ResultSelector: { 't.$': '$$.State.Name' } },
    {},
    1,
    { t: 'X' },
    'ResultSelector may reach the context object',
  ),
  fails(
    'an InputPath that leads nowhere ends the execution',
    'recorded: test_invalid_jsonpath[ST.INVALID_JSONPATH_IN_INPUTPATH]',
    { InputPath: '$.nope' },
    'States.Runtime',
    "Invalid path '$.nope' : No results for path: $['nope']",
  ),
  fails(
    'an OutputPath that leads nowhere ends the execution',
    'recorded: test_invalid_jsonpath[ST.INVALID_JSONPATH_IN_OUTPUTPATH]',
    { OutputPath: '$.Payload' },
    'States.Runtime',
    "Invalid path '$.Payload' : No results for path: $['Payload']",
  ),
  fails(
    'Parameters that lead nowhere end the execution',
    'recorded: test_invalid_jsonpath[INVALID_JSONPATH_IN_STRING_EXPR_JSONPATH]',
    { Parameters: { 'x.$': '$.nope.x' } },
    'States.Runtime',
    `The JSONPath '$.nope.x' specified for the field 'x.$' could not be found in the input '{"a":1}'`,
  ),
  fails(
    'a ResultPath into a number fails by its own name',
    IO,
    { Result: 1, ResultPath: '$.a.b' },
    'States.ResultPathMatchFailure',
    'Unable to apply step "a.b" to input {"a":1}',
  ),
  {
    does: 'the state in the context object of a Pass has no RetryCount',
    from: 'recorded: test_input_path[$$]',
    machine: jsonata({
      Type: 'Pass',
      Output:
        '{% [$keys($states.context.State), $states.context.Execution.RedriveCount, $states.context.Execution.Input] %}',
    }),
    input: { a: 1 },
    expect: { output: ['Name', 'EnteredTime', 0, { a: 1 }] },
  },
  gives(
    'the context object knows its machine',
    CONTEXT,
    { Parameters: { 'r.$': '$$.Execution.RoleArn' } },
    { r: 'arn:aws:iam::123456789012:role/stepwright-local' },
  ),
  {
    does: 'the context object of a Task counts its retries',
    from: 'recorded: test_lambda_invoke_with_retry_extended_input',
    machine: one({
      Type: 'Task',
      Resource: WORK,
      Retry: [{ ErrorEquals: ['E'] }],
      ResultSelector: { 'n.$': '$$.State.RetryCount' },
    }),
    work: [{ error: 'E' }, { error: 'E' }, { output: 1 }],
    expect: { output: { n: 2 } },
  },
  gives(
    'a name that JavaScript holds sacred is only a name',
    IO,
    { Result: 1, ResultPath: '$.constructor' },
    { constructor: 1 },
    {},
  ),
  set(
    'a variable holds a value for later states',
    { Assign: { v: 1 } },
    { Parameters: { 'x.$': '$v' } },
    { x: 1 },
  ),
  set(
    'a variable is worked out like a parameter',
    { Assign: { 'v.$': '$.a.b' } },
    { Parameters: { 'x.$': '$v' } },
    { x: 1 },
  ),
  set(
    'a path goes on into a variable',
    { Assign: { 'v.$': '$.a' } },
    { Parameters: { 'x.$': '$v.c[0]' } },
    { x: 10 },
  ),
  set('a variable can be an InputPath', { Assign: { 'v.$': '$.a.c' } }, { InputPath: '$v' }, [10, 20, 30]),
  set(
    'a variable goes into an intrinsic function',
    { Assign: { v: 'you' } },
    { Parameters: { 'x.$': "States.Format('Hi {}', $v)" } },
    { x: 'Hi you' },
  ),
  set('Assign leaves the output alone', { Assign: { v: 1 } }, {}, INPUT),
  {
    does: 'what is assigned stands in the event of the exit',
    from: 'recorded: test_base_variable_references_in_assign_templates',
    machine: pass({ Assign: { n: null, f: 0.1, 's.$': '$.s', o: { k: 1 } } }),
    input: { s: 'x' },
    expect: {
      details: {
        3: {
          name: 'X',
          output: '{"s":"x"}',
          outputDetails: { truncated: false },
          assignedVariables: { n: 'null', f: '0.1', s: '"x"', o: '{"k":1}' },
          assignedVariablesDetails: { truncated: false },
        },
      },
    },
  },
  {
    does: 'an empty Assign leaves no trace',
    from: 'recorded: test_state_with_variables[empty_variables]',
    machine: pass({ Assign: {} }),
    input: { s: 'x' },
    expect: { details: { 3: { name: 'X', output: '{"s":"x"}', outputDetails: { truncated: false } } } },
  },
  {
    does: 'all of an Assign is worked out before any of it is set',
    from: VARIABLES,
    machine: {
      StartAt: 'X',
      States: {
        X: { Type: 'Pass', Assign: { x: 1, y: 2 }, Next: 'Y' },
        Y: { Type: 'Pass', Assign: { 'x.$': '$y', 'y.$': '$x' }, Next: 'Z' },
        Z: { Type: 'Pass', Parameters: { 'x.$': '$x', 'y.$': '$y' }, End: true },
      },
    },
    expect: { output: { x: 2, y: 1 } },
  },
  {
    does: 'Assign of a Task sees the result',
    from: VARIABLES,
    machine: {
      StartAt: 'X',
      States: {
        X: { Type: 'Task', Resource: WORK, Assign: { 'v.$': '$.r' }, ResultPath: null, Next: 'Y' },
        Y: { Type: 'Pass', Parameters: { 'v.$': '$v' }, End: true },
      },
    },
    work: [{ output: { r: 5 } }],
    expect: { output: { v: 5 } },
  },
  {
    does: 'Assign of a catcher sees the error',
    from: VARIABLES,
    machine: {
      StartAt: 'X',
      States: {
        X: {
          Type: 'Task',
          Resource: WORK,
          Catch: [{ ErrorEquals: ['E'], Assign: { 'v.$': '$.Error' }, ResultPath: null, Next: 'Y' }],
          End: true,
        },
        Y: { Type: 'Pass', Parameters: { 'v.$': '$v' }, End: true },
      },
    },
    work: [{ error: 'E' }],
    expect: { output: { v: 'E' } },
  },
  {
    does: 'a value that grows too deep ends the execution',
    from: ASL_RUNTIME,
    machine: {
      StartAt: 'X',
      States: {
        X: { Type: 'Pass', Parameters: DEEPER, Next: 'Y' },
        Y: { Type: 'Choice', Choices: [{ Variable: '$.never', IsPresent: true, Next: 'Z' }], Default: 'X' },
        Z: { Type: 'Succeed' },
      },
    },
    expect: { status: 'FAILED', error: 'States.Runtime', seconds: 0 },
  },
  {
    does: 'an execution whose history takes too much memory ends',
    from: ASL_RUNTIME,
    machine: {
      StartAt: 'X',
      States: {
        X: { Type: 'Pass', Next: 'Y' },
        Y: { Type: 'Choice', Choices: [{ Variable: '$.never', IsPresent: true, Next: 'Z' }], Default: 'X' },
        Z: { Type: 'Succeed' },
      },
    },
    input: { text: 'x'.repeat(200_000) },
    expect: {
      status: 'FAILED',
      cause: 'The execution reached the maximum number of history bytes of all executions that run.',
    },
  },
];
