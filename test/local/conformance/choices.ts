import { inX, type MachineRow, type Source } from './row.js';

const FROM: Source = 'AWS: Choice workflow state';

/** Tests whether a rule holds for an input: the next state shows it. */
const decides = (rule: object, input: unknown, holds: boolean): MachineRow => ({
  does: `${JSON.stringify(rule)} ${holds ? 'holds' : 'does not hold'} for ${JSON.stringify(input)}`,
  from: FROM,
  machine: {
    StartAt: 'X',
    States: {
      X: { Type: 'Choice', Choices: [{ ...rule, Next: 'Yes' }], Default: 'No' },
      Yes: { Type: 'Pass', Result: true, End: true },
      No: { Type: 'Pass', Result: false, End: true },
    },
  },
  input,
  expect: { status: 'SUCCEEDED', output: holds },
});

const v = (operator: object): object => ({ Variable: '$.v', ...operator });
const both = (rule: object, yes: unknown, no: unknown): MachineRow[] => [
  decides(v(rule), { v: yes }, true),
  decides(v(rule), { v: no }, false),
];
const paths = (operator: string, yes: [unknown, unknown], no: [unknown, unknown]): MachineRow[] => [
  decides(v({ [`${operator}Path`]: '$.w' }), { v: yes[0], w: yes[1] }, true),
  decides(v({ [`${operator}Path`]: '$.w' }), { v: no[0], w: no[1] }, false),
];
const T1 = '2026-01-01T00:00:00Z';
const T2 = '2026-01-02T00:00:00Z';

