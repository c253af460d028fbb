import { inX, jsonata, WORK, type MachineRow, type Source } from './row.js';

const FROM: Source = 'AWS: Transforming data with JSONata in Step Functions';
const VARIABLES: Source = 'AWS: Passing data between states with variables';
const INPUT = { a: 1, s: 'x', l: [1, 2, 3], o: { k: [{ v: 1 }, { v: 2 }] }, n: null };

const gives = (expression: string, output: unknown): MachineRow => ({
  does: `{% ${expression} %} is ${JSON.stringify(output)}`,
  from: FROM,
  machine: jsonata({ Type: 'Pass', Output: `{% ${expression} %}` }),
  input: INPUT,
  expect: { status: 'SUCCEEDED', output },
});

const fails = (does: string, fields: object, reason: string, location: string): MachineRow => ({
  does,
  from: FROM,
  machine: jsonata({ Type: 'Pass', ...fields }),
  input: INPUT,
  expect: {
    status: 'FAILED',
    error: 'States.QueryEvaluationError',
    cause: inX(reason),
    events: ['ExecutionStarted<0', 'PassStateEntered<0', 'EvaluationFailed<0', 'ExecutionFailed<3'],
    details: {
      3: { error: 'States.QueryEvaluationError', cause: inX(reason), location, state: 'X' },
    },
  },
});

const throws = (expression: string, reason: string): MachineRow =>
  fails(
    `{% ${expression} %} fails`,
    { Output: `{% ${expression} %}` },
    `The JSONata expression '${expression}' specified for the field 'Output' threw an error during evaluation. ${reason}`,
    'Output',
  );

const task = (
  does: string,
  fields: object,
  expect: MachineRow['expect'],
  from: Source = FROM,
): MachineRow => ({
  does,
  from,
  machine: jsonata({ Type: 'Task', Resource: WORK, ...fields }),
  input: INPUT,
  work: [{ output: { r: 7 } }],
  expect,
});

/** A Choice in JSONata. */
const chooses = (does: string, condition: unknown, output: unknown, fields: object = {}): MachineRow => ({
  does,
  from: 'AWS: Choice workflow state',
  machine: {
    QueryLanguage: 'JSONata',
    StartAt: 'X',
    States: {
      X: { Type: 'Choice', Choices: [{ Condition: condition, Next: 'Y', ...fields }], Default: 'N' },
      Y: { Type: 'Pass', Output: { yes: '{% $states.input %}' }, End: true },
      N: { Type: 'Pass', Output: 'no', End: true },
    },
  },
  input: INPUT,
  expect: { output },
});