/** Every operator of Choice, both ways. */
export const choices: MachineRow[] = [
  ...both({ StringEquals: 'a' }, 'a', 'b'),
  ...both({ StringEquals: '1' }, '1', 1),
  ...both({ StringLessThan: 'b' }, 'a', 'b'),
  ...both({ StringGreaterThan: 'a' }, 'b', 'a'),
  ...both({ StringLessThanEquals: 'a' }, 'a', 'b'),
  ...both({ StringGreaterThanEquals: 'b' }, 'b', 'a'),
  ...both({ StringMatches: 'log-*.txt' }, 'log-1.txt', 'log-1.txt.gz'),
  ...both({ StringMatches: '*a*' }, 'cat', 'dog'),
  ...both({ StringMatches: 'a\\*b' }, 'a*b', 'axb'),
  ...both({ StringMatches: 'aXb*b' }, 'aXbb', 'aXb'),
  ...both({ NumericEquals: 1 }, 1.0, '1'),
  ...both({ NumericLessThan: 2 }, 1, 2),
  ...both({ NumericGreaterThan: 1 }, 1.5, 1),
  ...both({ NumericLessThanEquals: 2 }, 2, 3),
  ...both({ NumericGreaterThanEquals: 2 }, 2, 1),
  ...both({ BooleanEquals: true }, true, 'true'),
  ...both({ BooleanEquals: false }, false, null),
  ...both({ TimestampEquals: T1 }, '2026-01-01T01:00:00+01:00', T2),
  ...both({ TimestampEquals: '2026-01-01T00:00:00.0001Z' }, '2026-01-01T00:00:00.00010Z', T1),
  ...both({ TimestampLessThan: '2026-01-01T00:00:00.000100001Z' }, '2026-01-01T00:00:00.0001Z', T2),
  ...both({ TimestampLessThan: T2 }, T1, T2),
  ...both({ TimestampGreaterThan: T1 }, T2, T1),
  ...both({ TimestampLessThanEquals: T1 }, T1, T2),
  ...both({ TimestampGreaterThanEquals: T2 }, T2, 'yesterday'),
  ...both({ IsNull: true }, null, 0),
  ...both({ IsNull: false }, 0, null),
  ...both({ IsString: true }, '', 1),
  ...both({ IsNumeric: true }, 0, '0'),
  ...both({ IsBoolean: true }, false, 'false'),
  ...both({ IsTimestamp: true }, T1, '2026-01-01'),
  decides(v({ IsPresent: true }), { v: null }, true),
  decides(v({ IsPresent: true }), {}, false),
  decides(v({ IsPresent: false }), {}, true),
  ...paths('StringEquals', ['a', 'a'], ['a', 'b']),
  ...paths('StringLessThan', ['a', 'b'], ['b', 'b']),
  ...paths('NumericEquals', [1, 1], [1, '1']),
  ...paths('NumericGreaterThan', [2, 1], [1, 1]),
  ...paths('BooleanEquals', [true, true], [true, false]),
  ...paths('TimestampLessThan', [T1, T2], [T2, T1]),
  decides({ And: [v({ NumericGreaterThan: 1 }), v({ NumericLessThan: 3 })] }, { v: 2 }, true),
  decides({ And: [v({ NumericGreaterThan: 1 }), v({ NumericLessThan: 3 })] }, { v: 3 }, false),
  decides({ Or: [v({ NumericEquals: 1 }), v({ NumericEquals: 2 })] }, { v: 2 }, true),
  decides({ Or: [v({ NumericEquals: 1 }), v({ NumericEquals: 2 })] }, { v: 3 }, false),
  decides({ Not: v({ NumericEquals: 1 }) }, { v: 2 }, true),
  decides({ Not: v({ NumericEquals: 1 }) }, { v: 1 }, false),
  decides({ Not: { Or: [v({ IsNull: true }), { And: [v({ IsString: true })] }] } }, { v: 1 }, true),
  decides({ And: [v({ IsPresent: true }), v({ NumericEquals: 1 })] }, {}, false),
  decides({ Variable: '$$.State.Name', StringEquals: 'X' }, {}, true),
  {
    does: 'the first rule that holds wins',
    from: FROM,
    machine: {
      StartAt: 'X',
      States: {
        X: {
          Type: 'Choice',
          Choices: [
            { Variable: '$.v', NumericGreaterThan: 1, Next: 'A' },
            { Variable: '$.v', NumericGreaterThan: 0, Next: 'B' },
          ],
        },
        A: { Type: 'Pass', Result: 'A', End: true },
        B: { Type: 'Pass', Result: 'B', End: true },
      },
    },
    input: { v: 5 },
    expect: { output: 'A' },
  },
  {
    does: 'a Choice passes its input on, cut by InputPath and OutputPath, and has its own events',
    from: FROM,
    machine: {
      StartAt: 'X',
      States: {
        X: {
          Type: 'Choice',
          InputPath: '$.a',
          OutputPath: '$.b',
          Choices: [{ Variable: '$.b.c', NumericEquals: 1, Next: 'Y' }],
        },
        Y: { Type: 'Succeed' },
      },
    },
    input: { a: { b: { c: 1 } } },
    expect: {
      output: { c: 1 },
      events: [
        'ExecutionStarted<0',
        'ChoiceStateEntered<0',
        'ChoiceStateExited<2',
        'SucceedStateEntered<3',
        'SucceedStateExited<4',
        'ExecutionSucceeded<5',
      ],
    },
  },
  {
    does: 'a variable that leads nowhere ends the execution',
    from: 'captured',
    machine: {
      StartAt: 'X',
      States: {
        X: { Type: 'Choice', Choices: [{ Variable: '$.a.b', NumericEquals: 1, Next: 'Y' }] },
        Y: { Type: 'Succeed' },
      },
    },
    expect: {
      status: 'FAILED',
      error: 'States.Runtime',
      cause: inX("Invalid path '$.a.b': The choice state's condition path references an invalid value."),
    },
  },
  {
    does: 'no rule and no Default end the execution',
    from: 'captured',
    machine: {
      StartAt: 'X',
      States: {
        X: { Type: 'Choice', Choices: [{ Variable: '$.v', NumericEquals: 1, Next: 'Y' }] },
        Y: { Type: 'Succeed' },
      },
    },
    input: { v: 2 },
    expect: {
      status: 'FAILED',
      error: 'States.Runtime',
      cause: inX('Failed to transition out of the state. The state does not point to a next state.'),
    },
  },
  {
    does: 'a rule sets its own variables, Default those of the state',
    from: 'AWS: Passing data between states with variables',
    machine: {
      StartAt: 'X',
      States: {
        X: {
          Type: 'Choice',
          Choices: [{ Variable: '$.v', NumericEquals: 1, Assign: { w: 'rule' }, Next: 'Y' }],
          Default: 'Y',
          Assign: { w: 'state' },
        },
        Y: { Type: 'Pass', Parameters: { 'w.$': '$w' }, End: true },
      },
    },
    input: { v: 1 },
    expect: { output: { w: 'rule' } },
  },
];