/** JSONata: its fields, its functions, its failures. */
export const expressions: MachineRow[] = [
  gives('$states.input', INPUT),
  gives('$states.input.a + 1', 2),
  gives('$states.input.n', null),
  gives('$sum($states.input.l)', 6),
  gives('$states.input.l[$ > 1]', [2, 3]),
  gives('$states.input.o.k.v', [1, 2]),
  gives('$states.input.o.k[v=2].v', 2),
  gives("$states.input.s & '!' ", 'x!'),
  gives("$states.input.s = 'x' ? 'yes' : 'no'", 'yes'),
  gives('$states.input.l.{"n": $}', [{ n: 1 }, { n: 2 }, { n: 3 }]),
  gives('$map($states.input.l, function($v) { $v * 2 })', [2, 4, 6]),
  gives('($x := 5; $x * 2)', 10),
  gives('$merge([{"a": 1}, {"b": 2}])', { a: 1, b: 2 }),
  gives('$exists($states.input.zz)', false),
  gives('$states.context.State.Name', 'X'),
  gives('$states.context.Execution.Input.a', 1),
  gives('$partition($states.input.l, 2)', [[1, 2], [3]]),
  gives('$range(1, 9, 4)', [1, 5, 9]),
  gives('$range(5, 1, -2)', [5, 3, 1]),
  gives("$hash('input data', 'MD5')", '812f45842bc6d66ee14572ce20db8e86'),
  gives("$hash('', 'SHA-256')", 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'),
  gives('$random()', 0.5),
  gives('$length($uuid())', 36),
  gives('$parse(\'{"a": [1, 2]}\')', { a: [1, 2] }),
  gives('$now() = $fromMillis($millis())', true),
  gives('$states.input.l ~> $reverse ~> $string', '[3,2,1]'),
  gives("$match('ab12', /[0-9]+/).match", '12'),
  throws('1 + $states.input.s', 'T2002: The right side of the "+" operator must evaluate to a number'),
  throws('$nope()', 'T1006: Attempted to invoke a non-function'),
  throws("$eval('1')", 'T1006: Attempted to invoke a non-function'),
  throws("$error('mine')", 'D3137: mine'),
  fails(
    'an expression that gives nothing fails, and says where',
    { Output: { p: { q: ['{% $states.input.zz %}'] } } },
    "The JSONata expression '$states.input.zz' specified for the field 'Output/p/q[0]' returned nothing (undefined).",
    'Output/p/q[0]',
  ),
  fails(
    'an Assign that gives nothing fails, and says where',
    { Assign: { v: '{% $states.input.zz %}' } },
    "The JSONata expression '$states.input.zz' specified for the field 'Assign/v' returned nothing (undefined).",
    'Assign/v',
  ),
  {
    does: 'Output may be any JSON, with expressions at any depth',
    from: FROM,
    machine: jsonata({
      Type: 'Pass',
      Output: {
        a: '{% $states.input.a %}',
        l: [1, '{% $states.input.s %}', { k: '{% null %}' }],
        t: '{ no expression }',
      },
    }),
    input: INPUT,
    expect: { output: { a: 1, l: [1, 'x', { k: null }], t: '{ no expression }' } },
  },
  ...[null, 0, 0.1, true, 'text', [], {}].map((value): MachineRow => ({
    does: `an Output of ${JSON.stringify(value)} is itself`,
    from: 'recorded: test_base_cases[BASE_LITERALS]',
    machine: jsonata({ Type: 'Pass', Output: value }),
    expect: { status: 'SUCCEEDED', output: value },
  })),
  task(
    'Arguments is what the task is given',
    { Arguments: { v: '{% $states.input.a %}', w: 'x' } },
    {
      details: { 3: { resource: WORK, input: '{"v":1,"w":"x"}', inputDetails: { truncated: false } } },
    },
  ),
  task(
    'without Arguments the task is given the input',
    {},
    {
      details: { 3: { resource: WORK, input: JSON.stringify(INPUT), inputDetails: { truncated: false } } },
    },
  ),
  task('without Output the result goes on', {}, { output: { r: 7 } }),
  task(
    'Output sees the result and the input',
    { Output: '{% [$states.result.r, $states.input.a] %}' },
    { output: [7, 1] },
  ),
  task(
    'limits may be expressions',
    { TimeoutSeconds: '{% $states.input.a + 9 %}', HeartbeatSeconds: '{% 5 %}' },
    {
      details: {
        3: {
          resource: WORK,
          input: JSON.stringify(INPUT),
          inputDetails: { truncated: false },
          timeoutInSeconds: 10,
          heartbeatInSeconds: 5,
        },
      },
    },
  ),
  task(
    'a limit that is no number fails',
    { TimeoutSeconds: "{% 'x' %}" },
    {
      error: 'States.QueryEvaluationError',
      cause: inX(
        `The JSONata expression ''x'' specified for the field 'TimeoutSeconds' returned an unexpected result type. Expected 'number', but was 'string' for value: "x"`,
      ),
    },
  ),
  ...[0, 1.5, 100_000_000].map((seconds) =>
    task(
      `a limit of ${seconds} seconds fails`,
      { TimeoutSeconds: `{% ${seconds} %}` },
      {
        error: 'States.QueryEvaluationError',
        cause: inX(
          `The JSONata expression '${seconds}' specified for the field 'TimeoutSeconds' returned ${seconds}, which is no integer from 1 to 99999999`,
        ),
      },
    ),
  ),
  chooses('a Condition that holds', "{% $states.input.a = 1 and $states.input.s = 'x' %}", { yes: INPUT }),
  chooses('a Condition that does not hold', '{% $states.input.a > 1 %}', 'no'),
  chooses('a Condition that is written down', true, { yes: INPUT }),
  chooses('the Output of a rule', '{% true %}', { yes: 5 }, { Output: '{% $states.input.a * 5 %}' }),
  {
    does: 'a Condition that is no boolean fails',
    from: FROM,
    machine: {
      QueryLanguage: 'JSONata',
      StartAt: 'X',
      States: {
        X: {
          Type: 'Choice',
          Choices: [
            { Condition: '{% false %}', Next: 'Y' },
            { Condition: '{% 1 %}', Next: 'Y' },
          ],
        },
        Y: { Type: 'Succeed' },
      },
    },
    expect: {
      error: 'States.QueryEvaluationError',
      cause: inX(
        "The JSONata expression '1' specified for the field 'Choices[1]/Condition' returned an unexpected result type. Expected 'boolean', but was 'number' for value: 1",
      ),
    },
  },
  {
    does: 'a variable set in JSONata is read in JSONata and in JSONPath',
    from: VARIABLES,
    machine: {
      StartAt: 'X',
      States: {
        X: { Type: 'Pass', QueryLanguage: 'JSONata', Assign: { v: '{% [1, 2] %}', w: 'lit' }, Next: 'Y' },
        Y: { Type: 'Pass', QueryLanguage: 'JSONata', Output: '{% $sum($v) & $w %}', Next: 'Z' },
        Z: { Type: 'Pass', Parameters: { 'in.$': '$', 'v.$': '$v[1]' }, End: true },
      },
    },
    expect: { output: { in: '3lit', v: 2 } },
  },
  {
    does: 'a variable is only set when the state is left',
    from: VARIABLES,
    machine: {
      QueryLanguage: 'JSONata',
      StartAt: 'X',
      States: {
        X: { Type: 'Pass', Assign: { v: 1 }, Next: 'Y' },
        Y: { Type: 'Pass', Assign: { v: '{% $v + 1 %}' }, Output: '{% $v %}', Next: 'Z' },
        Z: { Type: 'Pass', Output: '{% [$states.input, $v] %}', End: true },
      },
    },
    expect: { output: [1, 2] },
  },
  {
    does: 'Parallel in JSONata: Arguments, Output and Assign',
    from: FROM,
    machine: {
      QueryLanguage: 'JSONata',
      StartAt: 'X',
      States: {
        X: {
          Type: 'Parallel',
          Arguments: { v: '{% $states.input.a %}' },
          Branches: [
            { StartAt: 'A', States: { A: { Type: 'Pass', End: true } } },
            { StartAt: 'B', States: { B: { Type: 'Pass', Output: '{% $states.input.v + 1 %}', End: true } } },
          ],
          Assign: { w: '{% $states.result[1] %}' },
          Output: '{% $states.result[0].v %}',
          Next: 'Y',
        },
        Y: { Type: 'Pass', Output: '{% [$states.input, $w] %}', End: true },
      },
    },
    input: { a: 1 },
    expect: { output: [1, 2] },
  },
  {
    does: 'a variable may have 256 KiB',
    from: VARIABLES,
    machine: jsonata({ Type: 'Pass', Assign: { v: "{% $pad('', 262143, 'x') %}" }, Output: 1 }),
    expect: {
      status: 'FAILED',
      error: 'States.DataLimitExceeded',
      cause:
        "The state/task 'X' returned a result with a size exceeding the maximum number of bytes service limit.",
    },
  },
];
